"""Entry points of the functions: parse, call one flow, translate the outcome."""

"""Hosting of functions: worker processes run by functions-framework, and the schedule of those that are called by time."""

"""GoogleSQL in, DuckDB SQL out: parsing, names, types, and a generator that knows every function it lets through."""

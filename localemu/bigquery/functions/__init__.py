"""The functions of GoogleSQL: `signatures.txt` says which exist, what they take and give, and how DuckDB computes each.

A function that is not in that file does not exist for the emulator: the statement is refused by name.
"""

"""Where the rooms meet: one arrived object in, one outcome per side out. Called by `entry/` and `cli.py`."""

"""Event delivery: what the store's outbox tells of goes to each function whose trigger fits, at least once, until it is acknowledged or given up."""

"""Local emulators of Cloud Storage, BigQuery and storage-triggered functions. They know nothing of the product they serve."""

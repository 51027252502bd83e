"""BigQuery REST v2 over DuckDB.

In: HTTP requests of the BigQuery clients. Out: the replies BigQuery would give, or an error that names what is not done.
`bigquery_app` is the only door; `ObjectSource` is what it needs of the storage emulator for loads from gs://.
"""

from localemu.bigquery.app import bigquery_app
from localemu.bigquery.objects import ObjectSource

__all__ = ["ObjectSource", "bigquery_app"]

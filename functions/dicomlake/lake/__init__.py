"""The only room that speaks to the cloud: objects, rows, queries, tables and quarantine, through Google's own clients.

Called by pipeline, uploader and the command line. Each function takes the client and what it works on; nothing is kept here. Every fault of
a client comes out as TransientError or PermanentError with a slug of ours (`faults.py`). The clients' libraries are imported on first use.
"""

from dicomlake.lake.clients import bigquery_client, storage_client

__all__ = ["bigquery_client", "storage_client"]

"""The clinic's side: a folder, zip or file in, a batch in the landing bucket out, with a manifest of hashes. Called by `dicomlake send`.

source.py    what there is to send, under which names, and what is left out and why
facts.py     hash, size, accession number and study of one file
journal.py   what was acknowledged, so that an interrupted run goes on where it stopped
transfer.py  one file to its object, never over another
send.py      all of them, several at a time, and the manifest last
"""

from dicomlake.uploader.result import Failure, SendResult
from dicomlake.uploader.run import Options, new_batch_name, send

__all__ = ["Failure", "Options", "SendResult", "new_batch_name", "send"]

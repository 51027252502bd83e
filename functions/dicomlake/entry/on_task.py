"""Function `on_task`: a task object was finalized in the state bucket; more memory, one at a time."""

from dicomlake.entry.boundary import storage_function
from dicomlake.pipeline.work import give_up, run_task

on_task = storage_function("on_task", run_task, give_up)

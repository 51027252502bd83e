"""Function `on_operations_schedule`: what never got a receipt is sent round again; last month's dose reports are written."""

from dicomlake.entry.boundary import schedule_function
from dicomlake.pipeline.operations import operations

on_operations_schedule = schedule_function("on_operations_schedule", operations)

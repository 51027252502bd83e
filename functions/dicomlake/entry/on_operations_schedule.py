"""Function `on_operations_schedule`: what never got a receipt is sent round again."""

from dicomlake.entry.boundary import schedule_function
from dicomlake.pipeline.sweep import sweep

on_operations_schedule = schedule_function("on_operations_schedule", sweep)

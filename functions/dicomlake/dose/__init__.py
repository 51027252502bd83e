"""Radiation dose: dose reports and image headers in, dose rows out. Empty until its issue."""

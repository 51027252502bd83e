"""Burned-in text: pixels in, clean pixels out. Empty until its issue; pictures that may carry text are held meanwhile."""

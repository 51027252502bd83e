"""Reports: any file in, a clean report and its translation out. Empty until its issue; reports are held meanwhile."""

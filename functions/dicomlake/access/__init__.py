"""Access logs of the image-sharing service in, access rows out. Empty until its issue."""

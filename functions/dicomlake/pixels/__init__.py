"""Pictures with burned-in text: stored pixels in, the same pixels without the text out, and the proof. Called by `pipeline/`. Pure.

read_words(image)          the lines of text in a picture, read
"""

from dicomlake.pixels.words import Word, read_words

__all__ = ["Word", "read_words"]

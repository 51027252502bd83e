"""Pictures with burned-in text: stored pixels in, the same pixels without the text out, and the proof. Called by `pipeline/`. Pure.

worker = PixelWorker(load_pixel_rules())      keeps the child process that touches untrusted pixels
worker.clean(raw, Wish()).pixels              a `CleanPixels` for `deidentify`: read, looked at, painted over, looked at again
worker.needs_a_look(raw)                      whether a slice as acquired shows strokes like writing
read_words(image)                             the lines of text in a picture that is decoded already

From a picture to its copy: `child.py` -> `requests.py` -> `clean.py` -> `frames.py` (decode) -> `views.py`, `find.py`, `detector.py` (look) ->
`decide.py` -> `blank.py`, `rewrite.py`, `jpeg.py` (paint over, encode).
"""

from typing import TYPE_CHECKING

from dicomlake.pixels.worker import Done, PixelWorker, Wish

if TYPE_CHECKING:
    from dicomlake.pixels.words import Word, read_words

__all__ = ["Done", "PixelWorker", "Wish", "Word", "read_words"]


def __getattr__(name: str) -> object:
    """`Word` and `read_words` on first use: OpenCV comes with them, and whoever only keeps a child needs none of it."""
    if name not in ("Word", "read_words"):
        raise AttributeError(name)
    from dicomlake.pixels import words

    return getattr(words, name)

"""Names as a text writes them in, who is who out: "Smith, John", "Dr. Smith" and "J. Smith" are one person. Called by `replace.py`."""

from collections.abc import Iterable

from dicomlake.reports.recognise.notation import PARTICLES, name_words


class People:
    """The persons of a study: those known from elsewhere, and those a text names in full.

    A shorter form belongs to the one person whose name holds all its words; where several do, or none does, it stands for itself. So the
    answer depends on the text and on what is known, never on what came before.
    """

    def __init__(self, known: Iterable[str], written: Iterable[str]) -> None:
        self._full: list[frozenset[str]] = []
        forms = [words_of(name) for name in known] + sorted(map(words_of, written), key=lambda w: (-len(w), sorted(w)))
        for words in forms:
            if len(words) > 1 and not any(words <= full for full in self._full):
                self._full.append(words)

    def canonical(self, name: str) -> str:
        """The words of the whole name, sorted; the same text for every form of it."""
        words = words_of(name)
        holders = [full for full in self._full if words and words <= full]
        chosen = holders[0] if len(holders) == 1 or (holders and words == holders[0]) else words
        return " ".join(sorted(chosen))


def words_of(name: str) -> frozenset[str]:
    """What of a name tells people apart: words of two letters or more that are no particle."""
    return frozenset(word for word in name_words(name) if len(word) > 1 and word not in PARTICLES)

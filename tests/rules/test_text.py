"""What the cleaning of text goes by: every pattern does what its own examples say, and the lists name what exists."""

import re

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword

from dicomlake.errors import ConfigError
from dicomlake.rules import Profile, data_dir, load_profile
from dicomlake.rules.reader import RuleFiles
from dicomlake.rules.text import TextPattern, TextRules, load_text_rules

from .conftest import Edit

RULES = load_text_rules(RuleFiles(data_dir() / "deid_rules"))


def found(pattern: TextPattern, rules: TextRules, text: str) -> list[str]:
    return [text[start:end] for start, end in pattern.spans(text, rules)]


@pytest.mark.parametrize("pattern", RULES.patterns, ids=lambda pattern: pattern.name)
def test_each_pattern_finds_what_it_says_and_leaves_what_it_says(pattern: TextPattern) -> None:
    assert [text for text in pattern.removes if not found(pattern, RULES, text)] == []
    assert [text for text in pattern.leaves if found(pattern, RULES, text)] == []


@pytest.mark.parametrize("pattern", RULES.patterns, ids=lambda pattern: pattern.name)
def test_no_pattern_takes_long_for_long_text(pattern: TextPattern) -> None:
    for text in ("Dr. " * 5000, "1 " * 10_000, "a." * 10_000, "+1-" * 7000, "A" * 20_000, "Name: " + "Aa " * 7000):
        assert len(list(pattern.regex.finditer(text))) < len(text)


def test_lists_name_attributes_of_the_dictionary() -> None:
    known = RULES.known
    named = {
        *RULES.untouched,
        *RULES.known_only,
        *RULES.typed_codes,
        *known.identifiers,
        *known.places,
        *known.addresses,
        *known.phones,
    }
    assert sorted(keyword for keyword in named if tag_for_keyword(keyword) is None) == []
    assert known.short_identifiers <= known.identifiers


def test_words_are_folded() -> None:
    words = {*RULES.vocabulary, *RULES.phrases, *RULES.titles}
    assert sorted(word for word in words if not re.fullmatch("[a-z]+", word)) == []


def test_what_is_not_touched_is_kept_and_names_nobody(research: Profile) -> None:
    for keyword, source in RULES.untouched.items():
        tag = tag_for_keyword(keyword)
        assert tag is not None
        rule = research.rule_for(tag, dictionary_VR(tag))
        assert rule.action == "K"
        assert dictionary_VR(tag) in ("CS", "SH", "LO", "UC"), keyword
        assert rule.source in (source, rule.source)


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("text/patterns.yaml", "pattern: '(?:https", "pattern: '(?:(https", "is no regular expression"),
        ("text/words.yaml", 'short: "jan feb', 'short: "jan', "needs twelve months"),
        ("text/words.yaml", "- CodeValue", "- CodeValu", "is not a keyword of the DICOM dictionary"),
        ("text/concepts.yaml", 'code: "121009"', 'code: "121008"', "stands twice"),
        ("text/known.yaml", "makers:", "maker:", "unknown field"),
    ],
)
def test_a_fault_names_the_file(name: str, old: str, new: str, problem: str, copied: object, edit: Edit) -> None:
    edit(name, old, new)
    with pytest.raises(ConfigError, match=problem) as error:
        load_profile("research", copied)  # type: ignore[arg-type]  # a path
    assert str(error.value).startswith(name)

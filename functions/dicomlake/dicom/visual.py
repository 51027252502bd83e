"""A raw instance in, what RecognizableVisualFeatures (0028,0302) may say of its copy out. Called by `deidentify.py` and `explain.py`."""

from functools import lru_cache

from dicomlake.dicom.dictionary import dictionary
from dicomlake.dicom.elements import PIXEL_DATA
from dicomlake.dicom.folding import fold
from dicomlake.dicom.read import RawInstance
from dicomlake.dicom.text import Charset
from dicomlake.rules.visual import VisualFeatures

VISUAL_FEATURES = 0x00280302
_CLAIM = ("Modality", "RecognizableVisualFeatures")
_REGION, _MEANING = 0x00082218, 0x00080104


def visual_features(raw: RawInstance, rules: VisualFeatures) -> str:
    """ "YES", "NO", or "" where it is not known: then the attribute is absent (PS3.3 C.7.6.1)."""
    if PIXEL_DATA not in raw.index:
        return ""
    region = raw.index.get(_REGION)
    items = (region[5] if region is not None else None) or ()
    regions = tuple(raw.buffer[one[3] : one[4]] for item in items for one in item[4] if one[0] == _MEANING)
    tags = dictionary().tag
    asked = (*_CLAIM, rules.body_part, *rules.keywords)
    return _judged(rules, tuple([raw.value(tags[keyword]) or b"" for keyword in asked]) + regions, raw.charset)


@lru_cache(maxsize=256)
def _judged(rules: VisualFeatures, values: tuple[bytes, ...], charset: Charset) -> str:
    """The objects of a series say the same."""
    modality, claim, body_part, *texts = (charset.decode(value).strip(" \0") for value in values)
    return rules.stated(modality, claim, body_part, map(fold, texts))

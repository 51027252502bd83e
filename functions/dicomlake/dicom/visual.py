"""A raw instance in, what RecognizableVisualFeatures (0028,0302) may say of its copy out. Called by `deidentify.py` and `explain.py`."""

from collections.abc import Iterator

from dicomlake.dicom.elements import PIXEL_DATA
from dicomlake.dicom.identities import fold
from dicomlake.dicom.read import RawInstance
from dicomlake.rules.visual import VisualFeatures

VISUAL_FEATURES = 0x00280302
_REGION, _MEANING = 0x00082218, 0x00080104


def visual_features(raw: RawInstance, rules: VisualFeatures) -> str:
    """ "YES", "NO", or "" where it is not known: then the attribute is absent (PS3.3 C.7.6.1)."""
    modality, claim = raw.first("Modality") or "", raw.first("RecognizableVisualFeatures") or ""
    if PIXEL_DATA not in raw.index:
        return ""
    return rules.stated(modality, claim, raw.first(rules.body_part) or "", map(fold, _texts(raw, rules)))


def _texts(raw: RawInstance, rules: VisualFeatures) -> Iterator[str]:
    for keyword in rules.keywords:
        yield from raw.values(keyword)
    region = raw.index.get(_REGION)
    for item in (region[5] if region is not None else None) or ():
        yield from (raw.charset.decode(raw.buffer[one[3] : one[4]]) for one in item[4] if one[0] == _MEANING)

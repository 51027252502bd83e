"""The value representations a rule may name. Called by the loaders of this room."""

_VRS = (
    "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV"  # PS3.5 6.2
)
VRS = frozenset(_VRS.split())

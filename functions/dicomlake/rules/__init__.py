"""Rule files of `deid_rules/` in, frozen values out: what happens to each attribute, what each site wants, what each code tells the user.

Called by `dicom/` (Profile), `pipeline/` and `cli.py` (everything). Pure but for reading the rule files; nothing is cached here, the
caller holds what it loaded. Every fault of a file is a ConfigError that names file, line and field.
"""

from dicomlake.rules.cleaning import PixelRules, load_pixel_rules
from dicomlake.rules.codes import CodeText, load_codes
from dicomlake.rules.dose import DoseRules, load_dose_rules
from dicomlake.rules.dummies import Dummies, DummyElement
from dicomlake.rules.model import Action, Method, Profile, Rule
from dicomlake.rules.paths import data_dir
from dicomlake.rules.pixels import PixelRoute, PixelRoutes, Route, load_pixel_routes
from dicomlake.rules.private import SafePrivate, load_safe_private
from dicomlake.rules.profiles import load_profile
from dicomlake.rules.sites import SiteRules, load_site
from dicomlake.rules.text import TextRules

__all__ = [
    "Action",
    "CodeText",
    "DoseRules",
    "Dummies",
    "DummyElement",
    "Method",
    "PixelRoute",
    "PixelRoutes",
    "PixelRules",
    "Profile",
    "Route",
    "Rule",
    "SafePrivate",
    "SiteRules",
    "TextRules",
    "data_dir",
    "load_codes",
    "load_dose_rules",
    "load_pixel_routes",
    "load_pixel_rules",
    "load_profile",
    "load_safe_private",
    "load_site",
]

"""Dose-length product in, estimates of effective dose out: E = k * DLP (AAPM Report 96, section 5.2). Called by tests, which hold the views to it.

An estimate is for a reference person of that age and for the population, not for the patient at hand; its uncertainty is of the order of
40 % (Martin CJ, Br J Radiol 2007;80:639-647).
"""

from dataclasses import dataclass

from dicomlake.rules.effective import EffectiveRules

PHANTOMS_CM = (16, 32)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Effective dose in mSv by one method. `converted` says that the DLP referred to the other phantom and was brought to the factor's."""

    method: str
    version: str
    value_mSv: float  # noqa: N815  # the unit is spelled as the unit is
    k: float
    converted: bool


def effective_doses(
    rules: EffectiveRules,
    dlp_mgy_cm: float | None,
    region: str | None,
    age_y: int | None,
    kvp: float | None,
    phantom_cm: int | None,
) -> tuple[Estimate, ...]:
    """One estimate per method that has a verified factor; none where DLP, region, age or phantom are unknown.

    `dlp_mgy_cm` in mGy.cm, `age_y` in completed years, `kvp` in kV (needed only by methods that depend on it), `phantom_cm` 16 or 32.
    """
    if dlp_mgy_cm is None or region is None or age_y is None or phantom_cm not in PHANTOMS_CM:
        return ()
    made = []
    for method in rules.methods.values():
        factor = rules.factor(method.name, region, age_y, kvp)
        if factor is not None:
            ratio = 1.0
            if factor.phantom_cm != phantom_cm:
                ratio = rules.phantom_ratio if factor.phantom_cm == PHANTOMS_CM[0] else 1 / rules.phantom_ratio
            made.append(Estimate(method.name, method.version, dlp_mgy_cm * ratio * factor.k, factor.k, ratio != 1.0))
    return tuple(made)

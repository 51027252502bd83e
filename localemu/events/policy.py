"""When a failed delivery is tried again. Called by the dispatcher.

Eventarc's standard retries: 10 s after the first failure, doubling to 600 s, for 24 hours. `time_scale` shortens all three alike.
"""

import random
from dataclasses import dataclass, field

FIRST_S = 10.0
LONGEST_S = 600.0
LIFE_S = 24 * 3600.0
# Growth is by two, so that jitter of a tenth never makes a later delay shorter than an earlier one.
_JITTER = 0.1


@dataclass(frozen=True)
class RetryPolicy:
    """Delays in seconds, multiplied by `time_scale`."""

    time_scale: float = 0.05
    source: random.Random = field(default_factory=random.Random)

    def delay_s(self, failures: int) -> float:
        """How long to wait after the `failures`-th failure in a row (1 is the first)."""
        base: float = min(FIRST_S * 2 ** min(failures - 1, 30), LONGEST_S)
        return base * self.time_scale * self.source.uniform(1 - _JITTER, 1 + _JITTER)

    def given_up(self, failures: int, age_s: float, max_attempts: int | None) -> bool:
        """Whether a delivery that failed `failures` times within `age_s` is a dead letter now."""
        return age_s >= LIFE_S * self.time_scale or (max_attempts is not None and failures >= max_attempts)

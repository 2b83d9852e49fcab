"""How far a run is, and what follows from it: the learning rate, the input side, and when it ends.

Measured in epochs, or in seconds where a machine is lent for so long. Knows no network and no data.
"""

from __future__ import annotations

import math
import time
from typing import Final

from emotion_ml.training.recipe import Config

_WARMUP_PART: Final = 0.1  # of a run at most, so that a short one on a few hundred faces learns as well


class Schedule:
    """Linear warm-up, then cosine to zero (Loshchilov, Hutter 2017, arXiv 1608.03983) over the whole run.

    With `seconds` it goes on for so long at the configuration's first input side, whatever epochs that makes. Raises
    ValueError for seconds that are none.
    """

    def __init__(self, config: Config, steps_per_epoch: int, seconds: float | None = None) -> None:
        if seconds is not None and not seconds > 0:
            raise ValueError(f"a run of {seconds:g} seconds has no time to learn")
        self.seconds = seconds
        self._config, self._total = config, steps_per_epoch * len(config.schedule)
        self._began = time.monotonic()

    def begin(self, spent: float = 0.0) -> None:
        """Start the clock of a run that has `spent` so many seconds before."""
        self._began = time.monotonic() - spent

    @property
    def spent(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def share(self, step: int) -> float:
        """How much of the run lies behind it before step number `step`, 0 to 1."""
        return min(1.0, step / self._total if self.seconds is None else self.spent / self.seconds)

    def learning_rate(self, step: int) -> float:
        share = self.share(step)
        warm = min(1.0, max((step + 1) / max(1, self._config.warmup_steps), share / _WARMUP_PART))
        return self._config.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * share))

    def px(self, epoch: int) -> int:
        """Input side in pixels of an epoch, counted from 0."""
        return self._config.schedule[epoch if self.seconds is None else 0]

    def told(self, epoch: int) -> str:
        """Which epoch of how many, as people count."""
        return f"epoch {epoch + 1}/{len(self._config.schedule)}" if self.seconds is None else f"epoch {epoch + 1}"

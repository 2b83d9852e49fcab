"""What every export is labelled with: the version, the network and the settings that made its numbers.

Knows which settings change a number. Refuses to know formats: each writer places the label where its format has room.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from analytics import page, results, timeline
from analytics.scoring import ENVIRONMENTS, Environment
from emotion_ml.labels import EMOTIONS

SHORT: Final = 12
"""Digits of a digest that stand for it where there is little room."""


@dataclass(frozen=True, slots=True)
class Label:
    """`environment` is the one that the reader chose; the settings hold the values of all of them.

    Where no expression was read, none is worth anything, and neither is told.
    """

    version: str
    model_name: str
    model_sha256: str
    backend: str
    environment: Environment
    analysis_fps: float
    reads_expressions: bool = True
    own_fps: float | None = None  # of the recording, where it is known

    @property
    def settings(self) -> dict[str, Any]:
        general = results.settings(self.analysis_fps)
        if not self.reads_expressions:
            return general
        return {
            "environment": self.environment.name,
            "environments": {each.name: dict(zip(EMOTIONS, each.values, strict=True)) for each in ENVIRONMENTS},
            **general,
        }

    @property
    def settings_id(self) -> str:
        """The same for two exports exactly when they were made with the same settings."""
        text = json.dumps(self.settings, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:SHORT]

    @property
    def model_id(self) -> str:
        return self.model_sha256[:SHORT]

    @property
    def caption(self) -> str:
        """One line, for pictures and for the foot of a page."""
        return f"{self.made_by} · {self.made_with}"

    @property
    def made_by(self) -> str:
        return f"EngageAI {self.version} · {self.model_name or 'no network'} {self.model_id}".rstrip()

    @property
    def pace(self) -> str:
        return f"{page.at_most(self.analysis_fps, self.own_fps)} readings a second"

    @property
    def made_with(self) -> str:
        if not self.reads_expressions:
            return f"Presence alone, no expression read · {self.pace} · settings {self.settings_id}"
        values = ", ".join(f"{name} {value:g}" for name, value in zip(EMOTIONS, self.environment.values, strict=True))
        floor = f"coverage floor {100 * timeline.MIN_COVERAGE:.0f}\u00a0%"
        return f"{self.environment.label} ({values}) · {self.pace} · {floor} · settings {self.settings_id}"

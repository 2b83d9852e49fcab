"""Everything that the exports of one recording are made from, gathered once.

Knows which measured values belong together. Refuses to know files, requests and how anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from analytics import correlate, moments, occasions, timeline
from analytics.correlate import Correlation
from analytics.exports.label import Label
from analytics.moments import Moments
from analytics.occasions import Occasion
from analytics.readings import Readings
from analytics.results import Result, summarise
from analytics.scoring import Environment
from analytics.timeline import Instants
from analytics.transcript import Transcript
from emotion_ml.types import VideoInfo


@dataclass(frozen=True, slots=True)
class Network:
    """The network that read the faces."""

    name: str
    sha256: str
    backend: str


@dataclass(frozen=True, eq=False)
class Material:
    """One recording as it is exported. `evaluation`: what is known of its network, if anything.

    Where expressions were not read, only who was there and what was said is exported.
    """

    name: str
    source_sha256: str
    finished_at: datetime
    info: VideoInfo
    readings: Readings
    label: Label
    stopped_at_s: float | None
    transcript: Transcript | None
    evaluation: Mapping[str, Any] | None
    notice: Mapping[str, Any] | None = None
    words_are_coming: bool = False  # they were still being written down, so that there is no transcript yet

    @property
    def reads_expressions(self) -> bool:
        return self.label.reads_expressions

    @property
    def environment(self) -> Environment:
        return self.label.environment

    @cached_property
    def instants(self) -> Instants:
        return timeline.instants(self.readings)

    @cached_property
    def result(self) -> Result:
        network = Network(self.label.model_name, self.label.model_sha256, self.label.backend)
        return summarise(
            self.readings,
            self.info,
            network,
            version=self.label.version,
            stopped_at_s=self.stopped_at_s,
            notice=self.notice,
            analysis_fps=self.label.analysis_fps,
        )

    @cached_property
    def correlation(self) -> Correlation | None:
        """The paragraphs beside the readings; None where nothing was written down."""
        if self.transcript is None or not self.transcript.paragraphs:
            return None
        spans = [(paragraph.start_s, paragraph.end_s) for paragraph in self.transcript.paragraphs]
        analysed_s = self.info.duration_s if self.stopped_at_s is None else self.stopped_at_s
        return correlate.compare(self.instants, spans, self.environment, analysed_s=analysed_s)

    @cached_property
    def moments(self) -> Moments:
        """As the page tells them; of nothing read nothing can be said."""
        if not self.reads_expressions:
            return Moments((), is_long_enough=False)
        return moments.find(self.instants, self.environment)

    @cached_property
    def occasions(self) -> list[Occasion]:
        """The moments with what was said then, as the page has it."""
        return occasions.occasions(self.moments.found, self.transcript.paragraphs if self.transcript else ())

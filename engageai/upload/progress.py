"""How far a recording has come, in the words of the progress page. Pure: a row and the time in, a dict out.

`progress` is a share of the passes over the recording: one to read it, and a second where browsers cannot play it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, TypedDict

if TYPE_CHECKING:
    from analytics.models import Recording

LABELS: Final = {
    "probe": "Checking the file",
    "analyse": "Reading expressions",
    "playback": "Preparing playback",
    "finish": "Adding it up",
}
DOING: Final = {
    "queued": "Waiting to begin.",
    "probe": "Checking the file.",
    "analyse": "Finding faces and reading their expressions.",
    "playback": "Making a version that browsers can play.",
    "finish": "Adding it up.",
}
BEHIND: Final = "Waiting for the recording before this one."
FINDING: Final = "Finding faces, without reading them."
MIN_SHARE: Final = 0.02  # of a pass, and
MIN_ELAPSED_S: Final = 1.0  # before its speed is believed


class StageState(TypedDict):
    name: str
    label: str
    state: str  # done, now or todo


class State(TypedDict):
    """`url`: where to go when there is something to show. `percent` and `remaining`: for pages without script."""

    status: str
    stage: str
    stages: list[StageState]
    progress: float
    percent: int
    eta_s: int | None
    remaining: str
    message: str
    url: str | None


def state(recording: Recording, now: datetime, url: str, note: str = "", *, is_behind: bool = False) -> State:
    """`note` says why reading expressions takes longer than usual; it is empty while it does not.

    `is_behind`: others are before it, as many as are worked on at once.
    """
    share = overall(recording)
    left_s = eta_s(recording, now)
    return State(
        status=str(recording.status),
        stage=str(recording.stage),
        stages=stages(recording),
        progress=round(share, 4),
        percent=int(share * 100),
        eta_s=left_s,
        remaining=remaining(left_s),
        message=message(recording, note, is_behind=is_behind),
        url=url if recording.is_showable else None,
    )


def stages(recording: Recording) -> list[StageState]:
    names = [name for name in LABELS if name != "playback" or not recording.playable]
    now = names.index(recording.stage) if recording.stage in names else -1
    if recording.is_showable:
        now = len(names)
    return [
        StageState(name=name, label=_label(recording, name), state=_standing(i, now)) for i, name in enumerate(names)
    ]


def _label(recording: Recording, stage: str) -> str:
    return LABELS[stage] if stage != "analyse" or recording.reads_expressions else "Finding faces"


def overall(recording: Recording) -> float:
    if recording.is_showable or recording.stage == "finish":
        return 1.0
    if recording.stage == "analyse":
        return recording.progress / _passes(recording)
    if recording.stage == "playback":
        return (1 + recording.progress) / _passes(recording)
    return 0.0


def eta_s(recording: Recording, now: datetime) -> int | None:
    """Seconds left at the speed measured in this pass; None while it is not known."""
    if recording.status != "running" or recording.stage not in ("analyse", "playback"):
        return None
    if recording.stage_started_at is None or recording.progress < MIN_SHARE:
        return None
    elapsed_s = (now - recording.stage_started_at).total_seconds()
    if elapsed_s < MIN_ELAPSED_S:
        return None
    passes_left = _passes(recording) * (1 - overall(recording))
    return max(1, round(elapsed_s / recording.progress * passes_left))


def remaining(left_s: int | None) -> str:
    """Coarse: it is an estimate, and a figure that changes with every look would say more than is known."""
    if left_s is None:
        return ""
    if left_s < 10:
        return "a few seconds left"
    if left_s < 90:
        return f"about {5 * round(left_s / 5)} seconds left"
    return f"about {round(left_s / 60)} minutes left"


def message(recording: Recording, note: str = "", *, is_behind: bool = False) -> str:
    if recording.message or not recording.is_active:
        return recording.message
    if recording.cancel_requested:
        return "Stopping."
    if is_behind and recording.status == "queued":
        return BEHIND
    if note and recording.status == "running" and recording.stage == "analyse":
        return note
    if recording.stage == "analyse" and not recording.reads_expressions:
        return FINDING
    return DOING[recording.stage]


def clock(t_s: float) -> str:
    """Seconds as a player shows them: 0:41, 1:02:03."""
    minutes, seconds = divmod(int(t_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _passes(recording: Recording) -> int:
    return 1 if recording.playable else 2


def _standing(index: int, now: int) -> str:
    return "done" if index < now else "now" if index == now else "todo"

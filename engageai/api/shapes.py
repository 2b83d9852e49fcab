"""What the interface takes and gives, by its JSON. Knows names and types; computes nothing."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from ninja import Field, Query, Schema
from pydantic.json_schema import SkipJsonSchema

EnvironmentName = Literal["classroom", "product_demo", "seminar", "general"]
AskedEnvironment = Annotated[
    EnvironmentName | SkipJsonSchema[None],
    Query(description="Without it, the recording's own."),
]
PurposeName = Literal["private", "event", "research", "elsewhere", "eu"]
TableName = Literal["readings", "instants", "rolling", "paragraphs", "moments", "environments", "settings"]
ChartName = Literal["series", "environments", "distribution", "faces", "presence"]
ChartKind = Literal["svg", "png"]
WordsKind = Literal["txt", "srt", "vtt", "json"]
StretchKind = Literal["whole", "reading", "30s", "60s", "cumulative", "span", "paragraph"]
WordsStatus = Literal["waiting", "running", "done", "absent", "failed", "cancelled"]


class ErrorBody(Schema):
    code: str = Field(description="For programs; docs/errors.md lists them.")
    message: str = Field(description="For people.")


class Error(Schema):
    error: ErrorBody


class Limits(Schema):
    max_upload_bytes: int
    max_minutes: int
    max_queued: int = Field(description="Recordings of one session that may wait or run.")
    session_idle_min: int = Field(description="A session that is not asked for so long is wiped.")


class About(Schema):
    version: str
    health: str
    documentation: str
    limits: Limits


class Environment(Schema):
    name: str
    label: str
    purpose: str
    values: dict[str, float] = Field(description="What each expression counts for, 1 to 5.")


class Processor(Schema):
    name: str
    what: str
    field: str = Field(description="What to send as true with an upload to agree to it.")


class Recording(Schema):
    id: uuid.UUID
    session: uuid.UUID
    url: str
    name: str
    environment: str
    purpose: str
    exemption: str
    reads_expressions: bool
    status: Literal["queued", "running", "done", "partial", "failed", "cancelled"]
    stage: Literal["queued", "probe", "analyse", "playback", "finish"]
    progress: float = Field(description="Of all stages together, 0 to 1.", ge=0, le=1)
    eta_s: int | None = Field(description="Seconds that are left at the speed measured so far.")
    message: str = Field(description="For people: what is being done, or why it ended.")
    is_ready: bool = Field(description="There are results, if only up to `stopped_at_s`.")
    words: WordsStatus = Field(description="Of its transcript, which is begun once there are results.")
    size_bytes: int
    sha256: str = Field(description="Of the file; empty until it was read.")
    duration_s: float | None
    faces: int = Field(description="Most at one instant.")
    stopped_at_s: float | None
    created_at: datetime
    finished_at: datetime | None


class Session(Schema):
    id: uuid.UUID
    url: str
    created_at: datetime
    recordings: list[Recording]


class Deleted(Schema):
    kind: str
    bytes: int
    sha256: str


class Receipt(Schema):
    session: uuid.UUID
    wiped_at: datetime
    files: list[Deleted]
    bytes: int
    rows: int
    recordings: int


class Moment(Schema):
    kind: Literal["peak", "dip", "rise", "fall"]
    start_s: float
    end_s: float
    t_s: float
    width_s: float
    size: float
    low: float
    high: float
    p_value: float
    coverage: float
    said: str = Field(description="What was said then; empty where nothing was.")


class Moments(Schema):
    environment: str
    is_long_enough: bool = Field(description="Where it is false, too little was seen to say anything.")
    moments: list[Moment]


class Paragraph(Schema):
    start_s: float
    end_s: float
    text: str


class Transcript(Schema):
    status: WordsStatus
    progress: float
    engine: str
    note: str
    language: str = Field(description="A code such as en; empty where a model of one language did not look for it.")
    paragraphs: list[Paragraph]


class Part(Schema):
    emotion: str
    share: float
    value: float
    adds: float
    usual_share: float
    shifts: float


class Faces(Schema):
    counted: int
    people: int
    uncertain: int
    left_out: dict[str, int]


class Explanation(Schema):
    of: str
    environment: str
    start_s: float
    end_s: float
    score: float | None
    low: float | None
    high: float | None
    parts: list[Part] = Field(description="What each expression adds; they add up to the score.")
    average: float | None
    difference: float | None
    readings: int
    seen: int
    coverage: float | None
    faces: Faces
    sentence: str


class Film(Schema):
    status: Literal["waiting", "running", "done", "failed", "cancelled"]
    environment: str
    progress: float
    size_bytes: int
    message: str = Field(description="For people: why it failed, where that is no fault on our side.")


class Answers(Schema):
    """What goes with an upload, as the start page asks it."""

    environment: EnvironmentName
    purpose: PurposeName | SkipJsonSchema[None] = Field(None, description="What it is for; empty: this server's own.")
    exemption: Literal["medical", "safety"] | SkipJsonSchema[None] = Field(None, description="Of the purpose eu alone.")
    expressions: Literal["yes", "no"] | SkipJsonSchema[None] = Field(
        None, description="No: faces are counted and not read. Without: whatever the purpose allows."
    )
    may_send_sound: bool = Field(False, description="To whom / names for it.")
    may_send_text: bool = Field(False, description="Likewise.")
    may_search: bool = Field(False, description="Likewise.")

"""What words add to the bundle of a recording: the transcript as text and captions, engagement as metadata captions."""

from __future__ import annotations

import json
from collections.abc import Iterator

from analytics import store
from analytics.exports.bundle import Member
from analytics.exports.material import Material
from analytics.models import Recording
from engageai.content import captions


def parts(recording: Recording, material: Material) -> Iterator[Member]:
    if material.reads_expressions and material.instants.distribution is not None:
        cues = captions.engagement_vtt(material.instants, material.environment, material.label.caption)
        yield Member("captions/engagement.vtt", "the score of the last 30 seconds, as metadata cues", [cues.encode()])
    response = store.transcript_of(recording)
    if material.transcript is None or response is None:
        return
    spoken = material.transcript
    yield Member("captions/transcript.vtt", "what was said, as captions", [captions.as_vtt(spoken).encode()])
    yield Member("captions/transcript.srt", "the same for other players", [captions.as_srt(spoken).encode()])
    yield Member("captions/transcript.txt", "the same as text", [captions.as_text(spoken).encode()])
    whole = json.dumps(response, ensure_ascii=False, indent=1) + "\n"
    yield Member("captions/transcript.json", "the same, word by word", [whole.encode()])

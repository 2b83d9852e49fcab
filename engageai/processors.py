"""Who else could be given something of a recording, if its visitor agrees: one place for the pages that name them.

Knows which keys this installation has. Sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Processor:
    """Somebody else who can be given something: `field` is the form's and the recording's."""

    name: str
    what: str
    field: str


def processors() -> list[Processor]:
    """Those that this installation can ask; without a key there is none, and nothing to agree to."""
    indexes = "Crossref, arXiv and OpenAlex" if settings.OPENALEX_KEY else "Crossref and arXiv"
    offers = [
        (settings.DEEPGRAM_API_KEY, Processor("Deepgram", "the sound", "may_send_sound")),
        (settings.GOOGLE_API_KEY, Processor("Google Gemini", "what was said, as text", "may_send_text")),
        (settings.SCHOLARLY_ONLINE, Processor(indexes, "a few key phrases", "may_search")),
    ]
    return [processor for offer, processor in offers if offer]

"""What a visitor sends: one file and the kind of gathering. Judges names and sizes, not whether it is a video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile

from analytics import scoring
from analytics.models import Recording
from engageai.errors import Rejected, too_large

NAME_CHARACTERS: int = Recording._meta.get_field("name").max_length or 0

REFUSALS = {
    "no-file": ("Choose a recording first.", 400),
    "empty": ("This file is empty.", 422),
    "unknown-environment": ("Choose what kind of gathering it is.", 400),
}


@dataclass(frozen=True, slots=True)
class Processor:
    """Somebody else who can be given something, if the visitor agrees: `field` is the form's and the recording's."""

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


class UploadForm(forms.Form):
    """Its errors carry codes of REFUSALS in place of sentences."""

    file = forms.FileField(
        error_messages={"required": "no-file", "missing": "no-file", "invalid": "no-file", "empty": "empty"}
    )
    environment = forms.ChoiceField(
        error_messages={"required": "unknown-environment", "invalid_choice": "unknown-environment"}
    )
    may_send_sound = forms.BooleanField(required=False)
    may_send_text = forms.BooleanField(required=False)
    may_search = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(environment.name, environment.label) for environment in scoring.ENVIRONMENTS]
        self.fields["environment"].choices = choices  # type: ignore[attr-defined]

    def clean_file(self) -> TemporaryUploadedFile:
        upload: TemporaryUploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > settings.MAX_UPLOAD_BYTES:
            raise too_large(settings.MAX_UPLOAD_BYTES)
        return upload

    def consents(self) -> dict[str, bool]:
        """What its sender agreed to; only what the page asked for counts."""
        return {each.field: bool(self.cleaned_data[each.field]) for each in processors()}

    def rejection(self) -> Rejected:
        """The first thing wrong with it; only for a form that is not valid."""
        code = next(str(errors[0]) for errors in self.errors.values())
        message, status = REFUSALS[code]
        return Rejected(code, message, status)


def display_name(name: str) -> str:
    """What its visitor calls the file, in one line that fits; only ever shown as text."""
    line = "".join(character if character.isprintable() else " " for character in name).strip()
    if len(line) > NAME_CHARACTERS:
        half = NAME_CHARACTERS // 2
        line = f"{line[: half - 1]}…{line[-half:]}"
    return line or "recording"

"""What a visitor sends: one file, the kind of gathering, and what it is for. Judges names, sizes and whether
expressions may be read; not whether it is a video.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile

from analytics import purposes, scoring
from analytics.models import Recording
from engageai.errors import Rejected, too_large
from engageai.processors import processors

NAME_CHARACTERS: int = Recording._meta.get_field("name").max_length or 0

REFUSALS = {
    "no-file": ("Choose a recording first.", 400),
    "empty": ("This file is empty.", 422),
    "unknown-environment": ("Choose what kind of gathering it is.", 400),
    "unknown-purpose": ("Choose where this is, and what it is for.", 400),
    "prohibited": (
        "In the EU, reading the expressions of people at work or in education is prohibited. Read without expressions, "
        "or state the medical or safety purpose that it serves.",
        403,
    ),
}


AGREED = {"on", "true", "1", "yes", "y", "t"}
"""What pages and programs write for yes (pydantic's words for true). A consent is nothing less: all else is no."""


ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}


class ConsentField(forms.CharField):
    def clean(self, value: Any) -> bool:
        return str(super().clean(value)).lower() in AGREED


class UploadForm(forms.Form):
    """Its errors carry codes of REFUSALS in place of sentences."""

    file = forms.FileField(
        error_messages={"required": "no-file", "missing": "no-file", "invalid": "no-file", "empty": "empty"}
    )
    environment = forms.ChoiceField(
        error_messages={"required": "unknown-environment", "invalid_choice": "unknown-environment"}
    )
    purpose = forms.CharField(required=False)
    exemption = forms.CharField(required=False)
    expressions = forms.CharField(required=False)
    may_send_sound = ConsentField(required=False)
    may_send_text = ConsentField(required=False)
    may_search = ConsentField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(environment.name, environment.label) for environment in scoring.ENVIRONMENTS]
        self.fields["environment"].choices = choices  # type: ignore[attr-defined]

    def clean_file(self) -> TemporaryUploadedFile:
        upload: TemporaryUploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > settings.MAX_UPLOAD_BYTES:
            raise too_large(settings.MAX_UPLOAD_BYTES)
        return upload

    def clean(self) -> dict[str, Any]:
        """`terms` holds what follows from the answers; without any, those of the page as it opens."""
        data = super().clean() or self.cleaned_data
        try:
            data["terms"] = purposes.answered(data, settings.PURPOSE_DEFAULT)
        except purposes.Unknown:
            raise forms.ValidationError("unknown-purpose") from None
        except purposes.Prohibited:
            raise forms.ValidationError("prohibited") from None
        return data

    def consents(self) -> dict[str, bool]:
        """What its sender agreed to; only what the page asked for counts."""
        return {each.field: self.cleaned_data[each.field] for each in processors()}

    def rejection(self) -> Rejected:
        """The first thing wrong with it; only for a form that is not valid."""
        code = next(str(errors[0]) for errors in self.errors.values())
        message, status = REFUSALS[code]
        return Rejected(code, message, status)


def browser_name(name: str) -> str:
    """As display_name, of a name that a browser sent: it escapes these three characters and no other (WHATWG HTML)."""
    for escaped, character in ESCAPED.items():
        name = name.replace(escaped, character)
    return display_name(name)


def display_name(name: str) -> str:
    """What its visitor calls the file, in one line that fits; only ever shown as text."""
    line = "".join(character if character.isprintable() else " " for character in name).strip()
    if len(line) > NAME_CHARACTERS:
        half = NAME_CHARACTERS // 2
        line = f"{line[: half - 1]}…{line[-half:]}"
    return line or "recording"

"""The one question about place and purpose, as every page that begins a reading asks it.

Knows the answers of purposes and which one is chosen: what a refused form said, or what the installation begins with.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.template import Context

from analytics import purposes
from analytics.models import Recording

register = template.Library()


@register.inclusion_tag("_purpose.html", takes_context=True)
def ask_purpose(context: Context) -> dict[str, Any]:
    said = context["request"].POST
    return {
        "purposes": purposes.PURPOSES,
        "exemptions": purposes.EXEMPTIONS,
        "purpose": said.get("purpose") or settings.PURPOSE_DEFAULT,
        "exemption": said.get("exemption", ""),
    }


@register.simple_tag
def said_for(recording: Recording) -> str:
    """What it was said to be for, in the words of the question."""
    return purposes.label(recording.terms)

"""A talk with a dip, and how its fragment is asked for: what the tests of the page share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from analytics.models import Recording
from analytics.readings import Readings
from analytics.tests.synthetic import audience, one_hot
from engageai.conftest import Visitor
from engageai.scholarly.tests import answers
from engageai.scholarly.tests.stand_in import Services, body

PARAGRAPHS = (
    "Welcome everybody to this lecture. Gradient descent follows the slope. Gradient descent needs a learning rate.",
    "Spaced repetition schedules each review. Spaced repetition beats cramming because the memory trace is rebuilt.",
    "Thank you.",
    "Peer instruction asks every student a question. In peer instruction the students convince one another.",
)
SPAN_S = 30.0
LENGTH_S = 600.0
DIP = 1  # the paragraph during which nobody is happy


def transcript(*texts: str) -> dict[str, Any]:
    """In Deepgram's shape."""
    paragraphs = []
    for row, text in enumerate(texts):
        sentences = [f"{each}." for each in text.rstrip(".").split(". ")]
        start_s, step_s = row * SPAN_S, SPAN_S / len(sentences)
        listed = [
            {"text": each, "start": start_s + k * step_s, "end": start_s + (k + 1) * step_s}
            for k, each in enumerate(sentences)
        ]
        paragraphs.append({"sentences": listed, "start": start_s, "end": start_s + SPAN_S, "num_words": 9})
    alternative = {
        "transcript": " ".join(texts),
        "confidence": 0.9,
        "words": [],
        "paragraphs": {"paragraphs": paragraphs},
    }
    return {
        "metadata": {"duration": SPAN_S * len(texts), "models": ["tiny.en"], "engine": "embedded"},
        "results": {"channels": [{"detected_language": "en", "alternatives": [alternative]}]},
    }


def room() -> Readings:
    """Three faces that are happy but during the dip."""
    times = np.arange(0, LENGTH_S, 0.5)
    is_dip = (times >= DIP * SPAN_S) & (times < (DIP + 1) * SPAN_S)
    noise = np.random.default_rng(0).dirichlet([1, 1, 1, 1, 1], (len(times), 3))
    shown = np.where(is_dip[:, None], one_hot("Angry"), one_hot("Happy"))[:, None, :]
    return audience(times, 0.8 * shown + 0.2 * noise)


Talk = Callable[..., Recording]


def page(visitor: Visitor, recording: Recording, environment: str = "classroom") -> str:
    answer = visitor.client.get(visitor.url("scholarly-resources", recording), {"environment": environment})
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    return str(answer.content.decode())


def asked(services: Services) -> dict[str, int]:
    return {name: len(service.asked) for name, service in services.items()}


def serve_papers(services: Services) -> None:
    first = answers.crossref_work("Spaced repetition in class", "10.1000/spaced")
    second = answers.crossref_work("Gradient descent revisited", "10.1000/gradient")
    services["crossref"].reply = body(answers.crossref(first, second))
    services["arxiv"].reply = body(answers.arxiv(answers.arxiv_entry("Gradient descent at scale")))

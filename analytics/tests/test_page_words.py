"""What the results page says of its numbers in words is true of them, at the edges too."""

from __future__ import annotations

from typing import Any

import pytest

from analytics import page
from analytics.scoring import environment

SEMINAR = environment("seminar")


def headed(low: float, high: float, **more: Any) -> dict[str, Any]:
    band = {"score": (low + high) / 2, "low": low, "high": high}
    return {"engagement": {"seminar": band}, "readings_used": 300, "coverage": 1.0, "tracks": []} | more


@pytest.mark.parametrize(
    ("high", "said"), [(3.04, page.STILL), (3.0401, page.NARROW), (3.0499, page.NARROW), (3.0501, ""), (3.1, "")]
)
def test_only_an_interval_without_any_width_is_said_to_have_none(high: float, said: str) -> None:
    assert page.about_interval(headed(3.04, high), SEMINAR) == said

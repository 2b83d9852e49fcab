from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import scoring
from analytics.scoring import ENVIRONMENTS, Environment, InvalidEnvironments, UnknownEnvironment, environment, score
from emotion_ml.labels import EMOTIONS

TEXT = Path(scoring.__file__).with_name("environments.yml").read_text(encoding="utf-8")

weights = st.lists(st.floats(0, 1), min_size=5, max_size=5).filter(lambda found: sum(found) > 0.01)


def test_there_are_four_environments_in_a_fixed_order() -> None:
    assert tuple(found.name for found in ENVIRONMENTS) == ("classroom", "product_demo", "seminar", "general")
    assert environment("seminar") is ENVIRONMENTS[2]


def test_an_unknown_environment_is_named_in_the_refusal() -> None:
    with pytest.raises(UnknownEnvironment, match=r"'cinema'.*classroom, product_demo, seminar, general"):
        environment("cinema")


@pytest.mark.parametrize("found", ENVIRONMENTS, ids=lambda found: found.name)
def test_every_value_has_its_reason_and_none_saturates(found: Environment) -> None:
    assert len(found.values) == len(found.reasons) == len(EMOTIONS)
    assert all(1 < value < 5 for value in found.values)
    assert all(len(reason) > 40 and reason.endswith(".") for reason in found.reasons)
    assert len(set(found.reasons)) == len(EMOTIONS)
    assert found.label
    assert found.purpose.endswith(".")


@pytest.mark.parametrize(("one", "other"), list(combinations(ENVIRONMENTS, 2)), ids=lambda found: found.name)
def test_any_two_environments_differ_in_at_least_two_expressions(one: Environment, other: Environment) -> None:
    """The reference code's classroom and general differed in one class only, and top scores were clipped (A9)."""
    apart = np.abs(np.subtract(one.values, other.values)) >= 0.4 - 1e-9
    assert apart.sum() >= 2


def test_attention_is_calm_in_a_classroom_and_visible_in_a_demo() -> None:
    assert EMOTIONS[int(np.argmax(environment("classroom").values))] == "Neutral"
    demo = dict(zip(EMOTIONS, environment("product_demo").values, strict=True))
    assert min(demo["Happy"], demo["Surprise"]) > demo["Neutral"] > max(demo["Sad"], demo["Angry"])


def test_the_file_says_that_its_values_are_judgements() -> None:
    assert "judgements, not measurements" in TEXT


def test_a_certain_expression_scores_its_value() -> None:
    for found in ENVIRONMENTS:
        np.testing.assert_allclose(score(np.eye(5), found), found.values)


@given(weights, weights, st.floats(0, 1))
def test_a_score_is_linear_and_bounded_without_clipping(one: list[float], other: list[float], share: float) -> None:
    p, q = np.array(one) / sum(one), np.array(other) / sum(other)
    for found in ENVIRONMENTS:
        mixed = score(share * p + (1 - share) * q, found)
        np.testing.assert_allclose(mixed, share * score(p, found) + (1 - share) * score(q, found), atol=1e-9)
        assert min(found.values) - 1e-9 <= mixed <= max(found.values) + 1e-9


def test_scores_keep_the_shape_and_the_gaps_of_the_probabilities() -> None:
    probabilities = np.full((3, 2, 5), 0.2)
    probabilities[1, 0] = np.nan
    found = score(probabilities, environment("general"))
    assert found.shape == (3, 2)
    assert np.isnan(found).sum() == 1


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("value: 2.6", "value: 5.1", r"classroom\.values\.Angry\.value: 5\.1 lies outside \[1, 5\]"),
        ("value: 2.6", "value: 0.9", "outside"),
        ("value: 2.6", "value: .nan", "expected a number"),
        ("value: 2.6", "value: yes", "expected a number"),
        ("value: 2.6", 'value: "2.6"', "expected a number"),
        ("    Angry:", "    Afraid:", r"classroom\.values: missing Angry; unknown Afraid"),
        ("    Angry:", "    Happy:", "given twice: Happy"),
        ("seminar:", "lecture:", "missing seminar; unknown lecture"),
        ("seminar:", "classroom:", "given twice: classroom"),
        ("  label: Seminar", "  label:", r"seminar\.label: expected words"),
        ("  purpose: Any", "  note: none\n  purpose: Any", "general: unknown note"),
        ("classroom:", "classroom: [", "not YAML"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(old: str, new: str, complaint: str) -> None:
    assert old in TEXT
    with pytest.raises(InvalidEnvironments, match=complaint):
        scoring.parse(TEXT.replace(old, new, 1))


@pytest.mark.parametrize("text", ["", "[]", "classroom"])
def test_a_file_without_environments_is_refused(text: str) -> None:
    with pytest.raises(InvalidEnvironments, match="the file: expected classroom"):
        scoring.parse(text)

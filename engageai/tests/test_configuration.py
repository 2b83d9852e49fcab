"""Settings come from the environment; a wrong one is told when the server is configured, not when it is hurt."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from engageai import checks, env
from engageai.conftest import ROOT

STRONG = "0123456789abcdef" * 4


@pytest.mark.parametrize(("value", "expected"), [(None, True), ("", True), ("True", True), ("False", False)])
def test_a_switch(value: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, value)
    assert env.envbool("SETTING", True) is expected


@pytest.mark.parametrize(("value", "expected"), [(None, 7), ("", 7), ("12", 12)])
def test_a_number(value: str | None, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, value)
    assert env.envint("SETTING", 7) == expected


@pytest.mark.parametrize(("value", "expected"), [(None, ["a"]), ("", ["a"]), ("b", ["b"]), (" b, c ,", ["b", "c"])])
def test_a_list(value: str | None, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, value)
    assert env.envlist("SETTING", ["a"]) == expected


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (lambda: env.envbool("SETTING", True), "yes"),
        (lambda: env.envint("SETTING", 7), "seven"),
        (lambda: env.envint("SETTING", 7), "-1"),
        (lambda: env.envint("SETTING", 7, minimum=1), "0"),
    ],
)
def test_a_wrong_value_is_told_with_its_name(
    reader: Callable[[], Any], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, value)
    with pytest.raises(ImproperlyConfigured, match=f"SETTING={value}"):
        reader()


def test_a_secret_comes_from_the_environment_or_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.envsecret("SETTING") is None
    given(monkeypatch, "from outside")
    assert env.envsecret("SETTING") == "from outside"
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("SETTING_FILE", str(tmp_path / "secret"))
    assert env.envsecret("SETTING") == "from a file"


def test_a_generated_secret_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    secret = env.generated_secret(tmp_path / "key")
    assert len(secret) >= 50
    assert env.generated_secret(tmp_path / "key") == secret
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def given(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("SETTING", raising=False)
    if value is not None:
        monkeypatch.setenv("SETTING", value)


@pytest.fixture
def sound(settings: Any) -> Any:
    settings.DEBUG, settings.HTTPS, settings.SECRET_KEY = False, False, STRONG
    settings.ALLOWED_HOSTS, settings.ORIGINS = ["localhost"], ["http://localhost:8000", "http://[::1]:8000"]
    return settings


def test_a_sound_configuration_is_not_complained_about(sound: Any) -> None:
    assert checks.production() == []


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("SECRET_KEY", "short", ["engageai.E001"]),
        ("ALLOWED_HOSTS", ["localhost", "*"], ["engageai.E002"]),
        ("ORIGINS", ["*"], ["engageai.E003"]),
        ("ORIGINS", ["http://localhost:8000/"], ["engageai.E003"]),
        ("ORIGINS", ["localhost:8000"], ["engageai.E003"]),
        ("ORIGINS", ["http://Localhost"], ["engageai.E003"]),
        ("HTTPS", True, ["engageai.W001"]),
        ("DEBUG", True, []),
    ],
)
def test_a_weak_one_is(name: str, value: Any, found: list[str], sound: Any) -> None:
    setattr(sound, name, value)
    messages = checks.production()
    assert [message.id for message in messages] == found
    assert all(message.hint for message in messages)


def test_a_production_environment_passes_djangos_deployment_checks(tmp_path: Path) -> None:
    environment = os.environ | {
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": STRONG,
        "ALLOWED_HOSTS": "engage.example",
        "ORIGINS": "https://engage.example",
        "HTTPS": "True",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_setting_is_explained_in_the_example() -> None:
    source = (ROOT / "engageai" / "settings.py").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = re.findall(r"(?:envbool|envint|envlist|envsecret|environ\.get)\(\"([A-Z_]+)\"", source)
    assert len(names) > 15
    assert [name for name in names if f"{name}=" not in example] == []

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
import yaml
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
    assert list(tmp_path.glob("key*")) == [tmp_path / "key"]


def test_a_secret_that_was_never_written_is_made_anew(tmp_path: Path) -> None:
    """A server that was killed between making the file and filling it must not stop the next ones."""
    (tmp_path / "key").touch()
    secret = env.generated_secret(tmp_path / "key")
    assert len(secret) >= 50
    assert env.generated_secret(tmp_path / "key") == secret


def given(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("SETTING", raising=False)
    if value is not None:
        monkeypatch.setenv("SETTING", value)


@pytest.fixture
def sound(settings: Any) -> Any:
    settings.DEBUG, settings.HTTPS, settings.SECRET_KEY = False, False, STRONG
    settings.ALLOWED_HOSTS, settings.ORIGINS = ["localhost"], ["http://localhost:8000", "http://[::1]:8000"]
    settings.HOST, settings.TRUSTED_PROXIES = "127.0.0.1", []
    return settings


def test_a_sound_configuration_is_not_complained_about(sound: Any) -> None:
    assert checks.production() == []


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("SECRET_KEY", "short", ["engageai.E001"]),
        ("SECRET_KEY", "abcd" * 20, ["engageai.E001"]),
        ("SECRET_KEY", f"django-insecure-{STRONG}", ["engageai.E001"]),
        ("ALLOWED_HOSTS", [], ["engageai.E002"]),
        ("ALLOWED_HOSTS", ["localhost", "*"], ["engageai.E002", "engageai.E006"]),
        ("ALLOWED_HOSTS", ["localhost", "engage.example"], ["engageai.E006"]),
        ("ALLOWED_HOSTS", [".localhost", "127.0.0.2", "[::1]"], []),
        ("HOST", "192.0.2.1", ["engageai.E006"]),
        ("HOST", "0.0.0.0", []),  # a container: that nobody else is let in, its ports and ALLOWED_HOSTS say
        ("ORIGINS", ["*"], ["engageai.E003"]),
        ("ORIGINS", ["http://localhost:8000/"], ["engageai.E003"]),
        ("ORIGINS", ["localhost:8000"], ["engageai.E003"]),
        ("ORIGINS", ["http://Localhost"], ["engageai.E003"]),
        ("ORIGINS", ["http://engage.example"], ["engageai.E005"]),
        ("ORIGINS", ["http://localhost.evil.example"], ["engageai.E005"]),
        ("ORIGINS", ["http://192.0.2.1:8000"], ["engageai.E005"]),
        ("ORIGINS", ["https://engage.example", "http://[::1]:8000"], []),
        ("HTTPS", True, ["engageai.W001", "engageai.E007"]),
        ("TRUSTED_PROXIES", ["proxy"], ["engageai.E008"]),
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
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", "0.0.0.0"),
        ("HOST", "192.0.2.1"),
        ("ALLOWED_HOSTS", ["localhost", "engage.example"]),
        ("ALLOWED_HOSTS", ["*"]),
        ("ORIGINS", ["https://engage.example"]),
    ],
)
def test_errors_are_debugged_on_this_machine_alone(name: str, value: Any, sound: Any) -> None:
    sound.DEBUG = True
    assert checks.production() == []
    setattr(sound, name, value)
    assert [message.id for message in checks.production()] == ["engageai.E004"]


WEAK = {
    "E001": {"SECRET_KEY": "short"},
    "E002": {"ALLOWED_HOSTS": "*"},
    "E004": {"DEBUG": "True", "HOST": "0.0.0.0"},
    "E005": {"ORIGINS": "http://engage.example"},
    "E006": {"ALLOWED_HOSTS": "engage.example"},
    "E007": {"HTTPS": "True", "ORIGINS": "https://engage.example", "ALLOWED_HOSTS": "engage.example"},
}


@pytest.mark.parametrize(("code", "environment"), WEAK.items(), ids=WEAK)
def test_the_server_does_not_start_with_it(code: str, environment: dict[str, str], tmp_path: Path) -> None:
    done = run(["-m", "engageai"], {"DATA_DIR": str(tmp_path)} | environment)
    assert done.returncode not in (0, -9)
    assert f"engageai.{code}" in done.stderr
    assert "HINT" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "db.sqlite3").exists()


def run(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_without_a_secret_key_one_is_made_and_kept(tmp_path: Path) -> None:
    """Row R30 as it stands here: a first start needs nothing, and no key is ever in the tree or a default."""
    keys = []
    for _ in range(2):
        code = "from django.conf import settings; print(settings.SECRET_KEY, settings.DEBUG)"
        done = run(["-c", code], {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "engageai.settings"})
        keys.append(done.stdout.split())
    assert keys[0] == keys[1]
    assert len(keys[0][0]) >= 50
    assert keys[0][1] == "False"


def test_every_setting_is_explained_in_the_example() -> None:
    source = (ROOT / "engageai" / "settings.py").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = re.findall(r"(?:envbool|envint|envlist|envsecret|environ\.get)\(\"([A-Z_]+)\"", source)
    assert len(names) > 15
    assert [name for name in names if f"{name}=" not in example] == []


def test_each_comment_of_the_example_stands_over_its_own_setting() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert "when the server starts, and not with the first recording\nWARM_ENGINE=" in example
    assert "empty: the network of the package\nWEIGHTS_DIR=" in example


def test_the_secrets_of_this_folder_stay_out_of_the_image() -> None:
    """The image copies the whole folder, and the example has its readers write their keys to a file in it."""
    assert ".env" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_a_container_gets_the_settings_and_keeps_its_own_address_and_folder() -> None:
    image = re.search(
        r"^ENV .*\b(DATA_DIR=\S+) (HOST=\S+) (PORT=\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    assert image is not None
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for service in services.values():
        assert service["env_file"] == [{"path": ".env", "required": False}]
        assert service["environment"] == dict(pair.split("=") for pair in image.groups())

"""Typed readers of the environment. Knows how a setting is spelled and refuses a wrong one loudly; knows no setting."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import get_random_string


def envbool(name: str, default: bool) -> bool:
    value = os.environ.get(name) or str(default)
    if value not in ("True", "False"):
        msg = f"Unexpected value {name}={value}, use 'True' or 'False'"
        raise ImproperlyConfigured(msg)
    return value == "True"


def envint(name: str, default: int, *, minimum: int = 0) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or int(value) < minimum:
        msg = f"Unexpected value {name}={value}, use a whole number of at least {minimum}"
        raise ImproperlyConfigured(msg)
    return int(value)


def envchoice(name: str, choices: list[str], default: str) -> str:
    value = os.environ.get(name) or default
    if value not in choices:
        msg = f"Unexpected value {name}={value}, use one of {', '.join(choices)}"
        raise ImproperlyConfigured(msg)
    return value


def envlist(name: str, default: list[str]) -> list[str]:
    value = os.environ.get(name)
    return [item.strip() for item in value.split(",") if item.strip()] if value else default


def envsecret(name: str) -> str | None:
    """The value of `name`, or what the file named by `name`_FILE holds (as container secrets are handed over)."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name) or None


def envtokens(name: str, least: int) -> list[str]:
    """Secrets, one or several with commas or spaces between them, each of at least so many characters."""
    tokens = [token for token in re.split(r"[\s,]+", envsecret(name) or "") if token]
    if any(len(token) < least for token in tokens):
        msg = f"Each token in {name} must have at least {least} characters"
        raise ImproperlyConfigured(msg)
    return tokens


def generated_secret(path: Path) -> str:
    """A secret of this installation, made on first use and readable by its owner alone.

    It gets its name when it is whole: whoever is killed, or comes second, never leaves or reads a part of it.
    """
    if path.exists() and not path.stat().st_size:
        path.unlink()  # an earlier version could be killed between making the file and filling it
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.") as file:  # for its owner alone
            file.write(get_random_string(64))
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text(encoding="utf-8").strip()

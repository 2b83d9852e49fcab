"""No secret lies in the tree or in its history, and none is a default."""

from __future__ import annotations

import re
import subprocess

import pytest

from engageai.conftest import ROOT

SECRETS = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----[\r\n]"
    rb"|\bAKIA[0-9A-Z]{16}\b"
    rb"|\bAIza[0-9A-Za-z_-]{35}\b"
    rb"|\bgh[pousr]_[0-9A-Za-z]{36}\b"
    rb"|\bsk-[0-9A-Za-z_-]{32,}\b"
    rb"|\bxox[abprs]-[0-9A-Za-z-]{20,}\b"
    rb"|\b[a-z]{3,9}://[^\s:/@\"'{}<>]+:[^\s:/@\"'{}<>]{6,}@[a-z0-9]"
    rb"|(?i:\b(?:secret_key|password|api_key|token))\s*[:=]\s*[\"'][0-9A-Za-z+/_-]{24,}[\"']"
)
"""Private keys, those of the large services, addresses with a password, assignments."""
NUMBERS = {".safetensors", ".onnx", ".tflite", ".png"}


def git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this is no checkout with a history")
    return done.stdout


@pytest.mark.parametrize(
    "found",
    [
        b"-----BEGIN RSA PRIVATE KEY-----\nMII",
        b"AKIA" + b"ABCDEFGHIJKLMNOP",
        b"AIza" + b"b" * 35,
        b"ghp_" + b"c" * 36,
        b"postgres://user:" + b"hunter22@db.example",
        b'SECRET_KEY = "' + b"k3" * 20 + b'"',
    ],
)
def test_a_secret_is_known_by_its_look(found: bytes) -> None:
    assert SECRETS.search(found)


def test_the_tree_holds_none() -> None:
    names = git("ls-files", "--cached", "--others", "--exclude-standard", "-z").split(b"\0")
    found = []
    for name in filter(None, names):
        path = ROOT / name.decode()
        if path.is_file() and path.suffix not in NUMBERS:
            found += [(name, match[0][:60]) for match in SECRETS.finditer(path.read_bytes())]
    assert found == []


def test_its_history_holds_none() -> None:
    added = [line for line in git("log", "--all", "--patch", "--unified=0").splitlines() if line.startswith(b"+")]
    assert len(added) > 1000
    assert [line[:80] for line in added if SECRETS.search(line)] == []

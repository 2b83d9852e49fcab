"""The documents say what is there: a file map without gaps, every setting, no more verbs than promised."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import numpy as np

from analytics import moments, scan, timeline

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
PLUMBING = re.compile(r"(^|/)(tests|migrations)/|(__init__|conftest|apps|urls)\.py$")


def modules() -> list[str]:
    packages = ("emotion_ml", "analytics", "engageai")
    found = [path.relative_to(ROOT).as_posix() for package in packages for path in (ROOT / package).rglob("*.py")]
    return sorted(path for path in found if not PLUMBING.search(path))


def mapped() -> list[tuple[str, str]]:
    """(module, what its line says) of the file map."""
    map_ = (ROOT / "docs" / "house.md").read_text().split("```")[1]
    folder, listed = "", []
    for line in map_.strip().splitlines():
        if line.endswith("/"):
            folder = line
        else:
            name, says = line.split(maxsplit=1)
            listed.append((folder + name, says))
    return listed


def test_the_file_map_has_a_line_for_every_module() -> None:
    assert sorted(name for name, _ in mapped()) == modules()


def test_the_line_of_a_module_is_how_its_own_docstring_begins() -> None:
    """Up to the end of a sentence or a clause; where that is too long for the map, cut between two words."""
    for name, says in mapped():
        own = " ".join((ast.get_docstring(ast.parse((ROOT / name).read_text())) or "").split())
        shown = says.removesuffix(" ...")
        assert own.startswith(shown), name
        assert own[len(shown) :].startswith(" " if says != shown else (".", ":", ";")), name


def test_every_setting_is_in_the_readme_and_in_the_example() -> None:
    settings = (ROOT / "engageai" / "settings.py").read_text()
    read = set(re.findall(r'(?:env(?:bool|int|list|secret|choice|tokens)\(|environ\[)"(\w+)"', settings))
    example = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    assert read <= example
    assert [name for name in sorted(example) if f"`{name}`" not in README] == []


def test_the_method_says_what_the_code_does() -> None:
    method = " ".join((ROOT / "docs" / "method.md").read_text().split())
    assert f"in {1 - moments.LEVEL:.0%} of {scan.DRAWS} series".replace("%", " %") in method
    coarse_s = 7.0
    assert timeline.longest_hold_s(np.arange(10, dtype=np.float64) * coarse_s) == 2 * coarse_s
    assert f"at most {timeline.MAX_HOLD_S:g} s (or twice the usual distance of readings" in method


def test_make_has_at_most_eight_verbs_and_the_promised_ones() -> None:
    verbs = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert verbs is not None
    assert {"run", "test", "lint", "types", "bench"} <= set(verbs[1].split())
    assert len(verbs[1].split()) <= 8


def test_nothing_of_this_machine_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".onnx", ".safetensors", ".tflite", ".png"}:
            assert f"/{'work'}/" not in path.read_text(errors="replace"), name

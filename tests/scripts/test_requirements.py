"""The pins: complete, hashed, and tied to no machine."""

import re

import pytest

from ..conftest import ROOT
from .loading import load_script

bare = load_script("bare.py")
pin = load_script("pin")

FILES = ["requirements", "requirements-dev"]


def wanted(name: str) -> set[str]:
    """Return the packages that an `.in` file asks for."""
    lines = (ROOT / f"{name}.in").read_text().splitlines()
    asked = (re.match(r"[\w.-]+", line) for line in lines if not line.startswith(("#", "-")))
    return {found[0].lower() for found in asked if found}


@pytest.mark.parametrize("name", FILES)
def test_everything_that_is_asked_for_is_pinned(name):
    pinned = {one.lower() for one in bare.pins((ROOT / f"{name}.txt").read_text())}
    assert wanted(name) <= pinned


@pytest.mark.parametrize("name", FILES)
def test_every_pin_has_a_hash(name):
    entries = re.split(
        r"^(?=[\w.-]+(?:\[[\w,.-]+\])?==)", (ROOT / f"{name}.txt").read_text(), flags=re.M
    )
    assert len(entries) > 1
    assert all("--hash=sha256:" in entry for entry in entries[1:])


@pytest.mark.parametrize("name", FILES)
def test_no_pin_is_tied_to_a_machine_or_a_registry(name):
    assert not pin.FORBIDDEN.search((ROOT / f"{name}.txt").read_text())


@pytest.mark.parametrize(
    "line",
    ["--index-url https://mirror.example/simple", "--find-links wheels", "x @ file:///srv/x.whl",
     "    # via -r /home/somebody/requirements.in"],
)  # fmt: skip
def test_a_pin_that_is_tied_to_a_machine_would_be_seen(line):
    assert pin.FORBIDDEN.search(f"flask==3.1.3\n{line}\n")


def test_what_both_files_pin_is_the_same_version():
    versions = [
        dict(
            re.findall(
                r"^([\w.-]+)(?:\[[\w,.-]+\])?==([\w.]+)", (ROOT / f"{name}.txt").read_text(), re.M
            )
        )
        for name in FILES
    ]
    both = versions[0].keys() & versions[1].keys()
    assert both
    assert {name: versions[0][name] for name in both} == {name: versions[1][name] for name in both}

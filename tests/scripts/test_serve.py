"""`scripts/serve`: what somebody relies on who has read nothing but the README."""

import itertools
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from ..conftest import ROOT
from .loading import load_script

serve = load_script("serve")

PATIENCE = 180
UP = "Ctrl-C stops it"


@dataclass
class Running:
    """A `scripts/serve` of our own."""

    process: subprocess.Popen[str]
    port: int
    var: Path
    lines: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_up(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if UP in line:
                return
        raise AssertionError("it ended before it was up:\n" + "".join(self.lines))

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def sample(self) -> dict:
        return json.loads((self.var / "sample.json").read_text())


PORTS = itertools.count(10_000 + os.getpid() % 200 * 100)
"""This process's own hundred ports, below those that systems give away unasked."""


def free_port() -> int:
    """Return a port to serve on, a new one each time."""
    for port in PORTS:
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port
    raise AssertionError


@contextmanager
def started(var: Path, *arguments: str) -> Iterator[Running]:
    port = free_port()
    kept = {n: v for n, v in os.environ.items() if not n.startswith("FEEDBACK_")}
    process = subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "serve", "--port", str(port), *arguments],
        cwd="/", env={**kept, "FEEDBACK_VAR": str(var)}, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    running = Running(process, port, var)
    try:
        running.wait_until_up()
        yield running
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not alive


def status(address: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service on a fresh folder, started from another folder and without a terminal."""
    with started(tmp_path_factory.mktemp("serve") / "var") as one:
        yield one


def test_a_bare_start_ends_in_a_running_service_and_says_where(running):
    said = "".join(running.lines)
    assert running.address in said
    assert str(running.var / "sample.json") in said
    assert "█" in said  # the code to scan
    assert status(f"{running.address}/health/ready") == 200
    assert len(running.children()) >= 2


def test_the_sample_has_what_the_contract_promises(running):
    sample = running.sample()
    assert {"base_url", "api_key", "accounts", "events"} <= sample.keys()
    for account in sample["accounts"]:
        assert {"role", "department", "email", "password"} <= account.keys()
        assert account["email"] in "".join(running.lines)
    for event in sample["events"]:
        assert event["link"].startswith(sample["base_url"] + "/r/")
    path = sample["events"][0]["link"].removeprefix(sample["base_url"])
    assert status(running.address + path) == 200


def test_keys_and_passwords_are_for_their_owner_only(running):
    for name in ("settings.env", "sample.json"):
        assert stat.S_IMODE((running.var / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(running.var.stat().st_mode) == 0o700


def test_a_second_service_beside_the_first_keeps_the_keys_and_corrects_the_addresses(running):
    keys = (running.var / "settings.env").read_text()
    accounts = running.sample()["accounts"]
    with started(running.var) as second:
        assert (running.var / "settings.env").read_text() == keys
        sample = second.sample()
        assert sample["base_url"] == second.address
        assert sample["accounts"] == accounts
        assert status(sample["events"][0]["link"]) == 200
        assert status(f"{running.address}/health/ready") == 200
        children = second.children()
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(PATIENCE) == 0
        assert gone(children)


def test_when_the_scheduler_dies_the_web_is_stopped_and_the_reason_said(running):
    with started(running.var) as other:
        children = other.children()
        scheduler = next(one for one in children if "scheduler" in one.cmdline())
        scheduler.kill()
        assert other.process.wait(PATIENCE) == 1
        assert gone(children)
        assert other.process.stdout is not None
        assert "scheduler ended with code -9" in other.process.stdout.read()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can promise it")
def test_nothing_outlives_a_start_that_is_killed(running):
    with started(running.var, "--empty") as other:
        children = other.children()
        assert children
        other.process.kill()
        other.process.wait()
        assert gone(children)


def refused(var: Path, *arguments: str, **changes: str) -> str:
    """Run serve where it must refuse, and return what it says."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith("FEEDBACK_")}
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "serve", *arguments],
        env={**kept, "FEEDBACK_VAR": str(var), **changes},
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_port_in_use_is_said_before_anything_is_made(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert port in refused(tmp_path / "var", "--port", port)
    assert not (tmp_path / "var").exists()


def test_fresh_keys_are_never_made_beside_existing_records(tmp_path):
    (tmp_path / "feedback.sqlite3").write_bytes(b"")
    assert "settings.env" in refused(tmp_path, "--port", str(free_port()))
    assert not (tmp_path / "settings.env").exists()


def test_a_key_file_that_lacks_a_key_is_left_as_it_is(tmp_path):
    words = "FEEDBACK_SECRET_KEY=" + "s" * 40 + "\n"
    (tmp_path / "settings.env").write_text(words)
    assert "FEEDBACK_TOKEN_KEYS" in refused(tmp_path, "--port", str(free_port()))
    assert (tmp_path / "settings.env").read_text() == words


def test_a_wrong_setting_is_said_by_name(tmp_path):
    said = refused(tmp_path, "--port", str(free_port()), FEEDBACK_PROXIES="many")
    assert "proxies" in said


def test_fresh_keys_are_what_the_settings_want(tmp_path, monkeypatch):
    for name in serve.KEYS:
        monkeypatch.delenv(name, raising=False)
    serve.ensure_keys(tmp_path, {})
    first = serve.read_settings(tmp_path)
    from feedback.config import Settings

    settings = Settings(_env_file=tmp_path / "settings.env")
    assert list(settings.token_keys) == ["A"]
    assert settings.token_keys != settings.data_keys
    serve.ensure_keys(tmp_path, {})
    assert serve.read_settings(tmp_path) == first


def test_a_setting_from_the_file_is_read_as_the_service_reads_it(tmp_path):
    (tmp_path / "settings.env").write_text('# x=1\nFEEDBACK_BASE_URL="https://a.example/"\n\n')
    assert serve.read_settings(tmp_path) == {"FEEDBACK_BASE_URL": "https://a.example/"}
    assert serve.base_url(tmp_path, {}) == "https://a.example"


def test_links_follow_the_address():
    sample = {"base_url": "http://a:1", "events": [{"link": "http://a:1/r/X", "project_no": "1"}]}
    moved = serve.with_address(sample, "https://b.example")
    assert moved["events"] == [{"link": "https://b.example/r/X", "project_no": "1"}]
    assert moved["base_url"] == "https://b.example"


@pytest.mark.parametrize(
    ("host", "name"), [("127.0.0.1", "127.0.0.1"), ("office", "office"), ("::1", "[::1]")]
)
def test_a_host_is_named_as_an_address_needs_it(host, name):
    assert serve.public_host(host) == name


def test_all_interfaces_are_named_by_one_address_that_others_can_use():
    assert re.fullmatch(r"localhost|\d+\.\d+\.\d+\.\d+", serve.public_host("0.0.0.0"))
    assert serve.public_host("0.0.0.0") != "0.0.0.0"


def test_a_private_file_is_whole_or_not_there(tmp_path):
    serve.write_private(tmp_path / "x.json", "one")
    serve.write_private(tmp_path / "x.json", "two")
    assert (tmp_path / "x.json").read_text() == "two"
    assert [each.name for each in tmp_path.iterdir()] == ["x.json"]

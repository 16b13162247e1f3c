"""What the scripts share on a bare machine: nothing but Python's own library is used here.

People who run a service read Chinese first; developers read English. Both are told.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this is the place where an older Python learns it
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    sys.exit(
        f"✗ 需要 Python 3.11 或更新版本（现在是 {here}）。请改用 python3.11 运行本脚本。\n"
        f"  Python 3.11 or newer is needed (this is {here}): run this script with python3.11."
    )

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
Command = Sequence[str | Path]

PATIENCE = 10  # seconds that a child has to stop by itself
LAST_LINES = 25
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STEP = re.compile(
    r"(?:Collecting|Processing|Ignoring|Requirement already satisfied:) (?:\S*/)?(\w+(?:[.-][a-z]\w*)*)"
)
"""What pip says once for each package, wherever it comes from and whether it is needed here."""
GRANIAN = (
    "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "16",
    "--backlog", "1024", "--no-ws", "--http", "1", "--log-level", "error", "--no-access-log",
)  # fmt: skip
"""How the web is served. No access log: the paths hold the citizens' one-time codes."""


def say(chinese: str, english: str) -> None:
    """Print one line of progress."""
    print(f"→ {chinese} · {english}", flush=True)


def refuse(chinese: str, english: str) -> NoReturn:
    """Stop with a reason and what to do about it."""
    sys.exit(f"✗ {chinese}\n  {english}")


def speak_plainly() -> None:
    """Show lines as they come, and never fail for a terminal that cannot draw a character."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]


def stop_on_signals() -> None:
    """Make a polite end of the terminal or of the service manager look like Ctrl-C."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    for number in ENDS:
        signal.signal(number, stop)


# -- the environment ---------------------------------------------------------------------------


def make_environment(*files: str) -> None:
    """Make `.venv` hold exactly what the requirement files pin. Quick when nothing has changed."""
    with locked(ROOT):
        if not _is_usable():
            _make_venv()
        missing = [name for name in files if _installed().get(name) != _digest(name)]
        if missing:
            _install(missing)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep two scripts from preparing the same folder at the same time."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_usable() -> bool:
    """Whether `.venv` has a Python that is new enough and can install; a copied one may not."""
    question = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return PYTHON.exists() and _run_quietly([PYTHON, "-c", question]).returncode == 0


def _make_venv() -> None:
    say("创建 .venv", "making .venv")
    make: Command = [sys.executable, "-m", "venv", "--clear", VENV]
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if _run_quietly(make).returncode == 0:
        return
    if has_apt():
        apt_install(package)
    if _run_quietly(make).returncode != 0:
        refuse(
            f"Python 缺少 venv 模块。请安装它（Debian/Ubuntu：apt-get install {package}）后重试。",
            f"Python lacks its venv module: install it (Debian, Ubuntu: {package}) and try again.",
        )


def _install(files: Sequence[str]) -> None:
    """Install what the files pin, checking every hash, and remember that it was done."""
    total = len({pin for name in files for pin in pins((ROOT / name).read_text())})
    say(f"安装依赖（{total} 个，校验哈希）", f"installing {total} packages, hashes checked")
    command: list[str | Path] = [PYTHON, "-m", "pip", "install", "--require-hashes", "--no-input",
               "--progress-bar", "off", "--disable-pip-version-check"]  # fmt: skip
    for name in files:
        command += ["-r", ROOT / name]
    lines, code = _follow(command, total)
    if code != 0:
        print("\n".join(lines[-LAST_LINES:]), file=sys.stderr)
        refuse(
            "依赖安装失败。请检查网络；内网可用环境变量 PIP_INDEX_URL 指定镜像，然后重试。",
            "Installing failed: check the network (PIP_INDEX_URL names a mirror) and try again.",
        )
    STAMP.write_text(json.dumps({**_installed(), **{name: _digest(name) for name in files}}))


def _follow(command: Command, total: int) -> tuple[list[str], int]:
    """Run pip, show every tenth package, and return its lines and exit code."""
    lines: list[str] = []
    seen: set[str] = set()
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        for line in process.stdout or ():
            lines.append(line.rstrip())
            step = STEP.match(line)
            if step and step[1] not in seen:
                seen.add(step[1])
                if len(seen) % 10 == 0 or len(seen) == total:
                    print(f"  {len(seen)}/{total} {step[1]}", flush=True)
            elif line.startswith("Installing collected"):
                say("写入 .venv", "unpacking into .venv")
    return lines, process.returncode


def pins(text: str) -> list[str]:
    """Return the names that a compiled requirements file pins."""
    return re.findall(r"^([\w.-]+)(?:\[[\w,.-]+\])?==", text, flags=re.MULTILINE)


def _installed() -> dict[str, str]:
    """Return the digest of each requirements file as it was when last installed."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def _digest(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def _run_quietly(command: Command) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def enter_environment(script: str) -> None:
    """Go on as the same script under `.venv`'s Python, if this is not it yet."""
    if Path(sys.prefix) != VENV:
        os.execv(PYTHON, [str(PYTHON), script, *sys.argv[1:]])


# -- Debian's packages ---------------------------------------------------------------------------


def has_apt() -> bool:
    """Whether this script may install Debian packages by itself."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> bool:
    """Install Debian packages, showing apt's own progress, and say whether it worked."""
    say(f"apt-get 安装 {' '.join(packages)}", "installing with apt-get")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages],
    )
    return all(
        subprocess.run(line, stdin=subprocess.DEVNULL, env=quiet, check=False).returncode == 0
        for line in commands
    )


# -- children ----------------------------------------------------------------------------------


def start(
    arguments: Command, environment: Mapping[str, str], log: int | None = None
) -> subprocess.Popen[bytes]:
    """Start a Python module of `.venv` as a child that cannot outlive this process on Linux.

    Its log lines go where ours go, or to `log`.
    """
    return subprocess.Popen(
        [PYTHON, "-m", *arguments], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=log, start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - no threads here
    )  # fmt: skip


def _end_with_parent() -> None:
    """Ask Linux to end this child when its parent dies, so that nothing is left behind."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def stop(*children: subprocess.Popen[bytes]) -> None:
    """Stop children politely, then without asking. A second Ctrl-C does not leave this half done."""
    before = [signal.signal(number, signal.SIG_IGN) for number in ENDS]
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + PATIENCE
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
        _end_group(child)
        child.wait()
    for number, handler in zip(ENDS, before, strict=True):
        signal.signal(number, handler)


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End what is left of a child and of its own workers; it leads its own process group."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)

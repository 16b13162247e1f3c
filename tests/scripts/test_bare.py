"""What the scripts do on a machine that has nothing but Python."""

import subprocess
import sys

import pytest

from .loading import SCRIPTS, load_script

bare = load_script("bare.py")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout of its own, with no `.venv` yet."""
    folder = tmp_path_factory.mktemp("checkout")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bare, "ROOT", folder)
        patch.setattr(bare, "VENV", folder / ".venv")
        patch.setattr(bare, "PYTHON", folder / ".venv" / "bin" / "python")
        patch.setattr(bare, "STAMP", folder / ".venv" / "installed.json")
        yield folder


@pytest.mark.parametrize("script", ["serve", "test", "bench", "pin"])
def test_an_older_python_is_refused_in_words(script):
    pretend = f"import sys; sys.version_info = (3, 10, 9); sys.path.insert(0, {str(SCRIPTS)!r}); "
    run = f"import runpy; runpy.run_path({str(SCRIPTS / script)!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", pretend + run], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "3.11" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_pinned_is_installed_again_only_when_the_pins_change(checkout, capsys):
    (checkout / "one.txt").write_text("# nothing is needed\n")
    (checkout / "two.txt").write_text("# nothing more\n")
    bare.make_environment("one.txt")
    assert "installing" in capsys.readouterr().out
    bare.make_environment("one.txt")
    assert capsys.readouterr().out == ""

    bare.make_environment("one.txt", "two.txt")
    assert "installing" in capsys.readouterr().out
    (checkout / "one.txt").write_text("# still nothing\n")
    bare.make_environment("one.txt", "two.txt")
    assert "installing" in capsys.readouterr().out


def test_a_failed_installation_is_said_and_not_remembered(checkout):
    (checkout / "wrong.txt").write_text("no-hash-here==1.0\n")
    for _ in range(2):
        with pytest.raises(SystemExit, match="PIP_INDEX_URL"):
            bare.make_environment("wrong.txt")


def test_a_python_without_venv_is_told_what_to_install(checkout, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))  # no apt-get either
    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setattr(bare, "PYTHON", tmp_path / "none")
    with pytest.raises(SystemExit, match=r"apt-get install python3\.\d+-venv"):
        bare.make_environment("four.txt")


def test_a_broken_environment_is_made_anew(checkout):
    (checkout / "three.txt").write_text("# nothing\n")
    bare.make_environment("three.txt")
    bare.PYTHON.unlink()
    bare.make_environment("three.txt")
    assert subprocess.run([bare.PYTHON, "-c", "import pip"], check=False).returncode == 0


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Collecting flask==3.1.3 (from -r requirements.txt (line 5))", "flask"),
        ("Requirement already satisfied: argon2-cffi==25.1.0 in /x", "argon2-cffi"),
        ("Processing /wheels/zxing_cpp-3.1.1-cp311.whl (from x)", "zxing_cpp"),
        ("Ignoring colorama: markers 'x' don't match your environment", "colorama"),
    ],
)
def test_every_way_in_which_pip_names_a_package_is_a_step(line, name):
    assert bare.STEP.match(line)[1] == name


def test_a_child_and_its_own_children_are_stopped():
    stubborn = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('up', flush=True)\n"
        "time.sleep(600)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", stubborn], stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    bare.PATIENCE, before = 0, bare.PATIENCE
    try:
        bare.stop(child)
    finally:
        bare.PATIENCE = before
    assert child.returncode is not None
    assert child.stdout.read() == b""  # ends only when the grandchild, who shares it, is gone too
    child.stdout.close()

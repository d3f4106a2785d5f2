"""The commands of the README: they work, and when they can't, they say why in one line."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import pytest
from tools.serve import address, make_server

ROOT = Path(__file__).resolve().parent.parent

# Stands for Python 3.12, can make environments and notes what pip is asked for.
WORKING_PYTHON = """\
#!/bin/sh
case "$1 $2" in
"-c "*) echo 3.12.1 ;;
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip") echo pip >> installed; [ ! -e no-network ] ;;
esac
"""
OLD_PYTHON = "#!/bin/sh\necho 3.9.2\nexit 1\n"
SHIM = "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n"
PYTHON_WITHOUT_VENV = """\
#!/bin/sh
case "$1 $2" in
"-c "*) echo 3.12.1 ;;
"-m venv") mkdir -p "$3/bin"; echo "ensurepip is not available."; echo "More lines."; exit 1 ;;
esac
"""


class Checkout:
    """A copy of the Makefile where only the programs that a test puts there can be found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name in ("sh", "rm", "cp", "mkdir", "touch"):
            program = shutil.which(name)
            assert program
            (self.programs / name).symlink_to(program)
        (folder / "tools").mkdir()
        for file in ("Makefile", "tools/environment.sh", "requirements.txt", "pyproject.toml"):
            shutil.copy(ROOT / file, folder / file)

    def add(self, name: str, script: str) -> None:
        program = self.programs / name
        program.write_text(script)
        program.chmod(0o755)

    def set_up(self, **variables: str) -> subprocess.CompletedProcess[str]:
        make = shutil.which("make")
        assert make
        environment = {"PATH": str(self.programs), **variables}
        return subprocess.run(
            [make, ".venv/.ready"],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def installations(self) -> int:
        log = self.folder / "installed"
        return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    return Checkout(tmp_path)


def complaint(result: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that says what is wrong; make adds a line of its own."""
    assert result.returncode != 0
    assert result.stdout == ""
    line, of_make = result.stderr.splitlines()
    assert "***" in of_make
    return line


class TestSetUp:
    def test_without_python_says_what_was_tried(self, checkout: Checkout) -> None:
        """Where no Python is found, the line names the candidates and the remedy."""
        assert complaint(checkout.set_up()) == (
            "Can't set up: Python 3.11 or newer is needed, none of these runs: "
            "python3.13 python3.12 python3.11 python3 python. "
            "Install one, or name it: make PYTHON=/path/to/python3"
        )

    def test_old_python_is_named_with_its_version(self, checkout: Checkout) -> None:
        """A Python that is too old is named with its version; one that does not run is passed over."""
        checkout.add("python3.11", SHIM)
        checkout.add("python3", OLD_PYTHON)
        assert "found only python3 (3.9.2)." in complaint(checkout.set_up())

    def test_failing_shim_is_passed_over(self, checkout: Checkout) -> None:
        """The first Python that really runs is taken."""
        checkout.add("python3.13", SHIM)
        checkout.add("python3.12", WORKING_PYTHON)
        result = checkout.set_up()
        assert result.returncode == 0
        assert result.stdout.splitlines()[0] == "Making .venv with python3.12 (3.12.1) ..."

    def test_named_python_is_the_only_candidate(self, checkout: Checkout) -> None:
        """PYTHON= is taken at its word: no other is tried."""
        checkout.add("python3", WORKING_PYTHON)
        assert "none of these runs: /no/such/python." in complaint(checkout.set_up(PYTHON="/no/such/python"))

    def test_python_without_venv_leaves_nothing(self, checkout: Checkout) -> None:
        """Where the venv module fails, the line names the package, and no half of an environment stays."""
        checkout.add("python3", PYTHON_WITHOUT_VENV)
        result = checkout.set_up()
        assert result.returncode != 0
        assert "apt install python3.12-venv" in result.stderr.splitlines()[0]
        assert len(result.stderr.splitlines()) == 2
        assert not (checkout.folder / ".venv").exists()

    def test_second_run_installs_nothing(self, checkout: Checkout) -> None:
        """An environment is installed once, and again when the pinned versions change."""
        checkout.add("python3", WORKING_PYTHON)
        checkout.set_up()
        assert checkout.set_up().returncode == 0
        assert checkout.installations == 1

        later = (checkout.folder / ".venv/.ready").stat().st_mtime + 10
        os.utime(checkout.folder / "requirements.txt", (later, later))
        checkout.set_up()
        assert checkout.installations == 2

    def test_failed_installation_is_tried_again(self, checkout: Checkout) -> None:
        """An installation that did not end well does not count."""
        checkout.add("python3", WORKING_PYTHON)
        (checkout.folder / "no-network").touch()
        result = checkout.set_up()
        assert result.returncode != 0
        assert result.stderr.startswith("Can't set up: pip could not install requirements.txt")

        (checkout.folder / "no-network").unlink()
        assert checkout.set_up().returncode == 0
        assert checkout.installations == 2


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<h1>Here</h1>")
    for name in ("live.mjs", "python.wasm", "picture.svg"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture
def served(site: Path) -> Iterator[str]:
    with make_server(site) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield address(server)
        server.shutdown()
        thread.join()


class TestServe:
    @pytest.mark.parametrize(
        ("name", "mime_type"),
        [
            ("", "text/html"),
            ("live.mjs", "text/javascript"),
            ("python.wasm", "application/wasm"),
            ("picture.svg", "image/svg+xml"),
        ],
    )
    def test_mime_type(self, served: str, name: str, mime_type: str) -> None:
        """Each kind of file comes with the type that a browser insists on."""
        with urlopen(served + name) as response:
            assert response.headers.get_content_type() == mime_type

    def test_taken_port_gives_the_next(self, site: Path) -> None:
        """A port that is taken is no obstacle."""
        with make_server(site) as first, make_server(site, first.server_port) as second:
            assert first.server_port < second.server_port

    def test_listens_on_this_machine_only(self, site: Path) -> None:
        """No other machine can reach the server."""
        with make_server(site) as server:
            assert server.server_address[0] == "127.0.0.1"

    @pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
    def test_signal_ends_it_cleanly(self, site: Path, ending: signal.Signals) -> None:
        """Ctrl-C and a polite kill are the normal end: status 0, no traceback."""
        command = [sys.executable, "tools/serve.py", str(site), "--port", "0"]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            first_line = process.stdout.readline()
            process.send_signal(ending)
            _, errors = process.communicate(timeout=10)
        assert "http://127.0.0.1:" in first_line
        assert (process.returncode, errors) == (0, "")

    def test_missing_folder(self, tmp_path: Path) -> None:
        """A folder that is not there is one clear line."""
        missing = tmp_path / "missing"
        command = [sys.executable, "tools/serve.py", str(missing)]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert result.returncode == 1
        assert result.stderr == f"Can't serve {missing}: no such folder. `make html` builds the book.\n"

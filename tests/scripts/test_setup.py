"""scripts/_setup.sh: what it installs, what it says, and that a second run does nothing.

Each test runs it in a bare copy of a checkout, with stand-ins for dpkg-query, apt-get, sudo and the virtual
environment's tools, and no other command than a few of the system's on the path.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYSTEM = (
    "sh",
    "bash",
    "env",
    "cat",
    "cut",
    "tr",
    "grep",
    "sha256sum",
    "dirname",
    "rm",
    "mkdir",
    "sed",
    "printf",
    "id",
)

# A python3 that is new enough, lacks nothing, and whose `venv` and `pip` only leave a trace in the log.
PYTHON = f"""#!/bin/sh
case "$*" in
*version_info*) echo "$0|3.12.1" ;;
*ensurepip*|*Python.h*|"-c import pip") exit 0 ;;
"-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python"; echo "venv" >>"$LOG" ;;
"-m pip"*) echo "pip $*" >>"$LOG"; exit "${{PIP_CODE:-0}}" ;;
*) exec {sys.executable} "$@" ;;
esac
"""
DPKG_QUERY = """#!/bin/sh
for last; do :; done
case " $LACKING " in *" $last "*) exit 1 ;; esac
echo installed
"""


class Checkout:
    """A copy of the setup beside made-up setup.cfg and pyproject.toml, and the commands it may use."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.bin = folder / "bin"
        self.log = folder / "log"
        (self.root / "scripts").mkdir(parents=True)
        self.bin.mkdir()
        self.log.touch()
        shutil.copy(ROOT / "scripts" / "_setup.sh", self.root / "scripts")
        (self.root / "setup.cfg").write_text("[metadata]\nname = made-up\n")
        (self.root / "pyproject.toml").write_text("")
        for name in (*SYSTEM, "cp"):
            found = shutil.which(name)
            assert found, name
            (self.bin / name).symlink_to(found)
        self.command("python3", PYTHON)
        self.command("dpkg-query", DPKG_QUERY)
        self.command("apt-get", '#!/bin/sh\necho "apt-get $*" >>"$LOG"\nexit "${APT_CODE:-0}"\n')
        for name in ("gcc", "pkg-config", "flite"):
            self.command(name, "#!/bin/sh\n")

    def command(self, name: str, text: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def setup(self, job: str = "run", install: str = "yes", **env: str) -> subprocess.CompletedProcess[str]:
        settings = f"root={self.root}; install_packages={install}"
        script = f'{settings}; . "$root/scripts/_setup.sh"; setup {job}; echo ready'
        return subprocess.run(
            ["sh", "-euc", script],
            env={"PATH": str(self.bin), "LOG": str(self.log), "LACKING": "", **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def done(self) -> list[str]:
        lines = self.log.read_text().splitlines()
        self.log.write_text("")
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


as_root = pytest.mark.skipif(os.getuid() != 0, reason="apt-get is called without sudo only by root")


def test_with_all_packages_only_the_environment_is_made(checkout: Checkout) -> None:
    result = checkout.setup()
    assert (result.returncode, result.stdout) == (0, "ready\n"), result.stderr
    assert "System packages" not in result.stderr
    venv, pip = checkout.done()
    assert venv == "venv"
    assert pip.endswith("--editable .")


def test_a_second_run_does_and_says_nothing(checkout: Checkout) -> None:
    checkout.setup()
    checkout.done()
    result = checkout.setup()
    assert (result.returncode, result.stderr, checkout.done()) == (0, "", [])


def test_other_dependencies_are_installed_again(checkout: Checkout) -> None:
    checkout.setup()
    checkout.done()
    (checkout.root / "setup.cfg").write_text("[metadata]\nname = changed\n")
    checkout.setup()
    assert [line.split()[0] for line in checkout.done()] == ["pip"]


def test_an_environment_for_tests_serves_to_run_but_not_the_other_way(checkout: Checkout) -> None:
    checkout.setup("run")
    checkout.done()
    assert checkout.setup("test").returncode == 0
    assert checkout.done()[-1].endswith("--editable .[test]")
    checkout.setup("run")
    assert checkout.done() == []


def test_a_failed_pip_is_tried_again_next_time(checkout: Checkout) -> None:
    failed = checkout.setup(PIP_CODE="1")
    assert failed.returncode == 1
    assert "pip could not install the package" in failed.stderr
    checkout.done()
    assert checkout.setup().returncode == 0
    assert [line.split()[0] for line in checkout.done()] == ["pip"]


@as_root
def test_missing_packages_are_told_with_their_reason_and_installed(checkout: Checkout) -> None:
    result = checkout.setup(LACKING="portaudio19-dev libsystemd-dev")
    assert result.returncode == 0, result.stderr
    assert "portaudio19-dev      to build PyAudio" in result.stderr
    update, install = checkout.done()[:2]
    assert update == "apt-get -q update"
    assert install.endswith("--no-install-recommends --no-remove portaudio19-dev libsystemd-dev")


@as_root
def test_packages_that_cannot_be_installed_end_it_with_the_command_to_run(checkout: Checkout) -> None:
    result = checkout.setup(LACKING="portaudio19-dev", APT_CODE="100")
    assert result.returncode == 1
    assert "apt-get update && apt-get install portaudio19-dev" in result.stderr
    assert result.stdout == ""


@as_root
def test_packages_for_single_tests_may_be_missing(checkout: Checkout) -> None:
    result = checkout.setup("test", LACKING="mosquitto", APT_CODE="100")
    assert result.returncode == 0
    assert "mosquitto" in result.stderr and "skipped" in result.stderr


def test_a_desktop_with_pipewire_keeps_it(checkout: Checkout) -> None:
    result = checkout.setup("test", LACKING="pulseaudio")
    assert "pulseaudio" not in result.stderr


def test_with_no_install_the_missing_packages_are_only_told(checkout: Checkout) -> None:
    result = checkout.setup(install="no", LACKING="libportaudio2")
    assert result.returncode == 0
    assert "libportaudio2" in result.stderr and "Nothing installed" in result.stderr
    assert not any(line.startswith("apt-get") for line in checkout.done())


def test_without_apt_get_the_packages_are_named(checkout: Checkout) -> None:
    (checkout.bin / "apt-get").unlink()
    result = checkout.setup(LACKING="portaudio19-dev")
    assert result.returncode == 1
    assert "no apt-get here" in result.stderr and "portaudio19-dev" in result.stderr


def test_without_root_and_sudo_it_says_what_to_run_as_root(checkout: Checkout) -> None:
    checkout.command("id", "#!/bin/sh\necho 1000\n")
    result = checkout.setup(LACKING="portaudio19-dev")
    assert result.returncode == 1
    assert "cannot become root through sudo" in result.stderr and "Run this as root" in result.stderr
    assert checkout.done() == []


def test_an_old_python_is_told(checkout: Checkout) -> None:
    checkout.command("python3.9", '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" || exit 1\n')
    result = checkout.setup(ALEXA_LOCAL_PYTHON="python3.9")
    assert result.returncode == 1
    assert "3.11 or newer is needed; this is Python 3.9.2." in result.stderr

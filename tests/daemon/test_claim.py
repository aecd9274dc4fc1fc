"""Who holds the socket."""

import os
import socket
import stat

import pytest

from alexa_local.daemon.claim import Claim
from alexa_local.errors import AlreadyRunning, ConfigError, StorageError


def test_only_owner_and_group_may_ask(folder):
    claim = Claim(folder / "new" / "c.sock")
    assert stat.S_IMODE(claim.path.stat().st_mode) == 0o660
    assert stat.S_IMODE(claim.path.parent.stat().st_mode) & 0o007 == 0
    claim.close()


def test_a_second_claim_is_refused_with_the_holder_and_the_remedy(folder):
    claim = Claim(folder / "c.sock")
    with pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}\).*c\.sock\. .*alexa-local stop"):
        Claim(folder / "c.sock")
    assert claim.path.exists()
    claim.close()
    Claim(folder / "c.sock").close()


def test_a_socket_left_behind_by_a_crash_is_taken_over(folder):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "c.sock"))
    (folder / "c.sock.lock").write_text("4711\n")
    claim = Claim(folder / "c.sock")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(folder / "c.sock"))
    claim.close()


def test_a_file_that_is_no_socket_is_left_alone(folder):
    (folder / "c.sock").write_text("precious")
    with pytest.raises(ConfigError, match="no socket"):
        Claim(folder / "c.sock")
    assert (folder / "c.sock").read_text() == "precious"


def test_a_path_too_long_for_a_socket_is_told(folder):
    with pytest.raises(ConfigError, match="107 bytes"):
        Claim(folder / ("x" * 120))


def test_a_folder_that_cannot_be_written_to_is_told(folder):
    (folder / "file").touch()
    with pytest.raises(StorageError, match=r"daemon\.socket"):
        Claim(folder / "file" / "c.sock")

"""What root writes into the daemon's folder belongs to the daemon."""

import os

import pytest

from alexa_local.store import as_owner_of, durable_write, open_store

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")


@needs_root
def test_root_acts_as_the_folders_owner_and_is_root_again_after(tmp_path):
    tmp_path.parent.chmod(0o755)
    tmp_path.parent.parent.chmod(0o755)
    os.chown(tmp_path, NOBODY, NOBODY)
    with pytest.raises(ZeroDivisionError), as_owner_of(tmp_path), open_store(tmp_path / "db") as store:
        store.remember("key", "value")
        raise ZeroDivisionError
    assert {path.stat().st_uid for path in tmp_path.iterdir()} == {NOBODY}
    assert (os.geteuid(), os.getegid()) == (0, 0)


def test_a_folder_of_ones_own_or_none_changes_nothing(tmp_path):
    before = os.geteuid()
    for folder in (tmp_path, tmp_path / "missing"):
        with as_owner_of(folder):
            assert os.geteuid() == before


@needs_root
def test_a_file_keeps_the_owner_that_it_is_given(tmp_path):
    durable_write(tmp_path / "file", b"x", 0o640, (0, NOBODY))
    about = (tmp_path / "file").stat()
    assert (about.st_uid, about.st_gid, about.st_mode & 0o777) == (0, NOBODY, 0o640)

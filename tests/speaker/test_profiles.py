"""Profiles on the disk: encrypted, replaced whole, and gone when they are removed."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

from alexa_local.errors import StorageError, UsageError
from alexa_local.speaker.profiles import MOST_ADAPTED, Profile, Profiles, unit
from alexa_local.speaker.sealing import CREDENTIAL, KEY_BYTES, Seal, handed_over
from alexa_local.store import Store, open_store
from alexa_local.store.schema import MIGRATIONS


def profile(name: str = "Anna", seed: int = 1, version: int = 1) -> Profile:
    rows = np.random.default_rng(seed).standard_normal((5, 16))
    return Profile(name, version, 1000.0, np.stack([unit(row) for row in rows]))


@pytest.fixture
def store(tmp_path: Path):
    with open_store(tmp_path / "home.db") as store:
        yield store


@pytest.fixture
def profiles(store: Store, tmp_path: Path) -> Profiles:
    return Profiles(store, Seal(tmp_path / "voices.key"))


def test_a_profile_is_there_after_reopening(tmp_path: Path) -> None:
    kept = profile().followed(unit(np.ones(16, np.float32)))
    with open_store(tmp_path / "home.db") as store:
        Profiles(store, Seal(tmp_path / "voices.key")).put(kept)
    with open_store(tmp_path / "home.db") as store:
        (found,) = Profiles(store, Seal(tmp_path / "voices.key")).all()
    assert (found.name, found.version, found.enrolled_s) == ("Anna", 1, 1000.0)
    np.testing.assert_array_equal(found.embeddings, kept.embeddings)
    np.testing.assert_array_equal(found.adapted, kept.adapted)


def test_nothing_of_a_voice_is_readable_in_the_files_and_only_the_owner_may_read_the_key(
    profiles: Profiles, store: Store, tmp_path: Path
) -> None:
    one = profile()
    profiles.put(one)
    needles = [one.embeddings[0].tobytes()[:12], b"embeddings"]
    for file in tmp_path.iterdir():
        assert not any(needle in file.read_bytes() for needle in needles), file
    assert stat.S_IMODE((tmp_path / "voices.key").stat().st_mode) == 0o600


def test_a_name_that_is_taken_is_refused_however_it_is_written(profiles: Profiles) -> None:
    profiles.put(profile("Anna", 1))
    with pytest.raises(UsageError, match="--again"):
        profiles.put(profile("ANNA", 2))
    np.testing.assert_array_equal(profiles.all()[0].embeddings, profile("Anna", 1).embeddings)
    profiles.put(profile("anna", 2), again=True)
    (found,) = profiles.all()
    assert found.name == "anna"
    np.testing.assert_array_equal(found.embeddings, profile("Anna", 2).embeddings)


def test_who_is_removed_leaves_nothing(profiles: Profiles, store: Store, tmp_path: Path) -> None:
    profiles.put(profile())
    (sealed,) = [bytes(row["sealed"]) for row in store.read("SELECT sealed FROM voices")]
    assert profiles.remove("anna") and not profiles.remove("anna")
    assert profiles.names() == []
    assert not any(sealed[:32] in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize("key", [None, b"", bytes(32)], ids=["missing", "empty", "another"])
def test_without_the_key_nobody_is_known_and_it_says_what_to_do(
    profiles: Profiles, tmp_path: Path, key: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    profiles.put(profile())
    (tmp_path / "voices.key").unlink()
    if key is not None:
        (tmp_path / "voices.key").write_bytes(key)
    assert profiles.all() == [] and profiles.names() == ["Anna"]
    assert "estore" in caplog.text
    with pytest.raises(StorageError, match="estore"):
        profiles.get("Anna")
    assert profiles.remove("Anna")


def test_while_somebody_is_kept_no_other_key_is_made(profiles: Profiles, tmp_path: Path) -> None:
    """Else the key that is missing could not be put back any more."""
    profiles.put(profile("Anna"))
    (tmp_path / "voices.key").rename(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="missing"):
        profiles.put(profile("Ben", 2))
    (tmp_path / "elsewhere").rename(tmp_path / "voices.key")
    profiles.put(profile("Ben", 2))
    assert [one.name for one in profiles.all()] == ["Anna", "Ben"]


def test_a_key_that_systemd_hands_over_is_used_instead_of_the_file(store: Store, tmp_path: Path) -> None:
    handed = tmp_path / "credentials" / CREDENTIAL
    assert handed_over({}) is None and handed_over({"CREDENTIALS_DIRECTORY": str(handed.parent)}) is None
    file = tmp_path / "voices.key"
    Profiles(store, Seal(file)).put(profile("Anna"))
    handed.parent.mkdir()
    file.rename(handed)  # as docs/people.md says
    assert handed_over({"CREDENTIALS_DIRECTORY": str(handed.parent)}) == handed
    profiles = Profiles(store, Seal(file, handed))
    profiles.put(profile("Ben", 2))
    assert [one.name for one in profiles.all()] == ["Anna", "Ben"] and not file.exists()


def test_another_key_that_is_handed_over_deletes_nothing(
    profiles: Profiles, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    profiles.put(profile())
    (tmp_path / CREDENTIAL).write_bytes(bytes(KEY_BYTES))
    others = Profiles(store, Seal(tmp_path / "voices.key", tmp_path / CREDENTIAL))
    assert others.all() == [] and others.names() == ["Anna"]
    assert f"{CREDENTIAL} is not the key" in caplog.text
    assert [one.name for one in profiles.all()] == ["Anna"]


def test_what_was_sealed_for_another_name_is_not_opened(profiles: Profiles, store: Store) -> None:
    profiles.put(profile("Anna"))
    profiles.put(profile("Ben", 2))
    store.write(
        "UPDATE voices SET sealed = (SELECT sealed FROM voices WHERE name = 'Anna') WHERE name = 'Ben'"
    )
    assert [one.name for one in profiles.all()] == ["Anna"]


def test_a_voice_that_is_followed_never_leaves_what_was_enrolled() -> None:
    one = profile()
    other = unit(np.random.default_rng(9).standard_normal(16))
    followed = one
    for _ in range(MOST_ADAPTED + 5):
        followed = followed.followed(other)
    assert len(followed.adapted) == MOST_ADAPTED
    assert followed.mean @ one.mean >= followed.mean @ other - 1e-5


def test_a_database_of_before_gets_the_table(tmp_path: Path) -> None:
    with open_store(tmp_path / "old.db", MIGRATIONS[:4]) as store:
        store.remember("volume", "30")
    with open_store(tmp_path / "old.db") as store:
        profiles = Profiles(store, Seal(tmp_path / "voices.key"))
        profiles.put(profile())
        assert profiles.names() == ["Anna"] and store.setting("volume") == "30"

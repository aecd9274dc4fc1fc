"""A model's update, from the offer to the day when it is used, and everything that is refused."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alexa_local.errors import ConfigError, ModelError, StorageError, UpdateError
from alexa_local.generations import Generation, Needs
from alexa_local.generations.signing_key import SigningKey, sign
from alexa_local.updates import course as course_module
from alexa_local.updates.record import MOST_TRIES, Record


def test_a_generation_is_fetched_made_tried_and_used_from_the_next_start_on(device, publisher):
    device.update(publisher.generation(2, 1))
    assert device.course.report() == {"version": 2, "state": "trial", "why": "", "next": 2}
    assert device.labour.works == ["apply", "try"]
    assert device.open().generation == 2
    device.course.served()  # by a daemon that still has the old one
    assert device.course.record.phase == "trial"
    device.restart()
    device.course.served()
    assert device.course.report() == {"version": 2, "state": "active", "why": ""}
    assert sorted(path.name for path in device.shelf.folder.iterdir()) == ["a", "state.json"]


def test_the_smallest_package_that_fits_is_fetched(device, publisher):
    generation = publisher.generation(3, 1, 2)
    upon = {package.base: package.sha256 for package in generation.packages}
    device.offer(generation)
    assert device.course.wanted().package == upon[1]
    device.fetch()
    device.work()
    device.restart()
    device.course.served()
    device.offer(publisher.generation(4, 2))
    assert device.course.record.target.base == ""  # the package builds upon a version that is not here
    device.offer(publisher.generation(5, 3))
    assert device.course.record.target.base == "a"
    device.fetch()
    device.work()
    assert (device.open().generation, device.open().folder.name) == (5, "b")


def test_what_was_fetched_is_not_fetched_again_after_any_end(device, publisher):
    device.offer(publisher.generation(2))
    device.fetch(3)
    device.restart()
    assert device.course.wanted().index == 2  # the last piece may be there by its length alone
    device.fetch()
    assert device.course.record.phase == "applying"


def test_the_same_generation_again_and_again_changes_nothing(device, publisher):
    generation = publisher.generation(2)
    device.offer(generation)
    device.fetch(2)
    device.offer(generation)
    assert device.course.wanted().index == 2
    device.fetch()
    device.work()
    device.offer(generation)
    device.restart()
    device.course.served()
    device.offer(generation)
    assert device.course.report()["state"] == "active"


def test_a_newer_generation_takes_the_place_of_one_that_is_being_fetched(device, publisher):
    device.offer(publisher.generation(2))
    device.fetch(2)
    device.offer(publisher.generation(3))
    assert (device.course.wanted().version, device.course.wanted().index) == (3, 0)
    with pytest.raises(UpdateError, match="Version 3 is being fetched"):
        device.offer(publisher.generation(2, 1))
    device.fetch()
    device.work()
    assert device.open().generation == 3


REFUSED: dict[str, tuple[Callable[[Any, Any], bytes], str]] = {
    "nobody's": (lambda p, g: sign(g, [SigningKey.new()]), "does not trust"),
    "unsigned": (lambda p, g: sign(g, []), "does not trust"),
    "cut off": (lambda p, g: p.envelope(g)[:-9], "damaged"),
    "not newer": (lambda p, g: p.envelope(replace(g, version=1)), "never taken"),
    "another model's": (lambda p, g: p.envelope(replace(g, model="other")), "not of 'tiny'"),
    "a later program's": (lambda p, g: p.envelope(replace(g, needs=Needs("9.9"))), "needs alexa-local 9.9"),
    "another board's": (lambda p, g: p.envelope(replace(g, needs=Needs(boards=("mips",)))), "it is for mips"),
    "of another runtime": (lambda p, g: p.envelope(replace(g, needs=Needs(runtimes=("x",)))), "runtimes x"),
    "of other features": (lambda p, g: p.envelope(replace(g, needs=Needs(features="f"))), "features f"),
    "without a package": (lambda p, g: p.envelope(replace(g, packages=())), "no package that fits"),
    "the last key's end": (lambda p, g: p.envelope(replace(g, keys_revoked=(p.key.id,))), "the last key"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_bad_offer_is_refused_with_a_reason_that_is_kept(device, publisher, what, caplog):
    make, why = REFUSED[what]
    envelope = make(publisher, publisher.generation(2))
    for _ in range(3):
        with pytest.raises(UpdateError, match=why):
            device.course.offer(envelope)
    device.restart()
    told = device.course.report()
    assert (told["version"], told["state"]) == (1, "refused") and why in told["why"]
    assert device.course.record.highest == 0 and device.open().generation == 1
    assert len([line for line in caplog.messages if why in line]) == 1


def test_without_a_key_nothing_is_taken(device, publisher):
    (device.keys / "owner.pub").unlink()
    with pytest.raises(UpdateError, match="trusts no key"):
        device.offer(publisher.generation(2))
    (device.keys / "owner.pub").write_text("nonsense")
    with pytest.raises(ConfigError, match=r"owner\.pub"):
        device.offer(publisher.generation(2))


def test_a_key_that_was_revoked_never_counts_again(device, publisher):
    second = SigningKey.new()
    change = replace(publisher.generation(2), keys_added=(second.public,), keys_revoked=(publisher.key.id,))
    device.update(change)
    device.restart()
    device.course.served()
    with pytest.raises(UpdateError, match="does not trust"):
        device.offer(publisher.generation(3))
    device.course.offer(publisher.envelope(publisher.generation(3), second))
    assert device.course.record.phase == "fetching"


def test_a_key_that_is_revoked_in_the_midst_ends_the_course(device, publisher):
    device.offer(publisher.generation(2))
    (device.keys / "owner.pub").unlink()
    device.restart()
    assert device.course.report()["state"] == "refused"
    assert "does not trust" in device.course.report()["why"]


def test_an_older_generation_is_never_taken_even_after_a_rollback(device, publisher):
    for version in (2, 3):
        device.update(publisher.generation(version))
        device.restart()
        device.course.served()
    device.course.go_back()
    assert device.open().generation == 2
    for version in (1, 2, 3):
        with pytest.raises(UpdateError, match="never taken"):
            device.offer(publisher.generation(version), by_owner=True)
    device.course.go_back()
    assert device.open().generation == 1
    with pytest.raises(UpdateError, match="none before it"):
        device.course.go_back()
    device.restart()
    device.update(publisher.generation(4))
    assert device.open().generation == 4


def test_a_forged_piece_is_found_and_the_package_fetched_again_and_then_given_up(device, publisher):
    device.offer(publisher.generation(2))
    for tries in range(MOST_TRIES):
        device.fetch(3)
        while (wanted := device.course.wanted()) and wanted.index < wanted.chunks - 1:
            device.course.put(wanted, bytes(wanted.bytes))
        with pytest.raises(UpdateError, match="not the one that was signed"):
            device.course.put(device.course.wanted(), bytes(device.course.wanted().bytes))
        assert device.course.record.tries == (tries + 1) % MOST_TRIES
    assert device.course.report()["state"] == "refused"
    assert device.course.record.highest == 0
    device.offer(publisher.generation(2))  # from the network, once more
    assert device.course.record.phase == "idle"
    device.offer(publisher.generation(2), by_owner=True)
    device.fetch()
    device.work()
    assert device.open().generation == 2


def test_whole_files_are_fetched_where_a_smaller_package_failed(device, publisher):
    device.offer(publisher.generation(2, 1))
    wanted = device.course.wanted()
    with pytest.raises(UpdateError, match="not the one that was signed"):
        device.course.put(wanted, bytes(wanted.bytes))
    assert device.course.record.target.base == ""
    device.fetch()
    device.work()
    assert device.open().generation == 2


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"x", lambda data: b""])
def test_a_piece_of_a_wrong_length_is_not_taken(device, publisher, change):
    device.offer(publisher.generation(2))
    wanted = device.course.wanted()
    with pytest.raises(UpdateError, match="bytes, not"):
        device.course.put(wanted, change(publisher.piece(wanted.package, wanted.index, wanted.bytes)))
    assert device.course.wanted() == wanted and device.shelf.fetched_bytes() == 0


def test_a_piece_that_nobody_asked_for_is_ignored(device, publisher):
    device.offer(publisher.generation(2))
    wanted = device.course.wanted()
    device.course.put(replace(wanted, index=3), bytes(wanted.bytes))
    assert device.course.wanted() == wanted and device.shelf.fetched_bytes() == 0


def test_a_full_disk_is_told_before_anything_is_fetched(device, publisher, monkeypatch):
    device.offer(publisher.generation(2))
    monkeypatch.setattr(course_module, "KEPT_FREE_BYTES", 1 << 60)
    assert device.course.wanted() is None
    assert "The disk is too full" in device.course.report()["why"]
    monkeypatch.undo()
    device.fetch()
    assert device.course.record.phase == "applying" and device.course.report()["why"] == ""


def test_a_disk_that_fills_up_in_the_midst_hinders_and_spoils_nothing(device, publisher, monkeypatch):
    device.offer(publisher.generation(2))
    device.fetch(2)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    wanted = device.course.wanted()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="disk is full"):
            device.course.put(wanted, publisher.piece(wanted.package, wanted.index, wanted.bytes))
    assert device.course.wanted() == wanted
    device.fetch()
    device.labour.faults.append(StorageError("The disk is full."))
    with pytest.raises(StorageError):
        device.course.work()
    assert device.course.report()["why"] == "The disk is full."
    device.work()
    assert device.open().generation == 2


def test_a_generation_that_fails_its_self_test_is_never_used(device, publisher):
    device.offer(publisher.generation(2))
    device.fetch()
    device.course.work()
    device.labour.faults.append(ModelError("It is off by 3."))
    device.work()
    assert device.course.report()["state"] == "refused" and "off by 3" in device.course.report()["why"]
    assert device.open().generation == 1 and device.course.record.highest == 2


def test_a_process_that_dies_of_a_package_does_so_a_few_times_at_most(device, publisher):
    device.labour.faults += [ModelError("It died (signal 11).")] * MOST_TRIES
    device.offer(publisher.generation(2))
    for _ in range(MOST_TRIES):
        device.fetch()
        device.course.work()
    assert device.course.report()["state"] == "refused" and "signal 11" in device.course.report()["why"]


def test_two_deaths_on_trial_bring_back_what_worked(device, publisher):
    device.update(publisher.generation(2))
    device.restart()
    device.restart()
    assert device.open().generation == 2
    device.restart()
    assert device.open().generation == 1
    with pytest.raises(UpdateError, match="never taken"):
        device.offer(publisher.generation(2), by_owner=True)
    told = device.course.report()
    assert told["state"] == "rolled back" and "died 2 times" in told["why"]  # which the refusal does not hide
    assert "never taken" in told["refusal"]


def test_a_damaged_slot_is_passed_over_and_given_up(device, publisher):
    device.update(publisher.generation(2))
    (device.shelf.slot("a") / "net.bin").write_bytes(b"rotten")
    assert device.open().generation == 1
    device.restart()
    assert device.course.report()["state"] == "rolled back"
    assert "not whole" in device.course.report()["why"]


def test_a_manifest_that_was_changed_in_its_slot_does_not_count(device, publisher):
    device.update(publisher.generation(2))
    manifest = device.shelf.slot("a") / "manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    assert device.open().generation == 1


def test_a_pinned_model_stays_until_it_is_unpinned(device, publisher):
    device.course.pin(True)
    with pytest.raises(UpdateError, match="is pinned"):
        device.offer(publisher.generation(2))
    device.restart()
    assert device.course.report()["pinned"]
    device.course.pin(False)
    device.update(publisher.generation(2))
    assert device.open().generation == 2


def test_what_is_withdrawn_is_not_fetched_any_more(device, publisher):
    device.offer(publisher.generation(2))
    device.course.withdrawn()
    assert device.course.wanted() is None and device.course.record.phase == "idle"


def test_a_newer_release_of_the_program_overtakes_an_update(device, publisher, tmp_path):
    device.update(publisher.generation(2))
    device.restart()
    device.course.served()
    device.shipped = tmp_path / "release"
    publisher.folder(5)
    (device.shipped / "tiny").parent.mkdir()
    publisher.folder(5).rename(device.shipped / "tiny")
    device.restart()
    assert device.open().generation == 5 and device.course.report()["version"] == 5
    with pytest.raises(UpdateError, match="never taken"):
        device.offer(publisher.generation(4))


def test_a_damaged_record_has_the_shipped_model_used_and_nothing_updated(device, publisher):
    device.update(publisher.generation(2))
    (device.shelf.folder / "state.json").write_text("{}")
    assert device.open().generation == 1
    with pytest.raises(StorageError, match="remove the file"):
        device.restart()


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.data())
def test_no_change_of_an_envelope_is_ever_taken(device, publisher, data):
    envelope = bytearray(publisher.envelope(publisher.generation(2)))
    position = data.draw(st.integers(0, len(envelope) - 1))
    change = data.draw(st.sampled_from(["flip", "cut", "insert"]))
    if change == "flip":
        envelope[position] ^= data.draw(st.integers(1, 255))
    elif change == "cut":
        del envelope[position:]
    else:
        envelope[position:position] = data.draw(st.binary(min_size=1, max_size=8))
    try:
        device.course.offer(bytes(envelope))
    except UpdateError:
        pass
    else:  # it means the same, such as a space between two words of JSON
        assert device.course.record.digest == course_module.manifest_digest(publisher.generation(2))
        device.course.go_back()
    assert device.open().generation == 1 and not device.course.record.choice.held


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.data())
def test_no_change_of_a_package_is_ever_applied(device, publisher, data):
    generation: Generation = publisher.generation(2, 1)
    before = snapshot(device.shipped)
    device.course.offer(publisher.envelope(generation), by_owner=True)
    target = device.course.record.target
    package = bytearray(publisher.packages[target.package])
    position = data.draw(st.integers(0, len(package) - 1))
    package[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UpdateError):
        while wanted := device.course.wanted():
            piece = bytes(package[wanted.index * 1024 :][: wanted.bytes])
            device.course.put(wanted, piece)
    device.course.go_back()
    assert device.open().generation == 1 and snapshot(device.shipped) == before
    assert not device.course.record.choice.held
    device.shelf.write(Record())
    device.restart()

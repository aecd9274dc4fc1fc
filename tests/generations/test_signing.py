from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.errors import ConfigError, UpdateError
from alexa_local.generations import FileDigest, Generation, KeyChanges, Package, TrustedKeys, verify
from alexa_local.generations.signing import read_unverified
from alexa_local.generations.signing_key import SigningKey, sign

OWNER, NEXT, STRANGER = SigningKey.new(), SigningKey.new(), SigningKey.new()
TRUSTED = TrustedKeys([OWNER.public])
GENERATION = Generation(
    "asr-en",
    7,
    "2026-11-21T20:15:00Z",
    {"manifest.json": FileDigest("0" * 64, 12)},
    (Package("full", "1" * 64, 100), Package("delta", "2" * 64, 10, 6, "3" * 64)),
)
ENVELOPE = sign(GENERATION, [OWNER])


def test_a_trusted_signature_gives_the_generation_back() -> None:
    assert verify(ENVELOPE, TRUSTED) == GENERATION


def test_one_trusted_signature_among_others_is_enough() -> None:
    assert verify(sign(GENERATION, [STRANGER, OWNER]), TRUSTED) == GENERATION


@pytest.mark.parametrize("signers", [[], [STRANGER]])
def test_nobodys_and_a_strangers_signature_are_refused(signers: list[SigningKey]) -> None:
    with pytest.raises(UpdateError, match="does not trust"):
        verify(sign(GENERATION, signers), TRUSTED)


def test_nothing_is_trusted_without_keys() -> None:
    assert not TrustedKeys()
    with pytest.raises(UpdateError, match="does not trust"):
        verify(ENVELOPE, TrustedKeys())


def test_a_strangers_signature_under_the_owners_name_is_refused() -> None:
    forged = json.loads(sign(GENERATION, [STRANGER]))
    forged["signatures"][0]["key"] = OWNER.id
    with pytest.raises(UpdateError, match="forged"):
        verify(json.dumps(forged).encode(), TRUSTED)


def test_a_wrong_signature_of_a_trusted_key_spoils_a_good_one() -> None:
    forged = json.loads(sign(GENERATION, [OWNER, NEXT]))
    forged["signatures"][1]["signature"] = forged["signatures"][0]["signature"]
    with pytest.raises(UpdateError, match="forged"):
        verify(json.dumps(forged).encode(), TrustedKeys([OWNER.public, NEXT.public]))


def test_a_signature_does_not_move_to_another_manifest() -> None:
    forged = json.loads(ENVELOPE)
    forged["manifest"] = base64.b64encode(replace(GENERATION, version=8).to_bytes()).decode()
    with pytest.raises(UpdateError, match="forged"):
        verify(json.dumps(forged).encode(), TRUSTED)


@given(st.integers(0, len(ENVELOPE) - 1), st.integers(1, 255))
def test_no_changed_byte_gives_another_generation(place: int, change: int) -> None:
    damaged = ENVELOPE[:place] + bytes([ENVELOPE[place] ^ change]) + ENVELOPE[place + 1 :]
    try:
        assert verify(damaged, TRUSTED) == GENERATION
    except UpdateError:
        pass


@given(st.integers(0, len(ENVELOPE) - 1))
def test_no_truncated_envelope_is_taken(length: int) -> None:
    with pytest.raises(UpdateError):
        verify(ENVELOPE[:length], TRUSTED)


@given(st.binary(max_size=200))
def test_noise_is_a_named_error(noise: bytes) -> None:
    with pytest.raises(UpdateError):
        read_unverified(noise)


def test_keys_are_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "one.pub").write_bytes(OWNER.public_pem())
    (tmp_path / "two.pub").write_bytes(NEXT.public_pem())
    (tmp_path / "README").write_text("not a key")
    assert set(TrustedKeys.load(tmp_path).ids) == {OWNER.id, NEXT.id}


def test_without_a_folder_there_are_no_keys(tmp_path: Path) -> None:
    assert not TrustedKeys.load(tmp_path / "nowhere")


def test_every_file_that_is_no_key_is_named(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1()).public_key()
    (tmp_path / "curve.pub").write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "good.pub").write_bytes(OWNER.public_pem())
    (tmp_path / "text.pub").write_text("not a key")
    with pytest.raises(ConfigError, match=r"(?s)curve\.pub is not Ed25519.*text\.pub cannot be read"):
        TrustedKeys.load(tmp_path)


def test_a_private_key_comes_back_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(OWNER.private_pem())
    assert SigningKey.load(tmp_path / "key").id == OWNER.id


@pytest.mark.parametrize("content", [b"", b"not a key", OWNER.public_pem()])
def test_what_is_no_private_key_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError, match="keys new"):
        SigningKey.load(tmp_path / "key")


def test_a_generation_can_hand_over_to_another_key() -> None:
    handing_over = replace(GENERATION, keys_added=(NEXT.public,), keys_revoked=(OWNER.id,))
    keys = TRUSTED.after(verify(sign(handing_over, [OWNER]), TRUSTED))
    assert keys.ids == (NEXT.id,)
    assert verify(sign(GENERATION, [NEXT]), keys) == GENERATION
    with pytest.raises(UpdateError, match="does not trust"):
        verify(ENVELOPE, keys)


def test_a_revoked_key_stays_revoked_when_its_file_is_still_there(tmp_path: Path) -> None:
    (tmp_path / "one.pub").write_bytes(OWNER.public_pem())
    (tmp_path / "two.pub").write_bytes(NEXT.public_pem())
    keys = TrustedKeys.load(tmp_path).after(replace(GENERATION, keys_revoked=(OWNER.id,)))
    assert TrustedKeys.load(tmp_path, keys.changes).ids == (NEXT.id,)


def test_a_revoked_key_is_not_added_again() -> None:
    keys = TrustedKeys([OWNER.public, NEXT.public], KeyChanges(revoked=(NEXT.id,)))
    with pytest.raises(UpdateError, match="was revoked"):
        keys.after(replace(GENERATION, keys_added=(NEXT.public,)))


def test_the_last_key_is_never_revoked() -> None:
    with pytest.raises(UpdateError, match="last key"):
        TRUSTED.after(replace(GENERATION, keys_revoked=(OWNER.id,)))


def test_a_generation_without_key_changes_changes_no_key() -> None:
    assert TRUSTED.after(GENERATION).changes == TRUSTED.changes


def test_a_handover_that_is_repeated_reaches_who_was_there_and_who_was_away() -> None:
    """The broker offers the newest generation alone, so both keys sign until every device has the new one."""
    handing_over = replace(GENERATION, keys_added=(NEXT.public,), keys_revoked=(OWNER.id,))
    envelope = sign(replace(handing_over, version=8), [OWNER, NEXT])
    for keys in (TRUSTED, TRUSTED.after(handing_over)):
        assert keys.after(verify(envelope, keys)).ids == (NEXT.id,)

"""Changing settings in place: the smallest edit, nothing lost, and a refusal where that cannot be had."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from alexa_local.config.edit import edit
from alexa_local.errors import ConfigError

SHIPPED = (Path(__file__).parents[2] / "packaging" / "config.yaml").read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "audio:\n  input_device: usb\n"),
        ("# mine\n", "# mine\naudio:\n  input_device: usb\n"),
        ("# mine", "# mine\naudio:\n  input_device: usb\n"),
        ("wake: {threshold: 0.4}\n", "wake: {threshold: 0.4}\n\naudio:\n  input_device: usb\n"),
        ("audio:\n  input_device: old  # why\n", "audio:\n  input_device: usb  # why\n"),
        ("audio:\n  input_device: 'a: b'\n", "audio:\n  input_device: usb\n"),
        ("audio:\n  input_device:   # none\n", "audio:\n  input_device: usb   # none\n"),
        ("audio:\n  input_device: >\n    long\n    name\n", "audio:\n  input_device: usb\n"),
        (
            "audio:\n    earcons: false # no\n",
            "audio:\n    input_device: usb\n    earcons: false # no\n",
        ),
        ("audio:\n\nwake:\n", "audio:\n  input_device: usb\n\nwake:\n"),
        ("audio: ~\nwake:\n", "audio: \n  input_device: usb\nwake:\n"),
        ("audio: {}\n", "audio: {input_device: usb}\n"),
        ("audio: {earcons: false}\n", "audio: {input_device: usb, earcons: false}\n"),
        ("{wake: {threshold: 0.4}}\n", "{audio: {input_device: usb}, wake: {threshold: 0.4}}\n"),
        ("audio:\n  input_device: usb # it is\n", "audio:\n  input_device: usb # it is\n"),
    ],
)
def test_the_edit_is_the_smallest(before, after):
    assert edit(before, {"audio.input_device": "usb"}) == after


def test_in_the_shipped_file_a_setting_stands_below_its_explanation():
    changes = {"audio.input_device": "usb", "mqtt.host": "broker.home", "privacy.local_only": True}
    edited = edit(SHIPPED, changes)
    added = [line for line in edited.splitlines() if line not in SHIPPED.splitlines()]
    assert added == ["  input_device: usb", "  host: broker.home", "  local_only: true"]
    lines = edited.splitlines()
    assert lines[lines.index("  host: broker.home") - 1].startswith("#  host: ")
    kept = [line for line in lines if line not in added]
    assert kept == SHIPPED.splitlines()


def test_an_unusual_file_is_refused_and_the_owner_told_what_to_write():
    shared = "audio: &a {input_device: x}\nprivacy: {}\nmusic: *a\n"
    with pytest.raises(ConfigError, match="Write `input_device: usb` in its section `audio` yourself"):
        edit(shared, {"audio.input_device": "usb"})


_texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)


@settings(deadline=None, max_examples=60)
@given(_texts, st.sampled_from([SHIPPED, "", "audio: {earcons: true}\n", "audio:\n  input_device: x\n"]))
def test_any_text_is_read_back_as_it_was_given(value, before):
    edited = edit(before, {"audio.input_device": value})
    found = yaml.safe_load(edited)
    assert found["audio"]["input_device"] == value
    rest = yaml.safe_load(before) or {}
    assert {key: one for key, one in found.items() if key != "audio"} == {
        key: one for key, one in rest.items() if key != "audio"
    }

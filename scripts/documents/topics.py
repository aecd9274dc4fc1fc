"""The topics of our own: where they are, what is around their payloads, and what their JSON may hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from alexa_local.daemon.reranking import UNSURE
from alexa_local.daemon.revision import WINDOW_S
from alexa_local.mqtt import Limits, Pace, topics, wire
from alexa_local.mqtt.schema import schema_text
from alexa_local.recognise.lattice_wire import WIRE_BYTES
from scripts.documents.blocks import table

_OF_WORKERS = ("result", "refusal")
_OF_OWNERS = ("state", "event", "command", "command-result", "catalogue")


def reference() -> str:
    """A table with a row for each topic."""
    prefix, device = "alexa-local", "DEVICE"
    return table(
        ("topic", "from, to", "content type", "payload", "retained"),
        [
            (
                f"`{wire.availability_topic(prefix, device)}`",
                "device, anybody",
                "none",
                f"`{wire.ONLINE}`, or `{wire.OFFLINE}`, which the broker says for a device that is gone",
                "yes",
            ),
            (
                f"`{topics.state_topic(prefix, device)}`",
                "device, anybody",
                f"`{topics.JSON_TYPE}`",
                "how it is (`state.json`)",
                "yes",
            ),
            (
                f"`{topics.events_topic(prefix, device)}`",
                "device, anybody",
                f"`{topics.JSON_TYPE}`",
                "what happens (`event.json`)",
                "no",
            ),
            (
                f"`{topics.command_topic(prefix, device)}`",
                "anybody whom the broker lets, device",
                "any",
                "what it is to do (`command.json`)",
                "ignored where it is",
            ),
            (
                f"`{topics.command_result_topic(prefix, device)}`",
                "device, anybody",
                f"`{topics.JSON_TYPE}`",
                "what became of that (`command-result.json`)",
                "no",
            ),
            (
                f"`{topics.catalogue_topic(prefix, device)}`",
                "owner, device",
                "any",
                "what the home has (`catalogue.json`); empty to take it away",
                "best so",
            ),
            (
                f"`{wire.lattice_topic(prefix, device)}`",
                "device, worker",
                f"`{wire.LATTICE_TYPE}`",
                f"all readings of one request in the binary form of `.lat` files, {WIRE_BYTES} bytes at most",
                "no",
            ),
            (
                f"`{wire.result_topic(prefix, device)}`",
                "worker, device",
                f"`{wire.RESULT_TYPE}`",
                "what a worker read, or that it refuses: the schemas below",
                "no",
            ),
        ],
    )


def workers_schemas() -> str:
    """What a worker answers."""
    return _tables(_OF_WORKERS)


def owners_schemas() -> str:
    """What a device and its owner tell each other."""
    return _tables(_OF_OWNERS)


def _tables(names: tuple[str, ...]) -> str:
    """A table of the fields of each JSON payload."""
    parts = []
    for name in names:
        schema = json.loads(schema_text(name))
        rows = [(f"`{field}`", what, about) for field, what, about in _fields(schema, "")]
        parts.append(f"**{schema['title']}** (`{name}.json`)\n\n{table(('field', 'value', 'meaning'), rows)}")
    return "\n\n".join(parts)


def delivery() -> str:
    """How much is kept, how it is repeated, and when a result comes in time."""
    limits, pace = Limits(), Pace()
    return (
        f"- At most {limits.most} requests and {limits.most_bytes // 1024} KiB wait, for "
        f"{limits.most_age_s / 3600:g} hours at most; for lack of room the oldest is deleted.\n"
        "- What was sent least often goes first, and of that the newest. Without an answer it is repeated "
        f"after {pace.first_s:g} s, then after twice as long each time up to {pace.most_s / 60:g} min, "
        f"{100 * pace.jitter:g} % more or less by chance. {pace.window} wait for their answers at once; one "
        f"that is younger than {pace.fresh_s:g} s goes in any case.\n"
        f"- A result counts within {WINDOW_S:g} s after the answer to the request; it changes something only "
        "where nothing was done, and only if it means something else. Later ones are counted and dropped.\n"
        f"- With `unclear`, a request is sent that was not understood, was refused, or was understood with a "
        f"confidence below {UNSURE:g}."
    )


def _fields(schema: Mapping[str, Any], before: str) -> Iterator[tuple[str, str, str]]:
    for name, about in schema["properties"].items():
        needed = "" if name in schema["required"] else ", or missing"
        yield before + name, _value(about) + needed, about.get("description", "")
        inner, place = (about["items"], "[]") if about.get("type") == "array" else (about, "")
        if "properties" in inner:
            yield from _fields({"required": (), **inner}, f"{before}{name}{place}.")


def _value(about: Mapping[str, Any]) -> str:
    """What a field may be, such as "number from 0 to 1"."""
    kind = about.get("type", "any")
    if "enum" in about:
        return ", ".join(f"`{each}`" for each in about["enum"])
    if kind == "array":
        items = about["items"]
        what = "" if "properties" in items else f", each {_value(items)}"
        return f"list of {about['minItems']} to {about['maxItems']}{what}"
    if kind == "object":
        values = about.get("additionalProperties")
        return f"object, each {_value(values)}" if values else "object"
    if kind in ("number", "integer"):
        what = "whole number" if kind == "integer" else "number"
        return f"{what} from {about['minimum']:,} to {about['maximum']:,}".replace(",", " ")
    if kind in ("any", "boolean"):
        return {"any": "see there", "boolean": "true or false"}[kind]
    pattern = f", `{about['pattern']}`" if "pattern" in about else ""
    return f"text of {about.get('minLength', 0)} to {about['maxLength']} characters{pattern}"

"""Checks JSON payloads against the schemas that are shipped beside this file.

The schemas keep to words that mean the same in drafts 7 and 2020-12, as fastjsonschema knows the former.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import fastjsonschema

from alexa_local.errors import MessageError

MOST_JSON_BYTES = 64 * 1024
"""A payload above this is refused before it is read."""


def schema_text(name: str) -> str:
    """The text of one schema, such as "result"."""
    return (importlib.resources.files("alexa_local.mqtt") / "schemas" / f"{name}.json").read_text("utf-8")


def read_json(payload: bytes) -> Mapping[str, Any]:
    """A payload's JSON object.

    Raises:
        MessageError: it is none, or too long.
    """
    if len(payload) > MOST_JSON_BYTES:
        raise MessageError(f"The payload has {len(payload)} bytes; at most {MOST_JSON_BYTES} are read.")
    try:
        value = json.loads(payload, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()  # half a character can be written, but is no text
    except (ValueError, RecursionError) as error:
        raise MessageError("The payload is no JSON. Send what the schema says.") from error
    if not isinstance(value, dict):
        raise MessageError("The payload is no JSON object. Send what the schema says.")
    return value


def check(name: str, value: Mapping[str, Any]) -> None:
    """Compare a value with a schema.

    Raises:
        MessageError: it does not fit; the message names the place, and nothing that was said.
    """
    try:
        _validator(name)(value)
    except fastjsonschema.JsonSchemaValueException as error:
        place = str(error.name).removeprefix("data").lstrip(".") or "the whole"
        raise MessageError(
            f"The payload does not fit the schema {name}.json (at {place}: {error.rule}). Correct its sender."
        ) from error


@functools.cache
def _validator(name: str) -> Callable[[Mapping[str, Any]], object]:
    compiled: Callable[[Mapping[str, Any]], object] = fastjsonschema.compile(json.loads(schema_text(name)))
    return compiled


def _no_number(text: str) -> NoReturn:
    """JSON knows no NaN and no Infinity, but Python reads them."""
    raise ValueError(f"{text} is no number of JSON")

"""Reads address books as phones and mail programs write them: vCard 2.1, 3.0 and 4.0, and CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vobject.base import ContentLine, getLogicalLines, textLineToContentLine
from vobject.icalendar import stringToTextValues

_ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
_KINDS = {
    "cell": "mobile",
    "mobile": "mobile",
    "home": "home",
    "work": "work",
    "office": "work",
    "business": "work",
}


@dataclass
class Entry:
    """One person as a file describes them.

    Attributes:
        line: where the entry begins, counted from 1.
        name: the full name.
        given: first name, "" when the file does not tell.
        family: last name.
        nicknames: other names.
        addresses: (kind, value); kinds are "mobile", "home", "work", "email" and "" for any other number.
    """

    line: int
    name: str = ""
    given: str = ""
    family: str = ""
    nicknames: list[str] = field(default_factory=list)
    addresses: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Problem:
    """Something in a file that could not be used.

    Attributes:
        line: counted from 1.
        text: what is wrong and what became of it.
    """

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


def read_address_book(data: bytes) -> tuple[list[Entry], list[Problem]]:
    """Every entry that can be used, and what is wrong with the others; the content tells the format."""
    text = _decode(data).replace("\r\n", "\n").replace("\r", "\n")
    problems: list[Problem] = []
    if not text.strip():
        return [], [Problem(1, "the file is empty")]
    is_vcard = re.search(r"^BEGIN:VCARD\s*$", text, re.IGNORECASE | re.MULTILINE)
    found = _read_vcards(text, problems) if is_vcard else _read_csv(text, problems)
    entries = []
    for entry in found:
        if entry.name:
            entries.append(entry)
        else:
            problems.append(Problem(entry.line, "an entry without a name; it was left out"))
    return entries, sorted(problems, key=lambda problem: problem.line)


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for encoding in _ENCODINGS[:-1]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode(_ENCODINGS[-1])


def _read_vcards(text: str, problems: list[Problem]) -> Iterator[Entry]:
    lines = text.split("\n")
    entry: Entry | None = None
    for raw, number in getLogicalLines(io.StringIO(text)):
        line = _first_written_line(lines, number)
        try:
            content = textLineToContentLine(raw, line)
        except Exception:  # the library raises whatever its codecs raise
            problems.append(Problem(line, "this line cannot be read; it was left out"))
            continue
        what = (content.name, content.value.strip().upper())
        if what == ("BEGIN", "VCARD"):
            if entry:
                problems.append(Problem(entry.line, "an entry without END:VCARD; it was left out"))
            entry = Entry(line)
        elif what == ("END", "VCARD"):
            if entry:
                yield _completed(entry)
            entry = None
        elif entry:
            _take_property(entry, content)
    if entry:
        problems.append(Problem(entry.line, "an entry without END:VCARD; it was left out"))


def _first_written_line(lines: Sequence[str], number: int) -> int:
    """The library counts from the blank line before; people count from the line itself."""
    number = max(number, 1)
    while number < len(lines) and not lines[number - 1].strip():
        number += 1
    return number


def _take_property(entry: Entry, content: ContentLine) -> None:
    value = content.value.strip()
    if not value:
        return
    if content.name == "FN":
        entry.name = _text(value)
    elif content.name == "N":
        parts = [*stringToTextValues(value, listSeparator=";"), "", ""]
        entry.family, entry.given = _text(parts[0]), _text(parts[1])
    elif content.name in ("NICKNAME", "X-NICKNAME", "X-PHONETIC-NAME"):
        entry.nicknames += [name.strip() for name in stringToTextValues(value) if name.strip()]
    elif content.name == "TEL":
        entry.addresses.append((_kind(content), _number(value)))
    elif content.name == "EMAIL":
        entry.addresses.append(("email", _text(value)))
    elif content.name == "ORG" and not entry.family:
        entry.family = _text(stringToTextValues(value, listSeparator=";")[0])


def _completed(entry: Entry) -> Entry:
    if not entry.name:
        entry.name = " ".join(part for part in (entry.given, entry.family) if part)
    entry.addresses = [(kind, value) for kind, value in entry.addresses if value]
    return entry


def _text(value: str) -> str:
    return " ".join(re.sub(r"\\(.)", lambda match: " " if match[1] in "nN" else match[1], value).split())


def _number(value: str) -> str:
    """`tel:+44-20;ext=5` and `+44 (20)` as digits that a dialler takes, with a leading plus kept."""
    value = re.sub(r"^tel:", "", value.strip(), flags=re.IGNORECASE).split(";")[0]
    digits = re.sub(r"[^\d*#,]", "", value)
    return f"+{digits}" if value.startswith("+") else digits


def _kind(content: ContentLine) -> str:
    written = [*content.params.get("TYPE", []), *content.singletonparams]
    words = [word.strip().casefold() for one in written for word in one.split(",")]
    return _kind_of_words(words)


def _kind_of_words(words: Sequence[str]) -> str:
    """Mobile before home and work: a `work cell` is a mobile phone."""
    kinds = [_KINDS[word] for word in words if word in _KINDS]
    return "mobile" if "mobile" in kinds else next(iter(kinds), "")


def _read_csv(text: str, problems: list[Problem]) -> Iterator[Entry]:
    header_text = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=header_text.count)
    rows = csv.reader(io.StringIO(text.lstrip()), delimiter=delimiter)
    first_line = text[: len(text) - len(text.lstrip())].count("\n") + 1
    try:
        columns = [name.strip().casefold() for name in next(rows)]
        if not any("name" in column for column in columns):
            problems.append(
                Problem(first_line, "expected a header with a column such as `name`, `first name`, `phone`")
            )
            return
        begins = first_line + rows.line_num
        for row in rows:
            if any(cell.strip() for cell in row):
                yield _csv_entry(begins, columns, row)
            begins = first_line + rows.line_num
    except csv.Error as error:
        problems.append(Problem(first_line + rows.line_num - 1, f"{error}; the rest was left out"))


def _csv_entry(line: int, columns: Sequence[str], row: Sequence[str]) -> Entry:
    entry = Entry(line)
    cells = {column: cell.strip() for column, cell in zip(columns, row, strict=False) if cell.strip()}
    for column, cell in cells.items():
        if column in ("name", "full name", "display name", "fn"):
            entry.name = cell
        elif column in ("first name", "given name", "first", "firstname"):
            entry.given = cell
        elif column in ("last name", "family name", "surname", "last", "lastname"):
            entry.family = cell
        elif "nick" in column or column in ("alias", "aliases"):
            entry.nicknames += [name.strip() for name in re.split(r"[,;|]", cell) if name.strip()]
        elif "mail" in column and ("@" in cell):
            entry.addresses += [("email", one.strip()) for one in cell.split(":::")]
        elif _is_phone_column(column):
            words = re.split(r"\W+", f"{column} {cells.get(_label_column(column, cells), '').casefold()}")
            entry.addresses += [(_kind_of_words(words), _number(one)) for one in cell.split(":::")]
    return _completed(entry)


def _is_phone_column(column: str) -> bool:
    words = re.split(r"\W+", column)
    is_number = any(word in words for word in ("phone", "mobile", "tel", "telephone", "number", "cell"))
    return is_number and not any(word in words for word in ("type", "label"))


def _label_column(column: str, cells: dict[str, str]) -> str:
    """`phone 1 - value` has its kind in `phone 1 - label` or `phone 1 - type`."""
    base = column.removesuffix(" - value")
    return next((name for name in (f"{base} - label", f"{base} - type") if name in cells), "")

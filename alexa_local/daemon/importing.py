"""Importing an address book, the same with a daemon and without."""

from __future__ import annotations

from typing import Any

from alexa_local.act.contacts import Contacts


def import_address_book(contacts: Contacts, data: bytes, book: str) -> dict[str, Any]:
    """Import the bytes of a vCard or CSV file into somebody's book; the report is ready for JSON."""
    report = contacts.import_bytes(data, book)
    return {
        "added": report.added,
        "updated": report.updated,
        "problems": [str(one) for one in report.problems],
    }

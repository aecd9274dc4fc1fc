"""The database's tables, as the list of steps that lead to them: step N turns version N into N + 1.

A step that was released is never edited; a change is a new step at the end.
"""

from __future__ import annotations

APPLICATION_ID = 0x414C4F43
"""SQLite's application_id of our files ("ALOC"): another program's database is refused, not migrated."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # due_elapsed_s counts within the boot named by boot_id; due_s is the same moment in wall time.
        # Running: due_s is set. Paused: left_s is set. follows_wall: it was started in an earlier boot.
        """CREATE TABLE timers (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            duration_s REAL NOT NULL CHECK (duration_s > 0),
            due_s REAL,
            due_elapsed_s REAL,
            boot_id TEXT NOT NULL,
            left_s REAL,
            follows_wall INTEGER NOT NULL DEFAULT 0,
            CHECK ((due_s IS NULL) != (left_s IS NULL))
        )""",
        # time is local "HH:MM"; either repeat ("weekdays") or date ("YYYY-MM-DD") is set.
        # Everything up to handled_s has rung or was reported.
        """CREATE TABLE alarms (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            time TEXT NOT NULL,
            repeat TEXT NOT NULL,
            date TEXT,
            handled_s REAL NOT NULL,
            CHECK ((repeat = '') = (date IS NOT NULL))
        )""",
        """CREATE TABLE ringing (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            due_s REAL NOT NULL,
            late_s REAL NOT NULL,
            since_s REAL NOT NULL,
            label TEXT NOT NULL
        )""",
        """CREATE TABLE list_items (
            id INTEGER PRIMARY KEY,
            list TEXT NOT NULL,
            item TEXT NOT NULL,
            UNIQUE (list, item)
        )""",
        """CREATE TABLE contacts (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        )""",
        """CREATE TABLE contact_names (
            contact INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE,
            spoken TEXT NOT NULL,
            written TEXT NOT NULL,
            rank INTEGER NOT NULL,
            PRIMARY KEY (contact, spoken)
        ) WITHOUT ROWID""",
        "CREATE INDEX contact_names_spoken ON contact_names (spoken)",
        """CREATE TABLE contact_addresses (
            contact INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE,
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (contact, position)
        ) WITHOUT ROWID""",
        """CREATE TABLE device_states (
            device TEXT NOT NULL,
            attribute TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (device, attribute)
        ) WITHOUT ROWID""",
        "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    ),
    (
        # Several people's address books: a name is unique within a book; the book "" is everybody's.
        "ALTER TABLE contacts RENAME TO old_contacts",
        "ALTER TABLE contact_names RENAME TO old_names",
        "ALTER TABLE contact_addresses RENAME TO old_addresses",
        "DROP INDEX contact_names_spoken",
        """CREATE TABLE contacts (
            id INTEGER PRIMARY KEY,
            book TEXT NOT NULL COLLATE NOCASE,
            name TEXT NOT NULL,
            UNIQUE (book, name)
        )""",
        """CREATE TABLE contact_names (
            contact INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE,
            spoken TEXT NOT NULL,
            written TEXT NOT NULL,
            rank INTEGER NOT NULL,
            PRIMARY KEY (contact, spoken)
        ) WITHOUT ROWID""",
        """CREATE TABLE contact_addresses (
            contact INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE,
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (contact, position)
        ) WITHOUT ROWID""",
        "INSERT INTO contacts SELECT id, '', name FROM old_contacts",
        "INSERT INTO contact_names SELECT contact, spoken, written, rank FROM old_names",
        "INSERT INTO contact_addresses SELECT contact, position, kind, value FROM old_addresses",
        "DROP TABLE old_names",
        "DROP TABLE old_addresses",
        "DROP TABLE old_contacts",
    ),
    (
        # What waits to be sent. `number` gives the order; the id goes with every repeat and with the answer.
        # queued_elapsed_s counts within the boot named by boot_id; queued_s is the same moment in wall time.
        """CREATE TABLE outbox (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
            payload BLOB NOT NULL,
            queued_s REAL NOT NULL,
            queued_elapsed_s REAL NOT NULL,
            boot_id TEXT NOT NULL
        )""",
    ),
    (
        # What left the device, in sums; topic is empty for what has none.
        """CREATE TABLE traffic (
            hour_s INTEGER NOT NULL,
            kind TEXT NOT NULL,
            what TEXT NOT NULL,
            topic TEXT NOT NULL,
            messages INTEGER NOT NULL,
            payload_bytes INTEGER NOT NULL,
            other_bytes INTEGER NOT NULL,
            last_s REAL NOT NULL,
            PRIMARY KEY (hour_s, kind, what, topic)
        ) WITHOUT ROWID""",
        # When local-only mode was on; without an end while it still is.
        "CREATE TABLE local_only (began_s REAL PRIMARY KEY, ended_s REAL)",
    ),
    (
        # Voices of people, encrypted (alexa_local.speaker.sealing); the key is in a file beside the database.
        """CREATE TABLE voices (
            name TEXT PRIMARY KEY COLLATE NOCASE,
            sealed BLOB NOT NULL
        ) WITHOUT ROWID""",
    ),
)

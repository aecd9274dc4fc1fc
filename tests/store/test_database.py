import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from alexa_local.errors import StorageError
from alexa_local.store import Store, open_store
from alexa_local.store.schema import MIGRATIONS

ROOT = Path(__file__).resolve().parents[2]

WRITE_FOREVER = """
import sys
from alexa_local.store import open_store
store = open_store(sys.argv[1])
for number in range(1, 1_000_000):
    with store.transaction() as connection:
        connection.execute("INSERT INTO list_items (list, item) VALUES ('a', ?)", (str(number),))
        connection.execute("INSERT INTO list_items (list, item) VALUES ('b', ?)", (str(number),))
    print(number, flush=True)
"""

DIE_WHILE_MIGRATING = """
import os, signal, sys
from alexa_local.store import open_store
from alexa_local.store.database import Store
real = Store.transaction
from contextlib import contextmanager
class Deadly:
    def __init__(self, connection): self.connection = connection
    def execute(self, sql):
        if sql.startswith("PRAGMA user_version"):
            os.kill(os.getpid(), signal.SIGKILL)
        return self.connection.execute(sql)
@contextmanager
def transaction(self):
    with real(self) as connection:
        yield Deadly(connection)
Store.transaction = transaction
open_store(sys.argv[1], [("CREATE TABLE one (x)",), ("CREATE TABLE two (x)", "DROP TABLE one")])
"""


def test_what_is_written_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "home.db"
    with open_store(path) as store:
        store.remember("local_only", "on")
        store.remember("local_only", "off")
    with open_store(path) as store:
        assert store.setting("local_only") == "off"
        assert store.setting("nothing", "default") == "default"


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    with open_store(tmp_path / "private" / "home.db") as store:
        store.remember("a", "b")
        for path in (tmp_path / "private").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o700


def test_the_disk_is_used_the_safe_way(tmp_path: Path) -> None:
    with open_store(tmp_path / "home.db") as store:
        assert store.read("PRAGMA journal_mode")[0][0] == "wal"
        assert store.read("PRAGMA synchronous")[0][0] == 2  # FULL
        assert store.read("PRAGMA foreign_keys")[0][0] == 1


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path / "home.db") as store:
        with pytest.raises(ZeroDivisionError), store.transaction():
            store.remember("a", "b")  # joins the transaction around it
            _ = 1 / 0
        assert store.setting("a") == ""
        store.remember("a", "c")
        assert store.setting("a") == "c"


def test_threads_share_one_store(tmp_path: Path) -> None:
    with open_store(tmp_path / "home.db") as store:
        threads = [threading.Thread(target=_write_twenty, args=(store, number)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert store.read("SELECT count(*) FROM list_items")[0][0] == 80


def _write_twenty(store: Store, thread: int) -> None:
    for number in range(20):
        store.write("INSERT INTO list_items (list, item) VALUES (?, ?)", str(thread), str(number))


@pytest.mark.parametrize("commits_before_the_kill", [1, 7, 40])
def test_nothing_committed_is_lost_when_the_process_is_killed(
    tmp_path: Path, commits_before_the_kill: int
) -> None:
    path = tmp_path / "home.db"
    child = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None
    with child, child.stdout as lines:
        for _ in range(commits_before_the_kill):
            lines.readline()
        child.kill()
        said = commits_before_the_kill + len(lines.read().splitlines())
    with open_store(path) as store:
        for name in "ab":
            rows = store.read("SELECT CAST(item AS INTEGER) FROM list_items WHERE list = ? ORDER BY id", name)
            kept = [row[0] for row in rows]
            assert kept in (
                list(range(1, said + 1)),
                list(range(1, said + 2)),
            )  # the last may not have been said
        assert store.read("SELECT count(*) % 2 FROM list_items")[0][0] == 0  # no half transaction


def test_a_killed_migration_leaves_the_version_before_it(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    first, second = ("CREATE TABLE one (x)",), ("CREATE TABLE two (x)", "DROP TABLE one")
    with open_store(path, [first]) as store:
        store.write("INSERT INTO one VALUES (42)")
    child = subprocess.run([sys.executable, "-c", DIE_WHILE_MIGRATING, str(path)], cwd=ROOT)
    assert child.returncode == -9
    with open_store(path, [first]) as store:
        assert store.read("SELECT x FROM one")[0][0] == 42
    with open_store(path, [first, second]) as store:
        assert store.read("SELECT count(*) FROM two")[0][0] == 0
        assert store.read("PRAGMA user_version")[0][0] == 2


def test_every_older_version_reaches_the_present_one(tmp_path: Path) -> None:
    for version in range(len(MIGRATIONS)):
        path = tmp_path / f"{version}.db"
        open_store(path, MIGRATIONS[:version]).close()
        with open_store(path) as store:
            assert store.read("PRAGMA user_version")[0][0] == len(MIGRATIONS)


def test_contacts_of_before_there_were_several_books_are_in_everybodys(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    with open_store(path, MIGRATIONS[:1]) as store:
        store.write("INSERT INTO contacts VALUES (7, 'Ann Jones')")
        store.write("INSERT INTO contact_names VALUES (7, 'mum', 'Mum', 0)")
        store.write("INSERT INTO contact_addresses VALUES (7, 0, 'mobile', '+441')")
        store.write("INSERT INTO list_items (list, item) VALUES ('shopping', 'milk')")
    with open_store(path) as store:
        assert [tuple(row) for row in store.read("SELECT * FROM contacts")] == [(7, "", "Ann Jones")]
        assert [tuple(row) for row in store.read("SELECT * FROM contact_names")] == [(7, "mum", "Mum", 0)]
        assert store.read("SELECT value FROM contact_addresses WHERE contact = 7")[0]["value"] == "+441"
        assert store.read("SELECT count(*) FROM list_items")[0][0] == 1
        assert store.read("PRAGMA foreign_key_check") == []
        store.write("INSERT INTO contacts (book, name) VALUES ('Bob', 'Ann Jones')")
        with pytest.raises(sqlite3.IntegrityError):
            store.write("INSERT INTO contacts (book, name) VALUES ('bob', 'Ann Jones')")
        store.write("DELETE FROM contacts WHERE id = 7")
        assert store.read("SELECT * FROM contact_names") == []


def test_a_newer_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    open_store(path, [*MIGRATIONS, ("CREATE TABLE future (x)",)]).close()
    with pytest.raises(StorageError, match="newer alexa-local"):
        open_store(path)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StorageError, match="another program"):
        open_store(path)


def _text(path: Path) -> None:
    path.write_bytes(b"this was never a database" * 200)


def _scribbled_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    path.write_bytes(bytes(content))


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("damage", [_text, _scribbled_page, _cut_short])
def test_a_damaged_database_is_refused_and_left_untouched(tmp_path: Path, damage) -> None:
    path = tmp_path / "home.db"
    open_store(path).close()
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"damaged.*\bmv "):
        open_store(path)
    assert path.read_bytes() == before


def test_a_log_without_its_database_is_not_thrown_away(tmp_path: Path) -> None:
    """SQLite deletes the log of an empty database, and with it all that was not copied over yet."""
    path = tmp_path / "home.db"
    path.touch()
    log = tmp_path / "home.db-wal"
    log.write_bytes(b"committed work")
    with pytest.raises(StorageError, match="write-ahead log"):
        open_store(path)
    assert log.read_bytes() == b"committed work"


def test_a_full_disk_names_the_remedy_and_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    with open_store(path) as store:
        store.remember("a", "b")
        pages = store.read("PRAGMA page_count")[0][0]
        store.read(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError, match=r"disk is full.*Free some space"):
            store.remember("big", "x" * 100_000)
        assert store.setting("a") == "b"
    with open_store(path) as store:
        assert store.setting("a") == "b"
        assert store.setting("big") == ""


def test_a_read_only_disk_names_the_remedy(tmp_path: Path) -> None:
    with open_store(tmp_path / "home.db") as store:
        store.remember("a", "b")
        store.read("PRAGMA query_only = 1")
        with pytest.raises(StorageError, match="read-only"):
            store.remember("a", "c")
        assert store.setting("a") == "b"


def test_a_folder_that_cannot_be_made_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="Check the folder"):
        open_store(tmp_path / "file" / "home.db")


def test_a_programming_mistake_is_not_dressed_up_as_a_disk_fault(tmp_path: Path) -> None:
    with open_store(tmp_path / "home.db") as store, pytest.raises(sqlite3.OperationalError):
        store.write("INSERT INTO nowhere VALUES (1)")

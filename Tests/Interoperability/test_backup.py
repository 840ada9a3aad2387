"""`mqvi backup` and `mqvi restore` as an administrator types them, beside a running server and without one."""

import contextlib
import os
import pathlib
import sqlite3
import subprocess

import pytest

from conftest import BINARY, Server


def mqvi(*arguments: str) -> tuple[int, str]:
    """Runs a subcommand without the settings of this shell: its exit status and everything it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MQVI_")}
    run = subprocess.run([str(BINARY), *arguments], env=environment, capture_output=True, text=True, timeout=30)
    return run.returncode, run.stdout + run.stderr


@pytest.fixture
def data(tmp_path) -> pathlib.Path:
    """A data directory that outlives the server."""
    return tmp_path / "data"


@pytest.fixture
def server(data):
    server = Server(environment={"MQVI_DATA": str(data)})
    yield server
    assert server.stop() == 0


def tables(path: pathlib.Path) -> list[tuple]:
    """What SQLite itself finds in a file."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return database.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()


def test_a_running_server_is_backed_up_and_a_stopped_one_restored(server, data, tmp_path):
    file = tmp_path / "copy.db"
    status, text = mqvi("backup", str(file), "--data", str(data))
    assert status == 0, text
    assert "found whole" in text and str(file) in text
    assert file.read_bytes().startswith(b"SQLite format 3\0")
    assert file.stat().st_mode & 0o777 == 0o600

    status, text = mqvi("restore", str(file), "--data", str(data))
    assert status == 1
    assert "in use by a running mqvi" in text and "Nothing was changed" in text

    server.stop()
    status, text = mqvi("restore", str(file), "--data", str(data))
    assert status == 0, text
    kept = list(data.glob("mqvi.db.before-*Z"))
    assert len(kept) == 1, "the old database is kept"
    assert tables(data / "mqvi.db") == tables(file) == tables(kept[0])


def test_a_backup_without_a_name_lies_with_the_servers_own(server, data):
    status, text = mqvi("backup", "--data", str(data))
    assert status == 0, text
    named = text.split()[1]
    assert pathlib.Path(named).parent == data / "backups"
    assert tables(pathlib.Path(named)) == tables(data / "mqvi.db")


def test_a_damaged_backup_changes_nothing(server, data, tmp_path):
    file = tmp_path / "copy.db"
    assert mqvi("backup", str(file), "--data", str(data))[0] == 0
    server.stop()
    content = bytearray(file.read_bytes())
    for page in range(2 * 4096, len(content), 4096):
        content[page : page + 500] = bytes([0xA5]) * 500
    file.write_bytes(content)
    database = data / "mqvi.db"
    before = database.read_bytes()
    status, text = mqvi("restore", str(file), "--data", str(data))
    assert status == 1
    assert "is damaged" in text
    assert database.read_bytes() == before


def test_mistakes_are_answered_in_words(tmp_path):
    nothing = str(tmp_path / "nothing")
    text = tmp_path / "text"
    text.write_text("words " * 2000)
    for arguments, status, words in [
        (["backup", "--data", nothing], 1, "there is no database at"),
        (["restore", "--data", nothing], 2, "the backup's file is missing"),
        (["restore", str(tmp_path / "none.db"), "--data", nothing], 1, "there is no database at"),
        (["restore", str(text), "--data", nothing], 1, f"the file is no database: {text}"),
        (["backup", "a", "b", "--data", nothing], 2, "b is not an option here"),
    ]:
        found, output = mqvi(*arguments)
        assert found == status, output
        assert words in output
    assert not os.path.exists(nothing)

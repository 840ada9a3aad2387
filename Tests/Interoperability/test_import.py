"""`mqvi import discord` as an administrator types it: an export in a folder, a stopped server, and what members see then."""

import json
import pathlib

import pytest

from community import PASSWORD, Community, Member
from conftest import Server
from test_backup import mqvi

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc00000030101009d9b47e60000000049454e44ae426082")


def user(number: int, name: str) -> dict:
    return {"id": str(200 + number), "name": name, "discriminator": "0000", "nickname": name.title(), "color": None,
            "isBot": False, "roles": [], "avatarUrl": "https://cdn.discordapp.com/embed/avatars/0.png"}


def message(number: int, text: str, **more) -> dict:
    return {"id": str(500_000 + number), "type": "Default",
            "timestamp": f"2018-05-06T12:{number // 60:02}:{number % 60:02}.25+03:00", "timestampEdited": None,
            "callEndedTimestamp": None, "isPinned": False, "content": text, "author": user(number % 3, f"kisi{number % 3}"),
            "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": [], "inlineEmojis": [], **more}


def attachment(url: str) -> list[dict]:
    return [{"id": "1", "url": url, "fileName": "resim.png", "fileSizeBytes": len(PICTURE)}]


@pytest.fixture
def export(tmp_path) -> pathlib.Path:
    """Twelve hundred messages, more than one transaction takes, and a file that a program wrote badly."""
    folder = tmp_path / "export"
    media = folder / "genel.json_Files"
    media.mkdir(parents=True)
    (media / "resim-1A2B.png").write_bytes(PICTURE)
    (tmp_path / "secret.png").write_bytes(PICTURE)
    messages = [message(number, f"mesaj {number}") for number in range(1200)]
    messages[7]["attachments"] = attachment("genel.json_Files/resim-1A2B.png")
    messages[8]["attachments"] = attachment("../secret.png")
    messages[9]["attachments"] = attachment(str(tmp_path / "secret.png"))
    (folder / "genel.json").write_text(json.dumps({
        "guild": {"id": "100", "name": "Eski Yer", "iconUrl": "x"},
        "channel": {"id": "300", "type": "GuildTextChat", "categoryId": "400", "category": "Eskiler",
                    "name": "eski-genel", "topic": "Her şey"},
        "dateRange": {"after": None, "before": None}, "exportedAt": "2024-05-01T10:00:00+03:00",
        # The exporter can write the youngest first.
        "messages": messages[::-1], "messageCount": len(messages)}, indent=2, ensure_ascii=False))
    (folder / "broken.json").write_text('{"messages": [')
    return folder


def test_an_export_becomes_a_channel_and_a_second_run_adds_nothing(export, tmp_path):
    data = tmp_path / "data"
    community = Community(environment={"MQVI_DATA": str(data)})
    status, text = mqvi("import", "discord", str(export), "--data", str(data))
    assert status == 1 and "in use by a running mqvi" in text, text
    community.stop()

    status, text = mqvi("import", "discord", str(export), "--data", str(data))
    assert status == 0, text
    assert "1200 new" in text and "broken.json" in text and "only administrators see" in text
    assert "attachments   1\n" in text, "files outside the export's folder are nobody's business"
    status, text = mqvi("import", "discord", str(export), "--data", str(data))
    assert status == 0 and "0 new, 1200 there before" in text, text

    second = Community.__new__(Community)
    second.server = Server(environment={
        "MQVI_DATA": str(data), "MQVI_RATE_LIMIT_PERCENT": "0", "MQVI_PASSWORD_COST": "10"})
    try:
        second.owner = Member(second, second.call("POST", "/auth/login", {"username": "sahip", "password": PASSWORD}))
        channel = next(c for c in second.owner.get("/channels")["channels"] if c["name"] == "eski-genel")
        assert channel["topic"] == "Her şey"
        found: list[dict] = []
        while page := second.owner.get(
                f"/channels/{channel['id']}/messages?limit=100"
                + (f"&before={found[-1]['id']}" if found else ""))["messages"]:
            found += page
        assert [m["content"].split("\n")[0] for m in found[::-1]] == [f"mesaj {n}" for n in range(1200)]
        assert found[-1]["created_at"] == "2018-05-06T09:00:00.250Z"
        assert found[-1]["author"]["display_name"] == "Kisi0"
        files = next(m for m in found if m["content"] == "mesaj 7")["attachments"]
        picture = second.call("GET", files[0]["url"].removeprefix("/api"), token=second.owner.token)
        assert picture.status == 200 and picture.body.startswith(PICTURE[:8])
        # Exports do not say who may see a channel.
        member = second.join("ayse")
        assert "eski-genel" not in [c["name"] for c in member.get("/channels")["channels"]]
        assert member.get(f"/channels/{channel['id']}/messages").status == 404
        assert second.owner.get("/audit-log/verify")["valid"] is True
    finally:
        assert second.server.stop() == 0


@pytest.mark.parametrize("words, expected", [
    ([], "say where it comes from"), (["slack", "x"], "say where it comes from"),
    (["discord"], "directory is missing"), (["discord", "/nowhere/at/all"], "is no directory"),
    (["discord", ".", "--fast"], "is not an option"),
])
def test_what_makes_no_sense_is_said_in_words(words, expected):
    status, text = mqvi("import", *words)
    assert status == 2 and expected in text, text

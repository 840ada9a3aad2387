"""The gateway of a running server, through a WebSocket library that is not ours."""

import asyncio
import json
import socket
import urllib.parse
import urllib.request

import pytest
import websockets

from community import Community
from gateway import Gateway


@pytest.fixture(scope="module")
def community():
    running = Community()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def people(community):
    return community.join("ann"), community.join("bob")


def run(scenario):
    """Runs a scenario and closes the connections that it opened, however it ends."""
    opened = []

    async def whole():
        original = Gateway.open.__func__

        async def remember(cls, *arguments, **options):
            one = await original(cls, *arguments, **options)
            opened.append(one)
            return one

        Gateway.open = classmethod(remember)
        try:
            await scenario()
        finally:
            Gateway.open = classmethod(original)
            await asyncio.gather(*(one.close() for one in opened), return_exceptions=True)

    asyncio.run(whole())


async def in_thread(function, *arguments):
    """A request beside the open connections."""
    return await asyncio.to_thread(function, *arguments)


async def say(member, channel, content):
    answer = await in_thread(member.post, f"/channels/{channel}/messages", {"content": content})
    assert answer.status == 201, answer
    return answer["message"]


def counted(community, name) -> int:
    """A number of `/metrics`."""
    text = urllib.request.urlopen(f"{community.server.url}/metrics", timeout=5).read().decode()
    return sum(int(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " "))


def test_ready_comes_first_and_has_everything(community, people):
    ann, _ = people

    async def scenario():
        gateway = await Gateway.open(ann)
        assert gateway.seen[0]["op"] == "ready"
        ready = gateway.ready
        assert ready["user"]["id"] == ann.id
        assert ready["server"]["name"] == "Atölye"
        assert ready["heartbeat_interval"] == 30_000
        assert {community.text, community.voice} <= {channel["id"] for channel in ready["channels"]}
        assert {member["id"] for member in ready["members"]} >= {ann.id, community.owner.id}
        for name in ("categories", "roles", "read_states", "voice_states", "presences"):
            assert isinstance(ready[name], list), name

    run(scenario)


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_without_a_good_token_the_connection_is_closed(community, token):
    class Stranger:
        @staticmethod
        def gateway_url():
            return f"{community.server.ws}/ws?token={token}"

    async def scenario():
        gateway = await Gateway.open(Stranger(), ready=False)
        assert await gateway.expect_close() == 4004
        assert gateway.seen == []

    run(scenario)


def test_a_message_reaches_everybody_with_one_number(community, people):
    ann, bob = people

    async def scenario():
        first, second = await Gateway.open(ann), await Gateway.open(bob)
        message = await say(ann, community.text, "merhaba")
        for gateway in (first, second):
            got = await gateway.expect("message_create", lambda d: d["message"]["id"] == message["id"])
            assert got["message"]["content"] == "merhaba"
        numbers = {
            m["s"] for gateway in (first, second) for m in gateway.seen
            if m["op"] == "message_create" and m["d"]["message"]["id"] == message["id"]}
        assert len(numbers) == 1

    run(scenario)


def test_what_was_missed_comes_once_after_a_resume(community, people):
    ann, bob = people

    async def scenario():
        gateway = await Gateway.open(ann)
        await say(bob, community.text, "before")
        await gateway.expect("message_create", lambda d: d["message"]["content"] == "before")
        await gateway.close()
        missed = [(await say(bob, community.text, f"missed {n}"))["id"] for n in range(5)]
        back = await gateway.resume()
        await back.expect("resumed")
        assert back.all("ready") == []
        assert [d["message"]["id"] for d in back.all("message_create")] == missed
        last = await say(bob, community.text, "after")
        await back.expect("message_create", lambda d: d["message"]["id"] == last["id"])

    run(scenario)


def test_a_session_of_somebody_else_is_not_resumed(community, people):
    ann, bob = people

    async def scenario():
        gateway = await Gateway.open(ann)
        await gateway.close()
        gateway.member = bob
        other = await gateway.resume(ready=True)
        assert other.ready["user"]["id"] == bob.id
        assert other.all("resumed") == []

    run(scenario)


def test_sight_of_a_channel_follows_the_permissions_at_once(community, people):
    ann, _ = people
    owner = community.owner

    async def scenario():
        made = await in_thread(owner.post, "/channels", {"name": "gizli", "type": "text"})
        assert made.status == 201, made
        channel = made["channel"]["id"]
        gateway = await Gateway.open(ann)
        path = f"/channels/{channel}/permissions/members/{ann.id}"
        denied = await in_thread(owner.call, "PUT", path, {"allow": 0, "deny": 1024})
        assert denied.status == 200, denied
        await gateway.expect("channel_delete", lambda d: d["id"] == channel)
        await say(owner, channel, "unseen")
        allowed = await in_thread(owner.call, "DELETE", path)
        assert allowed.status == 200, allowed
        shown = await gateway.expect("channel_create", lambda d: d["channel"]["id"] == channel)
        assert shown["channel"]["name"] == "gizli"
        seen = await say(owner, channel, "seen")
        await gateway.expect("message_create", lambda d: d["message"]["id"] == seen["id"])
        assert [d["message"]["content"] for d in gateway.all("message_create")] == ["seen"]
        gone = await in_thread(owner.call, "DELETE", f"/channels/{channel}")
        assert gone.status == 200, gone
        await gateway.until(lambda: len(gateway.all("channel_delete")) == 2, what="the end of the channel")

    run(scenario)


def test_typing_is_heard_by_others(community, people):
    ann, bob = people

    async def scenario():
        first, second = await Gateway.open(ann), await Gateway.open(bob)
        await first.send("typing", {"channel_id": community.text})
        assert await second.expect("typing_start") == {"user_id": ann.id, "channel_id": community.text}

    run(scenario)


def test_presence_is_seen_by_others_and_kept(community, people):
    _, bob = people
    dilek = community.join("dilek")

    async def scenario():
        watcher = await Gateway.open(bob)
        gateway = await Gateway.open(dilek)
        await watcher.expect("presence_update", lambda d: d == {"user_id": dilek.id, "status": "online"})
        await gateway.send("presence_update", {"status": "dnd"})
        await watcher.expect("presence_update", lambda d: d == {"user_id": dilek.id, "status": "dnd"})
        later = await Gateway.open(bob)
        assert {"user_id": dilek.id, "status": "dnd"} in later.ready["presences"]
        await gateway.close()
        await watcher.expect("presence_update", lambda d: d == {"user_id": dilek.id, "status": "offline"})

        def is_kept():
            user = bob.get(f"/users/{dilek.id}")["user"]
            return user["last_seen_at"] is not None

        for _ in range(100):
            if await in_thread(is_kept):
                break
            await asyncio.sleep(0.1)
        assert await in_thread(is_kept)

    run(scenario)


def test_wrong_messages_are_answered_and_end_the_connection_in_the_end(community, people):
    ann, _ = people

    async def scenario():
        gateway = await Gateway.open(ann)
        await gateway.send("dance")
        error = await gateway.expect("error")
        assert error["code"] == "VALIDATION_ERROR"
        for _ in range(4):
            await gateway.socket.send("{")
        assert await gateway.expect_close() == 4002

    run(scenario)


def test_logging_out_closes_the_connection_at_once(community):
    cem = community.join("cem")

    async def scenario():
        gateway = await Gateway.open(cem)
        answer = await in_thread(cem.post, "/auth/logout")
        assert answer.status == 200, answer
        assert await gateway.expect_close() == 4004

    run(scenario)


def test_who_is_removed_is_disconnected_at_once(community, people):
    ann, _ = people
    emre = community.join("emre")

    async def scenario():
        watcher = await Gateway.open(ann)
        gateway = await Gateway.open(emre)
        answer = await in_thread(community.owner.post, f"/users/{emre.id}/kick")
        assert answer.status == 200, answer
        assert await gateway.expect_close() == 4004
        await watcher.expect("member_leave", lambda d: d["user_id"] == emre.id)

    run(scenario)


def test_a_reader_that_falls_behind_gets_everything_once_when_it_reads_again(community, people):
    """The client stops reading its socket while nine megabytes are said."""
    ann, bob = people

    async def scenario():
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        raw.connect(("127.0.0.1", community.server.http))
        raw.setblocking(False)
        url = f"{community.server.ws}/ws?token={urllib.parse.quote(ann.token)}"
        slow = await websockets.connect(url, sock=raw, max_size=None, max_queue=1)
        assert json.loads(await slow.recv())["op"] == "ready"
        text = "🙂" * 3900
        before = counted(community, "mqvi_gateway_behind_total")
        said = [(await say(bob, community.text, f"{n} {text}"))["id"] for n in range(600)]
        assert counted(community, "mqvi_gateway_behind_total") > before
        got = []
        while len(got) < len(said):
            message = json.loads(await asyncio.wait_for(slow.recv(), 10))
            if message["op"] == "message_create":
                got.append(message["d"]["message"]["id"])
            assert message["op"] != "resync"
        assert got == said
        await slow.close()

    run(scenario)


def test_a_session_that_the_server_does_not_know_begins_anew(community):
    other = Community()
    try:
        async def scenario():
            gateway = await Gateway.open(other.owner)
            await gateway.close()
            gateway.member = community.owner
            fresh = await gateway.resume(ready=True)
            assert fresh.seen[0]["op"] == "ready"

        run(scenario)
    finally:
        other.stop()

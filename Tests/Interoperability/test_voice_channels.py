"""Voice channels with clients that are not ours: the LiveKit SDK comes in with the tokens that members get, and what it may
do is seen by what the others hear."""

import asyncio

import numpy
import pytest
from livekit import rtc

from community import Community
from gateway import Gateway
from sdk import RATE, Client, MovingPicture, Tone, frames, loudest_frequency, run

SPEAK, STREAM, CONNECT = 128, 256, 64
SCREEN = rtc.TrackSource.SOURCE_SCREENSHARE


@pytest.fixture(scope="module")
def community():
    running = Community()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def people(community):
    return [community.join(name) for name in ("ann", "bob", "cem", "deniz")]


@pytest.fixture
def channel(community):
    """A voice channel for this test alone."""
    made = community.owner.post("/channels", {"name": "ses", "type": "voice"})
    assert made.status == 201, made
    yield made["channel"]["id"]
    community.owner.call("DELETE", f"/channels/{made['channel']['id']}")


async def ask(function, *arguments):
    """A request beside the open connections."""
    return await asyncio.to_thread(function, *arguments)


async def token(member, channel):
    answer = await ask(member.post, "/voice/token", {"channel_id": channel})
    assert answer.status == 200, answer
    return answer["voice"]


async def join(member, channel, **options):
    """The member's client comes into the channel."""
    voice = await token(member, channel)
    return await Client().connect(voice["url"], voice["token"], **options)


async def override(community, channel, member, *, allow=0, deny=0):
    path = f"/channels/{channel}/permissions/members/{member.id}"
    answer = await ask(community.owner.call, "PUT", path, {"allow": allow, "deny": deny})
    assert answer.status == 200, answer


async def moderate(community, member, **body):
    answer = await ask(community.owner.call, "PATCH", f"/users/{member.id}/voice", body)
    assert answer.status == 200, answer


async def watch(member):
    """A gateway connection that is closed with everything else of the scenario."""
    import sdk

    gateway = await Gateway.open(member)
    sdk._opened.append(gateway)
    return gateway


async def silence(track, deadline=10):
    """Waits for half a second in which nothing is heard, or nothing comes at all."""

    async def listen():
        quiet = 0
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        try:
            while quiet < RATE / 2:
                try:
                    event = await asyncio.wait_for(anext(stream), 1)
                except (asyncio.TimeoutError, StopAsyncIteration):
                    return
                samples = numpy.frombuffer(event.frame.data, dtype=numpy.int16)
                quiet = quiet + len(samples) if abs(samples.astype(int)).max(initial=0) < 100 else 0
        finally:
            await stream.aclose()

    await asyncio.wait_for(listen(), deadline)


def state(member, **fields):
    """Matches the voice state of a member."""
    return lambda data: data["user_id"] == member.id and all(data[name] == value for name, value in fields.items())


def test_members_hear_each_other_and_everybody_sees_who_is_there(community, people, channel):
    ann, bob, cem, _ = people

    async def scenario():
        gateway = await watch(cem)
        speaker, listener = await join(ann, channel), await join(bob, channel)
        await gateway.expect("voice_state_update", state(ann, channel_id=channel, muted=True))
        await Tone(440).publish(speaker)
        track, _, person = await listener.expect("track_subscribed")
        assert person.identity == ann.id and person.name == "ann"
        assert abs(await loudest_frequency(track) - 440) < 10
        await gateway.expect("voice_state_update", state(ann, muted=False))
        there = (await ask(cem.get, f"/voice/participants/{channel}"))["participants"]
        assert {one["user_id"] for one in there} == {ann.id, bob.id}
        await speaker.close()
        await gateway.expect("voice_state_update", state(ann, channel_id=None))

    run(scenario())


def test_without_speak_nobody_is_heard(community, people, channel):
    ann, bob, *_ = people

    async def scenario():
        await override(community, channel, ann, deny=SPEAK)
        silent, listener = await join(ann, channel), await join(bob, channel)
        with pytest.raises(Exception):
            await asyncio.wait_for(Tone(440).publish(silent), 5)
        await MovingPicture(320, 180).publish(silent)
        track, publication, _ = await listener.expect("track_subscribed")
        assert publication.source == rtc.TrackSource.SOURCE_CAMERA
        await frames(track, 3)

    run(scenario())


def test_losing_speak_silences_at_once(community, people, channel):
    ann, bob, *_ = people

    async def scenario():
        speaker, listener = await join(ann, channel), await join(bob, channel)
        await Tone(440).publish(speaker)
        track, *_ = await listener.expect("track_subscribed")
        await loudest_frequency(track)
        await override(community, channel, ann, deny=SPEAK)
        await listener.expect("track_unsubscribed")
        await listener.expect("track_unpublished")

    run(scenario())


def test_without_connect_there_is_no_token_and_who_loses_it_is_put_out(community, people, channel):
    ann, *_ = people

    async def scenario():
        client = await join(ann, channel)
        await override(community, channel, ann, deny=CONNECT)
        await client.expect("disconnected")
        refused = await ask(ann.post, "/voice/token", {"channel_id": channel})
        assert refused.status == 403, refused

    run(scenario())


def test_a_token_is_not_good_for_more_than_is_allowed_when_it_is_used(community, people, channel):
    ann, bob, *_ = people

    async def scenario():
        voice = await token(ann, channel)
        await override(community, channel, ann, deny=CONNECT)
        with pytest.raises(Exception):
            await Client().connect(voice["url"], voice["token"])

    run(scenario())


def test_a_moderator_mutes_deafens_and_gives_both_back(community, people, channel):
    ann, bob, cem, _ = people

    async def scenario():
        gateway = await watch(cem)
        speaker, listener = await join(ann, channel), await join(bob, channel)
        await Tone(440).publish(speaker)
        await listener.expect("track_subscribed")
        await moderate(community, ann, muted=True)
        await listener.expect("track_unpublished")
        await gateway.expect("voice_state_update", state(ann, server_muted=True, muted=True))
        await moderate(community, ann, muted=False)
        await gateway.expect("voice_state_update", state(ann, server_muted=False))
        await Tone(660).publish(speaker)
        await listener.until(lambda: len(listener.all("track_subscribed")) == 2, what="the second track")
        track = listener.all("track_subscribed")[1][0]
        assert abs(await loudest_frequency(track) - 660) < 10
        await moderate(community, bob, deafened=True)
        await silence(track)
        await moderate(community, bob, deafened=False)
        await listener.until(lambda: len(listener.all("track_subscribed")) == 3, what="the track again")
        assert abs(await loudest_frequency(listener.all("track_subscribed")[2][0]) - 660) < 10

    run(scenario())


def test_a_member_is_moved_and_then_disconnected(community, people, channel):
    ann, _, cem, _ = people

    async def scenario():
        gateway, watcher = await watch(ann), await watch(cem)
        client = await join(ann, channel)
        await moderate(community, ann, channel_id=community.voice)
        move = await gateway.expect("voice_move")
        assert move == {"channel_id": community.voice, "from_channel_id": channel}
        await client.expect("disconnected")
        again = await join(ann, move["channel_id"])
        await watcher.expect("voice_state_update", state(ann, channel_id=community.voice))
        await moderate(community, ann, channel_id=None)
        await again.expect("disconnected")
        await gateway.expect("voice_move", lambda data: data["channel_id"] is None)

    run(scenario())


def test_joining_another_channel_leaves_the_first(community, people, channel):
    ann, *_ = people

    async def scenario():
        first = await join(ann, channel)
        await join(ann, community.voice)
        await first.expect("disconnected")

    run(scenario())


def test_a_full_channel_refuses_the_next(community, people, channel):
    ann, bob, cem, _ = people

    async def scenario():
        changed = await ask(community.owner.call, "PATCH", f"/channels/{channel}", {"user_limit": 2})
        assert changed.status == 200, changed
        client = await join(ann, channel)
        await token(bob, channel)
        refused = await ask(cem.post, "/voice/token", {"channel_id": channel})
        assert (refused.status, refused.code) == (409, "CHANNEL_FULL")
        gateway = await watch(cem)
        await client.close()
        await gateway.expect("voice_state_update", state(ann, channel_id=None))
        await join(cem, channel)

    run(scenario())


def test_a_third_screen_is_refused_until_one_ends(community, people, channel):
    async def scenario():
        gateway = await watch(people[3])
        clients = [await join(member, channel) for member in people[:3]]
        shares = []
        for client in clients[:2]:
            shares.append(await MovingPicture(320, 180).publish(client, SCREEN))
        await gateway.until(lambda: len(gateway.all("voice_stream_start")) == 2, what="two streams")
        for member in people[:2]:
            start = {"user_id": member.id, "channel_id": channel, "stream_type": "screen"}
            assert gateway.all("voice_stream_start").count(start) == 1
        with pytest.raises(Exception):
            await asyncio.wait_for(MovingPicture(320, 180).publish(clients[2], SCREEN), 5)
        await clients[0].room.local_participant.unpublish_track(shares[0].sid)
        await gateway.expect("voice_stream_end", lambda data: data["user_id"] == people[0].id)
        third = Client()
        await clients[2].close()
        voice = await token(people[2], channel)
        await third.connect(voice["url"], voice["token"])
        await MovingPicture(320, 180).publish(third, SCREEN)
        await gateway.expect("voice_stream_start", lambda data: data["user_id"] == people[2].id)
        assert len(gateway.all("voice_stream_start")) == 3

    run(scenario())


def test_kicks_and_the_end_of_a_channel_end_voices(community, people):
    async def scenario():
        owner = community.owner
        made = (await ask(owner.post, "/channels", {"name": "kısa", "type": "voice"}))["channel"]["id"]
        fatma = await ask(community.join, "fatma")
        client = await join(fatma, made)
        kicked = await ask(owner.post, f"/users/{fatma.id}/kick")
        assert kicked.status == 200, kicked
        await client.expect("disconnected")
        other = await join(people[0], made)
        deleted = await ask(owner.call, "DELETE", f"/channels/{made}")
        assert deleted.status == 200, deleted
        await other.expect("disconnected")

    run(scenario())


def test_rooms_of_channels_are_closed_to_guests(community):
    answer = community.call("POST", "/rooms/token", {"room": f"channel:{community.voice}", "name": "stranger"})
    assert answer.status in (400, 403), answer


def test_the_channels_bit_rate_is_in_the_rooms_metadata(community, people, channel):
    import json

    async def scenario():
        changed = await ask(community.owner.call, "PATCH", f"/channels/{channel}", {"bitrate": 96_000})
        assert changed.status == 200, changed
        client = await join(people[0], channel)
        assert json.loads(client.room.metadata)["bitrate"] == 96_000
        await ask(community.owner.call, "PATCH", f"/channels/{channel}", {"bitrate": 32_000})
        await client.expect("room_metadata_changed")
        assert json.loads(client.room.metadata)["bitrate"] == 32_000

    run(scenario())


def test_volumes_follow_the_listener_to_other_devices(community, people):
    ann, bob, *_ = people

    async def scenario():
        gateway = await watch(ann)
        answer = await ask(ann.call, "PUT", f"/users/me/volumes/{bob.id}", {"volume": 150})
        assert answer.status == 200, answer
        assert await gateway.expect("volume_update") == {"user_id": bob.id, "volume": 150}
        kept = (await ask(ann.get, "/users/me/volumes"))["volumes"]
        assert kept == [{"user_id": bob.id, "volume": 150}]

    run(scenario())

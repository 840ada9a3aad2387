"""Clients that lose their connection, or are told to come again: media, data and wishes go on (checklist G)."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap

import pytest
from livekit import rtc

from conftest import token
from sdk import Client, Tone, both_paths, loudest_frequency, run


@pytest.fixture
def server(shared):
    return shared


async def fail(client, scenario):
    await client.room.simulate_scenario(getattr(rtc.SimulateScenarioKind, "SIMULATE_" + scenario))


@both_paths
def test_a_resume_goes_unnoticed_by_the_others_and_loses_nothing(server, room, single):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"), single=single)
        bob = await Client().connect(server.ws, token(room, "bob"), single=single)
        wanted = await Tone(500).publish(alice)
        unwanted = await Tone(900).publish(alice, source=rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO)
        await Tone(700).publish(bob)
        await bob.until(lambda: len(bob.all("track_subscribed")) == 2, what="two tracks")
        heard, _, _ = await alice.expect("track_subscribed")
        bob.room.remote_participants["alice"].track_publications[unwanted.sid].set_subscribed(False)
        tracks = {publication.sid: track for track, publication, _ in bob.all("track_subscribed")}
        before = len(alice.seen)

        async def speak(client):
            for number in range(200):
                await client.room.local_participant.publish_data(f"{number}", reliable=True)
                await asyncio.sleep(0.01)

        talk = [asyncio.ensure_future(speak(alice)), asyncio.ensure_future(speak(bob))]
        await fail(bob, "SIGNAL_RECONNECT")
        await bob.expect("reconnected", deadline=20)
        await asyncio.gather(*talk)
        for client in (alice, bob):
            await client.until(lambda: len(client.all("data_received")) >= 200, what="all packets")
            assert [packet.data for (packet,) in client.all("data_received")] == [b"%d" % n for n in range(200)]
        assert abs(await loudest_frequency(tracks[wanted.sid]) - 500) < 10
        assert abs(await loudest_frequency(heard) - 700) < 10
        assert len(bob.all("track_subscribed")) == 2, "what was unsubscribed stays so"
        noticed = {name for name, _ in alice.seen[before:]}
        assert not noticed & {"participant_disconnected", "participant_connected", "disconnected"}

    run(scenario())


@both_paths
@pytest.mark.parametrize("kind", ["FULL_RECONNECT", "NODE_FAILURE"])
def test_media_goes_on_in_a_new_session(server, room, single, kind):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"), single=single)
        bob = await Client().connect(server.ws, token(room, "bob"), single=single)
        carol = await Client().connect(server.ws, token(room, "carol"), single=single)
        await Tone(500).publish(alice)
        await Tone(800).publish(bob)
        permission = rtc.ParticipantTrackPermission(participant_identity="alice", allow_all=True)
        bob.room.local_participant.set_track_subscription_permissions(
            allow_all_participants=False, participant_permissions=[permission])
        await bob.expect("track_subscribed")
        await alice.expect("track_subscribed")
        await fail(bob, kind)
        await bob.expect("reconnected", deadline=20)
        for client, hertz in ((bob, 500), (alice, 800)):
            await client.until(lambda: len(client.all("track_subscribed")) == 2, deadline=15, what="the track again")
            assert abs(await loudest_frequency(client.all("track_subscribed")[-1][0]) - hertz) < 10
        # Whom the publisher did not admit before is not admitted after.
        latest = alice.all("track_subscribed")[-1][1].sid
        await carol.expect("track_published", lambda publication, _: publication.sid == latest)
        assert latest not in [publication.sid for _, publication, _ in carol.all("track_subscribed")]

    run(scenario())


@both_paths
def test_a_migration_is_resumed(server, room, single):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"), single=single)
        await fail(alice, "MIGRATION")
        await alice.expect("reconnected", deadline=20)

    run(scenario())


@both_paths
def test_a_server_that_leaves_ends_the_session(server, room, single):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"), single=single)
        await fail(alice, "SERVER_LEAVE")
        (reason,) = await alice.expect("disconnected")
        assert reason == rtc.DisconnectReason.SERVER_SHUTDOWN

    run(scenario())


@both_paths
def test_a_simulated_speaker_speaks(server, room, single):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"), single=single)
        await fail(alice, "SPEAKER")
        await alice.expect("active_speakers_changed", lambda speakers: len(speakers) == 1)
        await alice.expect("active_speakers_changed", lambda speakers: not speakers)

    run(scenario())


def test_a_client_that_is_killed_is_gone_within_twenty_seconds(server, room):
    program = textwrap.dedent("""
        import asyncio, sys
        from livekit import rtc

        async def main():
            room = rtc.Room()
            await room.connect(sys.argv[1], sys.argv[2])
            print("connected", flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
    """)

    async def scenario():
        bob = await Client().connect(server.ws, token(room, "bob"))
        victim = subprocess.Popen(
            [sys.executable, "-c", program, server.ws, token(room, "alice")], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        try:
            assert await asyncio.to_thread(victim.stdout.readline) == "connected\n"
            await bob.expect("participant_connected")
        finally:
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()
        (gone,) = await bob.expect("participant_disconnected", deadline=25)
        assert gone.disconnect_reason == rtc.DisconnectReason.CONNECTION_TIMEOUT

    run(scenario())

"""The `livekit` Python SDK with itself, over one peer connection (`/rtc/v1`) and over two (`/rtc`)."""

import asyncio

import pytest
from livekit import rtc

from conftest import token
from sdk import Client, MovingPicture, Tone, frames, loudest_frequency, run

both_paths = pytest.mark.parametrize("single", [True, False], ids=["one-connection", "two-connections"])


async def pair(server, single, **grants):
    alice = await Client().connect(server.ws, token("r", "alice", **grants), single=single)
    bob = await Client().connect(server.ws, token("r", "bob"), single=single)
    return alice, bob


@both_paths
def test_audio_is_heard_both_ways(server, single):
    async def scenario():
        alice, bob = await pair(server, single)
        low, high = Tone(440), Tone(1_000)
        published = await low.publish(alice)
        await high.publish(bob)
        track, publication, participant = await bob.expect("track_subscribed")
        assert participant.identity == "alice"
        assert publication.sid == published.sid
        assert abs(await loudest_frequency(track) - 440) < 10
        track, _, _ = await alice.expect("track_subscribed")
        assert abs(await loudest_frequency(track) - 1_000) < 10
        await asyncio.wait_for(published.wait_for_subscription(), 5)
        await low.stop()
        await high.stop()
        await alice.close()
        await bob.expect("participant_disconnected", lambda gone: gone.identity == "alice")
        await bob.close()

    run(scenario())


@both_paths
@pytest.mark.parametrize("codec", ["VP8", "VP9", "H264", "AV1"])
def test_video_of_every_codec_is_decoded(server, single, codec):
    async def scenario():
        alice, bob = await pair(server, single)
        picture = MovingPicture(640, 360)
        await picture.publish(alice, video_codec=rtc.VideoCodec.Value(codec), simulcast=False)
        track, _, _ = await bob.expect("track_subscribed")
        assert (640, 360) in await frames(track, 20)
        await picture.stop()
        await alice.close()
        await bob.close()

    run(scenario())


@both_paths
def test_simulcast_video_reaches_full_size(server, single):
    async def scenario():
        alice, bob = await pair(server, single)
        picture = MovingPicture(1280, 720)
        await picture.publish(alice, simulcast=True)
        track, _, _ = await bob.expect("track_subscribed")

        async def full():
            while (1280, 720) not in await frames(track, 10):
                pass

        await asyncio.wait_for(full(), 20)
        await picture.stop()
        await alice.close()
        await bob.close()

    run(scenario())


@both_paths
def test_a_late_joiner_gets_what_is_already_there(server, single):
    async def scenario():
        alice = await Client().connect(server.ws, token("r", "alice"), single=single)
        tone, picture = Tone(700), MovingPicture(640, 360)
        await tone.publish(alice)
        await picture.publish(alice)
        bob = await Client().connect(server.ws, token("r", "bob"), single=single)
        track, _, _ = await bob.expect("track_subscribed", lambda track, *_: track.kind == rtc.TrackKind.KIND_AUDIO)
        assert abs(await loudest_frequency(track) - 700) < 10
        track, _, _ = await bob.expect("track_subscribed", lambda track, *_: track.kind == rtc.TrackKind.KIND_VIDEO)
        assert await frames(track, 5)
        await tone.stop()
        await picture.stop()
        await alice.close()
        await bob.close()

    run(scenario())


@both_paths
def test_mute_unmute_and_unpublish_are_seen(server, single):
    async def scenario():
        alice, bob = await pair(server, single)
        tone = Tone(440)
        publication = await tone.publish(alice)
        await bob.expect("track_subscribed")
        publication.track.mute()
        await bob.expect("track_muted")
        publication.track.unmute()
        await bob.expect("track_unmuted")
        await alice.room.local_participant.unpublish_track(publication.sid)
        await bob.expect("track_unpublished")
        again = Tone(600)
        republished = await again.publish(alice)
        assert republished.sid != publication.sid
        track, _, _ = await bob.expect(
            "track_subscribed", lambda _track, publication, _person: publication.sid == republished.sid)
        assert abs(await loudest_frequency(track) - 600) < 10
        await tone.stop()
        await again.stop()
        await alice.close()
        await bob.close()

    run(scenario())


@both_paths
def test_data_packets_reach_the_others_once_and_in_order(server, single):
    async def scenario():
        alice, bob = await pair(server, single)
        for number in range(50):
            await alice.room.local_participant.publish_data(f"{number}", reliable=True, topic="count")
        await bob.until(lambda: sum(name == "data_received" for name, _ in bob.seen) >= 50, what="fifty packets")
        got = [arguments[0].data for name, arguments in bob.seen if name == "data_received"]
        assert got == [f"{number}".encode() for number in range(50)]
        packet = next(arguments[0] for name, arguments in bob.seen if name == "data_received")
        assert packet.participant.identity == "alice" and packet.topic == "count"
        await alice.room.local_participant.publish_data(b"x" * 15_000, reliable=True)
        await bob.expect("data_received", lambda packet: len(packet.data) == 15_000)
        await alice.room.local_participant.publish_data(b"lossy", reliable=False)
        await bob.expect("data_received", lambda packet: packet.data == b"lossy")
        assert not any(name == "data_received" for name, _ in alice.seen)
        await alice.close()
        await bob.close()

    run(scenario())


@both_paths
def test_remote_procedure_calls_and_streams_pass(server, single):
    async def scenario():
        alice, bob = await pair(server, single)

        @bob.room.local_participant.register_rpc_method("double")
        async def double(invocation):
            return str(int(invocation.payload) * 2)

        await alice.until(lambda: "bob" in alice.room.remote_participants, what="bob")
        answer = await alice.room.local_participant.perform_rpc(
            destination_identity="bob", method="double", payload="21")
        assert answer == "42"
        with pytest.raises(rtc.RpcError):
            await alice.room.local_participant.perform_rpc(destination_identity="bob", method="unknown", payload="")

        received = asyncio.get_running_loop().create_future()

        def on_stream(reader, identity):
            async def read():
                received.set_result((identity, await reader.read_all()))

            asyncio.ensure_future(read())

        bob.room.register_text_stream_handler("notes", on_stream)
        text = "merhaba " * 20_000
        await alice.room.local_participant.send_text(text, topic="notes")
        identity, got = await asyncio.wait_for(received, 15)
        assert (identity, got) == ("alice", text)
        await alice.close()
        await bob.close()

    run(scenario())


@both_paths
def test_metadata_name_and_attributes_go_round(server, single):
    async def scenario():
        alice, bob = await pair(server, single, video={"can_update_own_metadata": True})
        await alice.room.local_participant.set_attributes({"mood": "good"})
        await bob.expect("participant_attributes_changed")
        await alice.room.local_participant.set_name("Alice Q")
        await bob.expect("participant_name_changed")
        await alice.room.local_participant.set_metadata("{}")
        await bob.expect("participant_metadata_changed")
        person = bob.room.remote_participants["alice"]
        assert (person.name, person.metadata, person.attributes) == ("Alice Q", "{}", {"mood": "good"})
        await alice.close()
        await bob.close()

    run(scenario())


@both_paths
def test_whoever_speaks_is_announced_and_falls_silent(server, single):
    async def scenario():
        alice, bob = await pair(server, single)
        tone = Tone(300, loudness=0.5)
        await tone.publish(alice)
        await bob.expect("active_speakers_changed", lambda speakers: any(s.identity == "alice" for s in speakers))
        await tone.stop()
        before = len(bob.seen)
        await bob.until(
            lambda: any(name == "active_speakers_changed" and not arguments[0] for name, arguments in bob.seen[before:]),
            what="silence")
        await alice.close()
        await bob.close()

    run(scenario())


@both_paths
def test_a_second_join_of_one_identity_replaces_the_first(server, single):
    async def scenario():
        first = await Client().connect(server.ws, token("r", "alice"), single=single)
        second = await Client().connect(server.ws, token("r", "alice"), single=single)
        (reason,) = await first.expect("disconnected")
        assert reason == rtc.DisconnectReason.DUPLICATE_IDENTITY
        assert second.room.isconnected()
        await second.close()

    run(scenario())


@both_paths
@pytest.mark.parametrize("scenario_name", ["SIMULATE_SIGNAL_RECONNECT", "SIMULATE_FULL_RECONNECT", "SIMULATE_NODE_FAILURE"])
def test_media_goes_on_after_every_kind_of_reconnect(server, single, scenario_name):
    async def scenario():
        alice, bob = await pair(server, single)
        tone = Tone(500)
        await tone.publish(alice)
        track, _, _ = await bob.expect("track_subscribed")
        assert abs(await loudest_frequency(track) - 500) < 10
        kind = getattr(rtc.SimulateScenarioKind, scenario_name)
        await bob.room.simulate_scenario(kind)
        await bob.expect("reconnected", deadline=20)
        subscribed = [arguments for name, arguments in bob.seen if name == "track_subscribed"]
        assert abs(await loudest_frequency(subscribed[-1][0], deadline=15) - 500) < 10
        await tone.stop()
        await alice.close()
        await bob.close()

    run(scenario())


def test_the_two_paths_meet_in_one_room(server):
    async def scenario():
        alice = await Client().connect(server.ws, token("r", "alice"), single=True)
        bob = await Client().connect(server.ws, token("r", "bob"), single=False)
        tone, other = Tone(440), Tone(880)
        await tone.publish(alice)
        await other.publish(bob)
        track, _, _ = await bob.expect("track_subscribed")
        assert abs(await loudest_frequency(track) - 440) < 10
        track, _, _ = await alice.expect("track_subscribed")
        assert abs(await loudest_frequency(track) - 880) < 10
        await tone.stop()
        await other.stop()
        await alice.close()
        await bob.close()

    run(scenario())


@both_paths
def test_a_room_of_six_hears_everybody(server, single):
    async def scenario():
        clients = [
            await Client().connect(server.ws, token("r", f"p{number}"), single=single) for number in range(6)]
        tones = [Tone(300 + 100 * number) for number in range(6)]
        for client, tone in zip(clients, tones):
            await tone.publish(client)
        for client in clients:
            await client.until(
                lambda: sum(name == "track_subscribed" for name, _ in client.seen) == 5, deadline=20, what="five tracks")
        heard = [arguments for name, arguments in clients[0].seen if name == "track_subscribed"]
        for track, _, person in heard:
            expected = 300 + 100 * int(person.identity[1:])
            assert abs(await loudest_frequency(track) - expected) < 10
        for tone in tones:
            await tone.stop()
        for client in clients:
            await client.close()

    run(scenario())


def test_without_permission_nothing_is_published_or_heard(server):
    async def scenario():
        mute = await Client().connect(server.ws, token("r", "mute", video={"can_publish": False}))
        deaf = await Client().connect(server.ws, token("r", "deaf", video={"can_subscribe": False}))
        with pytest.raises(Exception):
            await asyncio.wait_for(Tone(440).publish(mute), 12)
        alice = await Client().connect(server.ws, token("r", "alice"))
        tone = Tone(440)
        await tone.publish(alice)
        await mute.expect("track_subscribed")
        assert not any(name == "track_subscribed" for name, _ in deaf.seen)
        await tone.stop()
        for client in (mute, deaf, alice):
            await client.close()

    run(scenario())

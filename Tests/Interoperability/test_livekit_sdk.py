"""The `livekit` Python SDK with itself, over one peer connection (`/rtc/v1`) and over two (`/rtc`)."""

import asyncio
import random

import pytest
from livekit import rtc

from conftest import token
from sdk import Client, MovingPicture, Tone, both_paths, frames, loudest_frequency, run


@pytest.fixture
def server(shared):
    return shared


async def pair(server, room, single, **grants):
    alice = await Client().connect(server.ws, token(room, "alice", **grants), single=single)
    bob = await Client().connect(server.ws, token(room, "bob"), single=single)
    return alice, bob


@both_paths
def test_audio_is_heard_both_ways(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single)
        published = await Tone(440).publish(alice)
        await Tone(1_000).publish(bob)
        low, publication, participant = await bob.expect("track_subscribed")
        assert participant.identity == "alice"
        assert publication.sid == published.sid
        high, _, _ = await alice.expect("track_subscribed")
        await asyncio.wait_for(published.wait_for_subscription(), 5)
        heard = await asyncio.gather(loudest_frequency(low), loudest_frequency(high))
        assert abs(heard[0] - 440) < 10 and abs(heard[1] - 1_000) < 10
        await alice.close()
        (gone,) = await bob.expect("participant_disconnected")
        assert (gone.identity, gone.disconnect_reason) == ("alice", rtc.DisconnectReason.CLIENT_INITIATED)

    run(scenario())


@both_paths
@pytest.mark.parametrize("codec", ["VP8", "VP9", "H264", "AV1"])
def test_video_of_every_codec_is_decoded(server, room, single, codec):
    async def scenario():
        alice, bob = await pair(server, room, single)
        await MovingPicture(640, 360).publish(alice, video_codec=rtc.VideoCodec.Value(codec), simulcast=False)
        track, _, _ = await bob.expect("track_subscribed")
        assert (640, 360) in await frames(track, 20)

    run(scenario())


@both_paths
def test_simulcast_video_reaches_full_size(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single)
        await MovingPicture(1280, 720).publish(alice, simulcast=True)
        track, _, _ = await bob.expect("track_subscribed")

        async def full():
            while (1280, 720) not in await frames(track, 10):
                pass

        await asyncio.wait_for(full(), 20)

    run(scenario())


@both_paths
def test_a_late_joiner_gets_what_is_already_there(server, room, single):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"), single=single)
        await Tone(700).publish(alice)
        await MovingPicture(640, 360).publish(alice)
        bob = await Client().connect(server.ws, token(room, "bob"), single=single)
        sound, _, _ = await bob.expect("track_subscribed", lambda track, *_: track.kind == rtc.TrackKind.KIND_AUDIO)
        assert abs(await loudest_frequency(sound) - 700) < 10
        sight, _, _ = await bob.expect("track_subscribed", lambda track, *_: track.kind == rtc.TrackKind.KIND_VIDEO)
        assert await frames(sight, 5)

    run(scenario())


@both_paths
def test_mute_unmute_and_unpublish_are_seen(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single)
        publication = await Tone(440).publish(alice)
        await bob.expect("track_subscribed")
        publication.track.mute()
        await bob.expect("track_muted", deadline=1)
        late = await Client().connect(server.ws, token(room, "late"), single=single)
        assert late.room.remote_participants["alice"].track_publications[publication.sid].muted
        publication.track.unmute()
        await bob.expect("track_unmuted", deadline=1)
        await alice.room.local_participant.unpublish_track(publication.sid)
        await bob.expect("track_unpublished")
        republished = await Tone(600).publish(alice)
        assert republished.sid != publication.sid
        track, _, _ = await bob.expect(
            "track_subscribed", lambda _track, publication, _person: publication.sid == republished.sid)
        assert abs(await loudest_frequency(track) - 600) < 10

    run(scenario())


@both_paths
def test_only_what_is_asked_for_comes_without_auto_subscribe(server, room, single):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"), single=single)
        wanted = await Tone(440).publish(alice)
        await Tone(880).publish(alice, source=rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO)
        bob = await Client().connect(server.ws, token(room, "bob"), single=single, auto_subscribe=False)
        publications = bob.room.remote_participants["alice"].track_publications
        await bob.until(lambda: len(publications) == 2, what="two publications")
        for _ in range(2):  # the second time on a section that the first has left
            before = len(bob.all("track_subscribed"))
            publications[wanted.sid].set_subscribed(True)
            await bob.until(lambda: len(bob.all("track_subscribed")) > before, what="the wanted track")
            track, publication, _ = bob.all("track_subscribed")[-1]
            assert publication.sid == wanted.sid
            assert abs(await loudest_frequency(track) - 440) < 10
            publications[wanted.sid].set_subscribed(False)
            await bob.until(lambda: len(bob.all("track_unsubscribed")) > before, what="the end of it")
        assert {publication.sid for _, publication, _ in bob.all("track_subscribed")} == {wanted.sid}

    run(scenario())


@both_paths
def test_a_publisher_chooses_its_audience(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single)
        carol = await Client().connect(server.ws, token(room, "carol"), single=single)
        permission = rtc.ParticipantTrackPermission(participant_identity="carol", allow_all=True)
        alice.room.local_participant.set_track_subscription_permissions(
            allow_all_participants=False, participant_permissions=[permission])
        await Tone(440).publish(alice)
        await carol.expect("track_subscribed")
        await bob.expect("track_published")
        assert not bob.all("track_subscribed")
        alice.room.local_participant.set_track_subscription_permissions(allow_all_participants=True)
        track, _, _ = await bob.expect("track_subscribed")
        assert abs(await loudest_frequency(track) - 440) < 10

    run(scenario())


@both_paths
def test_encrypted_media_and_data_pass_untouched(server, room, single):
    async def scenario():
        def options(key):
            return rtc.E2EEOptions(key_provider_options=rtc.KeyProviderOptions(shared_key=key))

        alice = await Client().connect(server.ws, token(room, "alice"), single=single, encryption=options(b"ours"))
        bob = await Client().connect(server.ws, token(room, "bob"), single=single, encryption=options(b"ours"))
        await Tone(440).publish(alice)
        track, publication, _ = await bob.expect("track_subscribed")
        assert publication.encryption_type == rtc.EncryptionType.GCM
        assert abs(await loudest_frequency(track) - 440) < 10
        await alice.room.local_participant.publish_data(b"secret", reliable=True)
        await bob.expect("data_received", lambda packet: packet.data == b"secret")

    run(scenario())


@both_paths
def test_data_packets_reach_the_others_once_and_in_order(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single)
        carol = await Client().connect(server.ws, token(room, "carol"), single=single)
        send = alice.room.local_participant.publish_data
        for number in range(50):
            await send(f"{number}", reliable=True, topic="count")
        await bob.until(lambda: len(bob.all("data_received")) >= 50, what="fifty packets")
        got = [packet.data for (packet,) in bob.all("data_received")]
        assert got == [f"{number}".encode() for number in range(50)]
        ((packet,), *_) = bob.all("data_received")
        assert packet.participant.identity == "alice" and packet.topic == "count"
        await send(b"x" * 15_000, reliable=True)
        await bob.expect("data_received", lambda packet: len(packet.data) == 15_000)
        await send(b"lossy", reliable=False)
        await bob.expect("data_received", lambda packet: packet.data == b"lossy")
        await send(b"for carol", destination_identities=["carol"])
        await carol.expect("data_received", lambda packet: packet.data == b"for carol")
        await send(b"for all")
        await bob.expect("data_received", lambda packet: packet.data == b"for all")
        assert b"for carol" not in [packet.data for (packet,) in bob.all("data_received")]
        assert not alice.all("data_received")

    run(scenario())


@both_paths
def test_who_may_only_publish_gets_data_over_its_own_channels(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single, video={"can_subscribe": False})
        await bob.room.local_participant.publish_data(b"to alice")
        await alice.expect("data_received", lambda packet: packet.data == b"to alice")
        await Tone(440).publish(bob)
        await Tone(440).publish(alice)
        await bob.expect("track_subscribed")
        assert not alice.all("track_subscribed")

    run(scenario())


@both_paths
def test_without_the_right_to_send_data_nothing_is_forwarded(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single, video={"can_publish_data": False})
        await alice.room.local_participant.publish_data(b"not allowed")
        await bob.room.local_participant.publish_data(b"allowed")
        await alice.expect("data_received", lambda packet: packet.data == b"allowed")
        assert not bob.all("data_received")
        assert alice.room.isconnected()

    run(scenario())


@both_paths
def test_a_hidden_participant_is_unseen_and_unnamed(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single, video={"hidden": True})
        assert "bob" in alice.room.remote_participants or await alice.expect("participant_connected")
        await alice.room.local_participant.publish_data(b"boo")
        (packet,) = await bob.expect("data_received")
        assert packet.participant is None
        assert not bob.room.remote_participants
        await Tone(440).publish(bob)
        await alice.expect("track_subscribed")
        assert not bob.all("local_track_subscribed")

    run(scenario())


@both_paths
def test_remote_procedure_calls_and_streams_pass(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single)

        @bob.room.local_participant.register_rpc_method("double")
        async def double(invocation):
            return str(int(invocation.payload) * 2)

        await alice.until(lambda: "bob" in alice.room.remote_participants, what="bob")
        call = alice.room.local_participant.perform_rpc
        assert await call(destination_identity="bob", method="double", payload="21") == "42"
        with pytest.raises(rtc.RpcError):
            await call(destination_identity="bob", method="unknown", payload="")

        received = asyncio.Queue()

        async def read(kind, reader, identity):
            content = await reader.read_all() if kind == "text" else b"".join([part async for part in reader])
            received.put_nowait((kind, identity, content))

        readers = []
        for kind, register in (
            ("text", bob.room.register_text_stream_handler), ("bytes", bob.room.register_byte_stream_handler)
        ):
            register("notes", lambda *given, kind=kind: readers.append(asyncio.ensure_future(read(kind, *given))))
        # More than a slow receiver takes while it is sent, and nothing that compression makes small.
        text, data = "merhaba " * 125_000, random.Random(1).randbytes(4_000_000)
        await alice.room.local_participant.send_text(text, topic="notes")
        assert await asyncio.wait_for(received.get(), 15) == ("text", "alice", text)
        writer = await alice.room.local_participant.stream_bytes("file", topic="notes")
        await writer.write(data)
        await writer.aclose()
        assert await asyncio.wait_for(received.get(), 30) == ("bytes", "alice", data)

    run(scenario())


@both_paths
def test_data_tracks_carry_frames(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single)
        mine = await alice.room.local_participant.publish_data_track(name="telemetry")
        (theirs,) = await bob.expect("data_track_published")
        assert theirs.info.name == "telemetry" and theirs.publisher_identity == "alice"
        stream = theirs.subscribe()
        got = asyncio.ensure_future(anext(aiter(stream)))
        number = 0
        while not got.done():
            mine.try_push(rtc.DataTrackFrame(payload=b"frame %d" % number))
            number += 1
            await asyncio.wait([got], timeout=0.02)
            assert number < 500, "no frame arrived"
        assert got.result().payload.startswith(b"frame ")
        await mine.unpublish()
        await bob.expect("data_track_unpublished")

    run(scenario())


@both_paths
def test_metadata_name_and_attributes_go_round(server, room, single):
    # An answer that comes before the SDK begins to wait for it is lost to it, and it goes on after 5 s.
    async def scenario():
        alice, bob = await pair(server, room, single, video={"can_update_own_metadata": True})
        await alice.room.local_participant.set_attributes({"mood": "good", "hat": "red"})
        await bob.expect("participant_attributes_changed")
        await alice.room.local_participant.set_attributes({"hat": ""})
        await alice.room.local_participant.set_name("Alice Q")
        await bob.expect("participant_name_changed")
        await alice.room.local_participant.set_metadata("{}")
        await bob.expect("participant_metadata_changed")
        person = bob.room.remote_participants["alice"]
        assert (person.name, person.metadata, person.attributes) == ("Alice Q", "{}", {"mood": "good"})

    run(scenario())


@both_paths
def test_whoever_speaks_is_announced_and_falls_silent(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single)
        tone = Tone(300, loudness=0.5)
        await tone.publish(alice)

        def speaks(speakers):
            return any(speaker.identity == "alice" for speaker in speakers)

        await bob.expect("active_speakers_changed", speaks)
        await alice.expect("active_speakers_changed", speaks)
        await tone.close()
        before = len(bob.all("active_speakers_changed"))
        await bob.until(
            lambda: any(not speaks(speakers) for (speakers,) in bob.all("active_speakers_changed")[before:]),
            deadline=5, what="silence")

    run(scenario())


@both_paths
def test_a_second_join_of_one_identity_replaces_the_first(server, room, single):
    async def scenario():
        first, bob = await pair(server, room, single)
        await bob.until(lambda: "alice" in bob.room.remote_participants, what="alice")
        sid = bob.room.remote_participants["alice"].sid
        second = await Client().connect(server.ws, token(room, "alice"), single=single)
        (reason,) = await first.expect("disconnected")
        assert reason == rtc.DisconnectReason.DUPLICATE_IDENTITY
        assert second.room.isconnected()
        await bob.until(lambda: bob.room.remote_participants["alice"].sid != sid, what="the new session")
        assert list(bob.room.remote_participants) == ["alice"]

    run(scenario())


@both_paths
def test_a_viewer_chooses_the_quality(server, room, single):
    async def scenario():
        alice, bob = await pair(server, room, single)
        await MovingPicture(1280, 720).publish(alice, simulcast=True)
        track, publication, _ = await bob.expect("track_subscribed")

        async def size(wanted):
            while wanted not in await frames(track, 5):
                pass

        for quality, wanted in (("LOW", (320, 180)), ("HIGH", (1280, 720))):
            publication.set_video_quality(rtc.VideoQuality.Value("VIDEO_QUALITY_" + quality))
            await asyncio.wait_for(size(wanted), 10)

    run(scenario())


@both_paths
def test_the_reason_of_a_refusal_reaches_the_application(server, room, single):
    async def scenario():
        with pytest.raises(rtc.ConnectError, match="permissions denied"):
            await Client().connect(server.ws, token(room, "alice", video={"room_join": False}), single=single)

    run(scenario())


def test_the_two_paths_meet_in_one_room(server, room):
    async def scenario():
        alice = await Client().connect(server.ws + "/", token(room, "alice"), single=True)
        bob = await Client().connect(server.ws, token(room, "bob"), single=False)
        await Tone(440).publish(alice)
        await Tone(880).publish(bob)
        low, _, _ = await bob.expect("track_subscribed")
        high, _, _ = await alice.expect("track_subscribed")
        heard = await asyncio.gather(loudest_frequency(low), loudest_frequency(high))
        assert abs(heard[0] - 440) < 10 and abs(heard[1] - 880) < 10

    run(scenario())


@both_paths
def test_a_room_of_six_hears_everybody(server, room, single):
    async def scenario():
        names = [f"p{number}" for number in range(6)]
        clients = [await Client().connect(server.ws, token(room, name), single=single) for name in names]
        for number, client in enumerate(clients):
            await Tone(300 + 100 * number).publish(client)
        for client in clients:
            await client.until(lambda: len(client.all("track_subscribed")) == 5, deadline=20, what="five tracks")
        tracks = {person.identity: track for track, _, person in clients[0].all("track_subscribed")}
        heard = await asyncio.gather(*(loudest_frequency(tracks[name], 20) for name in names[1:]))
        assert [round(hertz, -1) for hertz in heard] == [400, 500, 600, 700, 800]

    run(scenario())


def test_the_quality_of_everybodys_connection_is_told(server, room):
    async def scenario():
        alice, bob = await pair(server, room, True)
        await Tone(440).publish(alice)
        for client in (alice, bob):
            _, quality = await client.expect(
                "connection_quality_changed", lambda person, _: person.identity == "alice", deadline=12)
            assert quality != rtc.ConnectionQuality.QUALITY_LOST

    run(scenario())

"""What the server says to whom, by the bare protocol (checklist B, E, G and H)."""

import asyncio
import time

import pytest
from livekit import api
from livekit.protocol import models, rtc as messages

from bare import Signal, join_request
from conftest import KEY, SECRET, token
from sdk import run

MICROPHONE = dict(type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE)
CAMERA = dict(type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA)
LEAVE = messages.LeaveRequest.Action


@pytest.fixture
def server(shared):
    return shared


def test_the_join_response_says_who_is_there(server, room):
    async def scenario():
        async with Signal(server, room, "alice", attributes={"team": "red"}, metadata="m") as alice:
            assert alice.join.room.name == room and alice.join.room.sid.startswith("RM_")
            assert alice.join.subscriber_primary and alice.join.fast_publish
            assert alice.join.server_info.version and alice.join.ping_interval > 0 and alice.join.ping_timeout > 0
            offer = await alice.expect("offer", deadline=0.5)
            assert offer.id == 1 and "m=application" in offer.sdp and "a=candidate:" in offer.sdp
            assert not alice.all("trickle")
            async with Signal(server, room, "bob") as bob:
                (person,) = bob.join.other_participants
                assert person.sid == alice.sid and person.metadata == "m" and person.attributes == {"team": "red"}
                assert bob.join.room.sid == alice.join.room.sid

    run(scenario())


def test_who_may_not_subscribe_negotiates_its_own_connection_first(server, room):
    async def scenario():
        async with Signal(server, room, "alice", video={"can_subscribe": False}) as alice:
            assert not alice.join.subscriber_primary
            await alice.send(ping=1)
            await alice.expect("pong")
            assert not alice.all("offer")

    run(scenario())


def test_both_pings_are_answered_in_milliseconds(server, room):
    async def scenario():
        async with Signal(server, room, "alice") as alice:
            await alice.send(ping=5)
            await alice.send(ping_req=messages.Ping(timestamp=77))
            pong = await alice.expect("pong")
            answer = await alice.expect("pong_resp")
            assert answer.last_ping_timestamp == 77
            assert abs(answer.timestamp / 1_000 - time.time()) < 5 and abs(pong / 1_000 - time.time()) < 5

    run(scenario())


def test_a_refreshed_token_carries_what_changed_and_lets_in(server, room):
    async def scenario():
        async with Signal(server, room, "alice", video={"can_update_own_metadata": True}) as alice:
            first = await alice.expect("refresh_token")
            await alice.send(update_metadata=messages.UpdateParticipantMetadata(name="Alice Q", request_id=9))
            response = await alice.expect("request_response", lambda response: response.request_id == 9)
            assert response.reason == messages.RequestResponse.OK
            fresh = await alice.expect("refresh_token", lambda made: made != first)
            claims = api.TokenVerifier(KEY, SECRET).verify(fresh)
            assert claims.identity == "alice" and claims.name == "Alice Q" and claims.video.room == room
        async with Signal(server, room, "alice", bearer=fresh) as again:
            assert again.join.participant.name == "Alice Q"

    run(scenario())


def test_a_leave_is_seen_at_once(server, room):
    async def scenario():
        async with Signal(server, room, "alice") as alice, Signal(server, room, "bob") as bob:
            await alice.send(leave=messages.LeaveRequest(reason=models.DisconnectReason.USER_REJECTED))
            gone = await bob.person("alice", lambda person: person.state == models.ParticipantInfo.DISCONNECTED, 1)
            assert gone.disconnect_reason == models.DisconnectReason.USER_REJECTED
            await alice.until(lambda: alice.closed)

    run(scenario())


def test_an_announced_track_is_answered_before_any_media(server, room):
    async def scenario():
        async with Signal(server, room, "alice") as alice:
            await alice.send(add_track=messages.AddTrackRequest(cid="mic", name="voice", **MICROPHONE))
            published = await alice.expect("track_published", deadline=1)
            assert published.cid == "mic" and published.track.sid.startswith("TR_") and published.track.name == "voice"

    run(scenario())


def test_a_source_that_is_not_allowed_is_refused_with_an_echo(server, room):
    async def scenario():
        async with Signal(server, room, "alice", video={"can_publish_sources": ["microphone"]}) as alice:
            await alice.send(add_track=messages.AddTrackRequest(cid="cam", **CAMERA))
            response = await alice.expect("request_response")
            assert response.reason == messages.RequestResponse.NOT_ALLOWED
            assert response.add_track.cid == "cam"
            await alice.send(add_track=messages.AddTrackRequest(cid="mic", **MICROPHONE))
            assert (await alice.expect("track_published")).cid == "mic"

    run(scenario())


def test_the_twenty_first_pending_track_is_one_too_many(server, room):
    async def scenario():
        async with Signal(server, room, "alice") as alice:
            for number in range(21):
                await alice.send(add_track=messages.AddTrackRequest(cid=f"cam{number}", **CAMERA))
            response = await alice.expect("request_response")
            assert response.reason == messages.RequestResponse.LIMIT_EXCEEDED
            assert len(alice.all("track_published")) == 20

    run(scenario())


@pytest.mark.parametrize("handle,name,reason", [
    (0, "x", "INVALID_HANDLE"), (70_000, "x", "INVALID_HANDLE"), (9, "", "INVALID_NAME"),
    (9, "n" * 257, "INVALID_NAME"), (1, "other", "DUPLICATE_HANDLE"), (9, "taken", "DUPLICATE_NAME"),
])
def test_mistakes_in_publishing_a_data_track_have_their_reasons(server, room, handle, name, reason):
    async def scenario():
        async with Signal(server, room, "alice") as alice:
            request = messages.PublishDataTrackRequest
            await alice.send(publish_data_track_request=request(pub_handle=1, name="taken"))
            response = await alice.expect("publish_data_track_response")
            assert response.info.sid.startswith("DTR_")
            await alice.send(publish_data_track_request=request(pub_handle=handle, name=name))
            refusal = await alice.expect("request_response")
            assert refusal.reason == messages.RequestResponse.Reason.Value(reason)
            assert refusal.publish_data_track.pub_handle == handle

    run(scenario())


def test_metadata_needs_the_right_and_has_a_limit(server, room):
    async def scenario():
        async with Signal(server, room, "alice") as alice:
            await alice.send(update_metadata=messages.UpdateParticipantMetadata(metadata="x", request_id=1))
            response = await alice.expect("request_response", lambda response: response.request_id == 1)
            assert response.reason == messages.RequestResponse.NOT_ALLOWED
        async with Signal(server, room, "bob", video={"can_update_own_metadata": True}) as bob:
            large = {"k": "v" * 65_537}
            await bob.send(update_metadata=messages.UpdateParticipantMetadata(attributes=large, request_id=2))
            response = await bob.expect("request_response", lambda response: response.request_id == 2)
            assert response.reason == messages.RequestResponse.LIMIT_EXCEEDED

    run(scenario())


def test_a_mere_listener_is_announced_within_three_seconds_a_replacement_at_once(server, room):
    async def scenario():
        async with Signal(server, room, "alice") as alice, Signal(server, room, "bob") as bob:
            first = await alice.person("bob", deadline=3.5)
            assert first.sid == bob.sid and first.version > 0 and first.joined_at > 0
            async with Signal(server, room, "bob") as again:
                await alice.person("bob", lambda person: person.sid == again.sid, deadline=1)
                leave = await bob.expect("leave")
                assert (leave.action, leave.reason) == (LEAVE.DISCONNECT, models.DisconnectReason.DUPLICATE_IDENTITY)

    run(scenario())


def test_a_resume_of_an_unknown_session_is_refused_by_its_first_frame(server, room):
    async def scenario():
        alice = Signal(server, room, "alice")
        alice.sid = "PA_unknown00000"
        first = await alice.resume()
        assert first.WhichOneof("message") == "leave"
        assert (first.leave.action, first.leave.reason) == (LEAVE.RECONNECT, models.DisconnectReason.STATE_MISMATCH)
        await alice.hang_up()

    run(scenario())


def test_a_resume_is_first_of_all_confirmed_then_told_everything(server, room):
    async def scenario():
        async with Signal(server, room, "carol") as carol, Signal(server, room, "alice") as alice:
            # A second connection may take the session over while the first still stands.
            old = alice.socket
            await carol.send(leave=messages.LeaveRequest())
            first = await alice.resume()
            assert first.WhichOneof("message") == "reconnect"
            assert first.reconnect.server_info.version
            await alice.until(lambda: any(
                update.participants and {person.identity for person in update.participants} >= {"alice"}
                for update in (response.update for response in alice.seen[alice.began:])), what="the full state")
            kinds = [response.WhichOneof("message") for response in alice.seen[alice.began:]]
            assert "room_update" in kinds or await alice.expect("room_update")
            await asyncio.wait_for(old.wait_closed(), 5)

    run(scenario())


def test_a_published_track_that_the_server_does_not_know_is_a_full_reconnect(server, room):
    async def scenario():
        async with Signal(server, room, "alice") as alice:
            track = models.TrackInfo(sid="TR_unknown00000")
            published = messages.TrackPublishedResponse(cid="x", track=track)
            await alice.send(sync_state=messages.SyncState(publish_tracks=[published]))
            leave = await alice.expect("leave")
            assert (leave.action, leave.reason) == (LEAVE.RECONNECT, models.DisconnectReason.STATE_MISMATCH)

    run(scenario())


def test_kinds_are_told_and_agents_do_not_count(server, room):
    async def scenario():
        made = api.AccessToken(KEY, SECRET).with_identity("robot").with_kind("agent").with_grants(
            api.VideoGrants(room_join=True, room=room, agent=True)).to_jwt()
        async with Signal(server, room, "robot", bearer=made), Signal(server, room, "alice") as alice:
            (robot,) = alice.join.other_participants
            assert robot.kind == models.ParticipantInfo.AGENT
            client = api.LiveKitAPI(server.url, KEY, SECRET)
            listed = await client.room.list_rooms(api.ListRoomsRequest(names=[room]))
            await client.aclose()
            assert listed.rooms[0].num_participants == 1

    run(scenario())


def test_rooms_end_when_they_are_empty_and_come_back_as_others(server, room):
    async def scenario():
        client = api.LiveKitAPI(server.url, KEY, SECRET)

        async def names():
            return {found.name for found in (await client.room.list_rooms(api.ListRoomsRequest())).rooms}

        async def ended(name):
            began = time.monotonic()
            while name in await names():
                assert time.monotonic() - began < 4
                await asyncio.sleep(0.1)

        unvisited = room + "-unvisited"
        await client.room.create_room(api.CreateRoomRequest(name=unvisited, empty_timeout=1))
        await client.room.create_room(api.CreateRoomRequest(name=room, departure_timeout=1))
        async with Signal(server, room, "alice") as alice:
            sid = alice.join.room.sid
            await ended(unvisited)
            assert room in await names()
            await alice.send(leave=messages.LeaveRequest())
        await ended(room)
        async with Signal(server, room, "alice") as alice:
            assert alice.join.room.sid != sid
        await client.aclose()

    run(scenario())


def test_the_room_of_a_token_is_set_up_by_the_join_that_creates_it(server, room):
    async def scenario():
        def made(identity, metadata):
            config = api.RoomConfiguration(empty_timeout=7, departure_timeout=8, max_participants=2, metadata=metadata)
            grants = api.VideoGrants(room_join=True, room=room)
            made = api.AccessToken(KEY, SECRET).with_identity(identity).with_grants(grants)
            return made.with_room_config(config).to_jwt()

        async with Signal(server, room, "alice", bearer=made("alice", "first")) as alice:
            found = alice.join.room
            assert (found.empty_timeout, found.departure_timeout, found.max_participants) == (7, 8, 2)
            assert found.metadata == "first"
            async with Signal(server, room, "bob", bearer=made("bob", "second")) as bob:
                assert bob.join.room.metadata == "first"

    run(scenario())


def test_an_offer_on_v1_may_come_after_the_join(server, room):
    async def scenario():
        request = join_request()
        async with Signal(server, room, "alice", path="/rtc/v1", query=f"join_request={request}") as alice:
            assert not alice.join.subscriber_primary
            await alice.send(offer=messages.SessionDescription(type="offer", sdp=OFFER, id=3))
            answer = await alice.expect("answer")
            assert answer.id == 3 and "a=ice-lite" in answer.sdp
            assert not alice.all("offer")

    run(scenario())


OFFER = "\r\n".join([
    "v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789abcdef01234567", "a=fingerprint:sha-256 " + ":".join(["AB"] * 32), "a=setup:actpass",
    "a=mid:0", "a=sctp-port:5000", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789abcdef01234567", "a=fingerprint:sha-256 " + ":".join(["AB"] * 32), "a=setup:actpass",
    "a=mid:1", "a=recvonly", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2", "",
])

"""Every method of RoomService by `livekit-api`, the errors that it knows, and JSON by hand (checklist I)."""

import asyncio
import base64
import contextlib
import json
import urllib.error
import urllib.request

import pytest
from livekit import api, rtc

from conftest import KEY, SECRET, token
from sdk import Client, Tone, both_paths, loudest_frequency, run


@pytest.fixture
def server(shared):
    return shared


@contextlib.asynccontextmanager
async def service(server):
    client = api.LiveKitAPI(server.url, KEY, SECRET)
    try:
        yield client.room
    finally:
        await client.aclose()


def failing(code):
    return pytest.raises(api.TwirpError, match=code) if code else contextlib.nullcontext()


def test_rooms_are_created_listed_changed_and_deleted(server, room):
    async def scenario():
        async with service(server) as rooms:
            made = await rooms.create_room(
                api.CreateRoomRequest(name=room, empty_timeout=60, max_participants=3, metadata="first"))
            assert made.sid.startswith("RM_") and made.max_participants == 3 and made.metadata == "first"
            again = await rooms.create_room(api.CreateRoomRequest(name=room))
            assert again.sid == made.sid and again.empty_timeout == 60
            listed = await rooms.list_rooms(api.ListRoomsRequest(names=[room, "other"]))
            assert [found.name for found in listed.rooms] == [room]
            alice = await Client().connect(server.ws, token(room, "alice"))
            changed = await rooms.update_room_metadata(api.UpdateRoomMetadataRequest(room=room, metadata="second"))
            assert changed.metadata == "second"
            await alice.expect("room_metadata_changed", lambda old, new: (old, new) == ("first", "second"))
            await rooms.delete_room(api.DeleteRoomRequest(room=room))
            names = [found.name for found in (await rooms.list_rooms(api.ListRoomsRequest())).rooms]
            assert room not in names
            with pytest.raises(api.TwirpError) as error:
                await rooms.delete_room(api.DeleteRoomRequest(room=room))
            assert error.value.code == "not_found"

    run(scenario())


def test_participants_are_listed_changed_muted_and_removed(server, room):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"))
        bob = await Client().connect(server.ws, token(room, "bob"))
        publication = await Tone(440).publish(alice)
        await Tone(880).publish(bob)
        await bob.expect("track_subscribed")
        async with service(server) as rooms:
            people = (await rooms.list_participants(api.ListParticipantsRequest(room=room))).participants
            assert sorted(person.identity for person in people) == ["alice", "bob"]
            one = await rooms.get_participant(api.RoomParticipantIdentity(room=room, identity="alice"))
            assert one.tracks[0].sid == publication.sid
            await rooms.update_participant(
                api.UpdateParticipantRequest(
                    room=room, identity="alice", metadata="m", name="A", attributes={"k": "v"}))
            await bob.expect("participant_metadata_changed")
            await bob.expect("participant_attributes_changed")
            await rooms.mute_published_track(
                api.MuteRoomTrackRequest(room=room, identity="alice", track_sid=publication.sid, muted=True))
            await bob.expect("track_muted")
            with pytest.raises(api.TwirpError) as error:
                await rooms.mute_published_track(
                    api.MuteRoomTrackRequest(room=room, identity="alice", track_sid=publication.sid, muted=False))
            assert error.value.code == "failed_precondition"
            await rooms.remove_participant(api.RoomParticipantIdentity(room=room, identity="bob"))
            (reason,) = await bob.expect("disconnected")
            assert reason == rtc.DisconnectReason.PARTICIPANT_REMOVED
            await alice.expect("participant_disconnected")
            for call in (rooms.get_participant, rooms.remove_participant):
                with pytest.raises(api.TwirpError) as error:
                    await call(api.RoomParticipantIdentity(room=room, identity="nobody"))
                assert error.value.code == "not_found"

    run(scenario())


@both_paths
def test_permissions_take_effect_in_a_live_room(server, room, single):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"), single=single)
        bob = await Client().connect(server.ws, token(room, "bob"), single=single)
        await Tone(440).publish(alice)
        await bob.expect("track_subscribed")
        async with service(server) as rooms:

            async def permit(identity, **rights):
                permission = api.ParticipantPermission(can_publish_data=True, **rights)
                await rooms.update_participant(
                    api.UpdateParticipantRequest(room=room, identity=identity, permission=permission))

            await permit("bob", can_publish=True, can_subscribe=False)
            await bob.expect("participant_permissions_changed")
            second = await Tone(880).publish(alice, source=rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO)
            await bob.expect("track_published", lambda publication, _: publication.sid == second.sid)
            assert len(bob.all("track_subscribed")) == 1
            await permit("bob", can_publish=True, can_subscribe=True)
            track, _, _ = await bob.expect("track_subscribed", lambda _, publication, __: publication.sid == second.sid)
            assert abs(await loudest_frequency(track) - 880) < 10
            await permit("alice", can_publish=False, can_subscribe=True)
            await bob.expect("track_unpublished")

    run(scenario())


def test_data_and_calls_from_the_server_arrive(server, room):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"))
        bob = await Client().connect(server.ws, token(room, "bob"))

        async def call(name, **request):
            return await asyncio.to_thread(post, server, name, request, admin(room_admin=True, room=room))

        @alice.room.local_participant.register_rpc_method("hello")
        async def hello(invocation):
            return "hello " + invocation.payload

        async with service(server) as rooms:
            await rooms.send_data(
                api.SendDataRequest(
                    room=room, data=b"news", kind=api.DataPacket.Kind.RELIABLE, topic="t",
                    destination_identities=["alice"]))
            (packet,) = await alice.expect("data_received")
            assert packet.data == b"news" and packet.topic == "t" and packet.participant is None
            # The client chooses the nonce itself, and has no method for calls: both as JSON.
            for text in (b"once", b"again"):
                given = {"room": room, "data": base64.b64encode(text).decode(), "nonce": "AAECAwQFBgcICQoLDA0ODw=="}
                assert await call("SendData", **given) == (200, {})
            await rooms.send_data(api.SendDataRequest(room=room, data=b"last", kind=api.DataPacket.Kind.RELIABLE))
            await bob.expect("data_received", lambda packet: packet.data == b"last")
        assert [packet.data for (packet,) in bob.all("data_received")] == [b"once", b"last"]

        greet = {"destination_identity": "alice", "method": "hello", "payload": "you"}
        assert await call("PerformRpc", room=room, **greet) == (200, {"payload": "hello you"})
        status, error = await call("PerformRpc", room=room, **{**greet, "destination_identity": "nobody"})
        assert (status, error["code"]) == (404, "not_found")

    run(scenario())


def test_deleting_a_room_ends_its_sessions(server, room):
    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"))
        async with service(server) as rooms:
            await rooms.delete_room(api.DeleteRoomRequest(room=room))
        (reason,) = await alice.expect("disconnected")
        assert reason == rtc.DisconnectReason.ROOM_DELETED

    run(scenario())


def test_a_full_room_refuses_the_next(server, room):
    async def scenario():
        async with service(server) as rooms:
            await rooms.create_room(api.CreateRoomRequest(name=room, max_participants=1))
        alice = await Client().connect(server.ws, token(room, "alice"))
        with pytest.raises(rtc.ConnectError):
            await Client().connect(server.ws, token(room, "bob"))

    run(scenario())


def post(server, method, body, bearer=None, service_name="RoomService"):
    request = urllib.request.Request(
        f"{server.url}/twirp/livekit.{service_name}/{method}", data=json.dumps(body).encode(), method="POST",
        headers={"Content-Type": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def admin(**grants):
    return api.AccessToken(KEY, SECRET).with_grants(api.VideoGrants(**grants)).to_jwt()


def test_json_answers_use_proto_names_and_zero_values(server, room):
    status, made = post(server, "CreateRoom", {"name": room, "emptyTimeout": 9}, admin(room_create=True))
    assert status == 200
    assert made["empty_timeout"] == 9 and made["num_participants"] == 0 and isinstance(made["creation_time"], str)


METHODS = [
    ("CreateRoom", {"name": "r"}), ("ListRooms", {}), ("DeleteRoom", {"room": "r"}),
    ("ListParticipants", {"room": "r"}),
    ("GetParticipant", {"room": "r", "identity": "a"}), ("RemoveParticipant", {"room": "r", "identity": "a"}),
    ("MutePublishedTrack", {"room": "r", "identity": "a"}), ("UpdateParticipant", {"room": "r", "identity": "a"}),
    ("UpdateSubscriptions", {"room": "r", "identity": "a"}), ("SendData", {"room": "r"}),
    ("UpdateRoomMetadata", {"room": "r"}), ("PerformRpc", {"room": "r"}),
]


@pytest.mark.parametrize("method,body", METHODS, ids=[row[0] for row in METHODS])
def test_without_the_grant_every_method_refuses(server, method, body):
    for bearer in (None, admin(), admin(room_admin=True, room="other"), token("r", "a")):
        status, error = post(server, method, body, bearer)
        assert (status, error["code"]) == (401, "unauthenticated"), error


def test_unknown_methods_and_services_say_so(server):
    assert post(server, "Nothing", {}, admin())[1]["code"] == "bad_route"
    assert post(server, "Nothing", {}, admin(), "NoService")[1]["code"] == "bad_route"
    for name, method in [("Egress", "ListEgress"), ("Ingress", "ListIngress"), ("SIP", "ListSIPTrunk")]:
        status, error = post(server, method, {}, admin(room_record=True, ingress_admin=True), name)
        assert error["code"] == "unimplemented" and status == 501

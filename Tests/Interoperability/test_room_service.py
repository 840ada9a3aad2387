"""Every method of RoomService by `livekit-api`, the errors that it knows, and JSON by hand (checklist I)."""

import asyncio
import contextlib
import json
import urllib.error
import urllib.request

import pytest
from livekit import api, rtc

from conftest import KEY, SECRET, token
from sdk import Client, Tone, run


@contextlib.asynccontextmanager
async def service(server):
    client = api.LiveKitAPI(server.url, KEY, SECRET)
    try:
        yield client.room
    finally:
        await client.aclose()


def failing(code):
    return pytest.raises(api.TwirpError, match=code) if code else contextlib.nullcontext()


def test_rooms_are_created_listed_changed_and_deleted(server):
    async def scenario():
        async with service(server) as rooms:
            made = await rooms.create_room(
                api.CreateRoomRequest(name="r", empty_timeout=60, max_participants=3, metadata="first"))
            assert made.sid.startswith("RM_") and made.max_participants == 3 and made.metadata == "first"
            again = await rooms.create_room(api.CreateRoomRequest(name="r"))
            assert again.sid == made.sid and again.empty_timeout == 60
            listed = await rooms.list_rooms(api.ListRoomsRequest(names=["r", "other"]))
            assert [room.name for room in listed.rooms] == ["r"]
            changed = await rooms.update_room_metadata(api.UpdateRoomMetadataRequest(room="r", metadata="second"))
            assert changed.metadata == "second"
            await rooms.delete_room(api.DeleteRoomRequest(room="r"))
            assert (await rooms.list_rooms(api.ListRoomsRequest())).rooms == []
            with pytest.raises(api.TwirpError) as error:
                await rooms.delete_room(api.DeleteRoomRequest(room="r"))
            assert error.value.code == "not_found"

    run(scenario())


def test_participants_are_listed_changed_muted_and_removed(server):
    async def scenario():
        alice = await Client().connect(server.ws, token("r", "alice"))
        bob = await Client().connect(server.ws, token("r", "bob"))
        tone = Tone(440)
        publication = await tone.publish(alice)
        await bob.expect("track_subscribed")
        async with service(server) as rooms:
            people = (await rooms.list_participants(api.ListParticipantsRequest(room="r"))).participants
            assert sorted(person.identity for person in people) == ["alice", "bob"]
            one = await rooms.get_participant(api.RoomParticipantIdentity(room="r", identity="alice"))
            assert one.tracks[0].sid == publication.sid
            await rooms.update_participant(
                api.UpdateParticipantRequest(room="r", identity="alice", metadata="m", name="A", attributes={"k": "v"}))
            await bob.expect("participant_metadata_changed")
            await bob.expect("participant_attributes_changed")
            await rooms.mute_published_track(
                api.MuteRoomTrackRequest(room="r", identity="alice", track_sid=publication.sid, muted=True))
            await bob.expect("track_muted")
            with pytest.raises(api.TwirpError) as error:
                await rooms.mute_published_track(
                    api.MuteRoomTrackRequest(room="r", identity="alice", track_sid=publication.sid, muted=False))
            assert error.value.code == "failed_precondition"
            await rooms.update_subscriptions(
                api.UpdateSubscriptionsRequest(
                    room="r", identity="bob", track_sids=[publication.sid], subscribe=False))
            await bob.expect("track_unsubscribed")
            await rooms.remove_participant(api.RoomParticipantIdentity(room="r", identity="bob"))
            (reason,) = await bob.expect("disconnected")
            assert reason == rtc.DisconnectReason.PARTICIPANT_REMOVED
            await alice.expect("participant_disconnected")
            for call in (rooms.get_participant, rooms.remove_participant):
                with pytest.raises(api.TwirpError) as error:
                    await call(api.RoomParticipantIdentity(room="r", identity="nobody"))
                assert error.value.code == "not_found"
        await tone.stop()
        await alice.close()

    run(scenario())


def test_permissions_take_effect_in_a_live_room(server):
    async def scenario():
        alice = await Client().connect(server.ws, token("r", "alice"))
        bob = await Client().connect(server.ws, token("r", "bob"))
        tone = Tone(440)
        await tone.publish(alice)
        await bob.expect("track_subscribed")
        async with service(server) as rooms:
            await rooms.update_participant(
                api.UpdateParticipantRequest(
                    room="r", identity="alice",
                    permission=api.ParticipantPermission(can_subscribe=True, can_publish=False, can_publish_data=True)))
            await bob.expect("track_unpublished")
            await rooms.update_participant(
                api.UpdateParticipantRequest(
                    room="r", identity="bob",
                    permission=api.ParticipantPermission(can_subscribe=False, can_publish=True, can_publish_data=True)))
            await bob.expect("participant_permissions_changed")
        await tone.stop()
        await alice.close()
        await bob.close()

    run(scenario())


def test_data_and_calls_from_the_server_arrive(server):
    async def scenario():
        alice = await Client().connect(server.ws, token("r", "alice"))
        bob = await Client().connect(server.ws, token("r", "bob"))

        @alice.room.local_participant.register_rpc_method("hello")
        async def hello(invocation):
            return "hello " + invocation.payload

        async with service(server) as rooms:
            await rooms.send_data(
                api.SendDataRequest(
                    room="r", data=b"news", kind=api.DataPacket.Kind.RELIABLE, topic="t",
                    destination_identities=["alice"]))
            (packet,) = await alice.expect("data_received")
            assert packet.data == b"news" and packet.topic == "t" and packet.participant is None
            answer = await rooms.perform_rpc(
                api.PerformRpcRequest(room="r", destination_identity="alice", method="hello", payload="you"))
            assert answer.payload == "hello you"
            with pytest.raises(api.TwirpError) as error:
                await rooms.perform_rpc(
                    api.PerformRpcRequest(room="r", destination_identity="nobody", method="hello", payload=""))
            assert error.value.code == "not_found"
        assert not any(name == "data_received" for name, _ in bob.seen)
        await alice.close()
        await bob.close()

    run(scenario())


def test_deleting_a_room_ends_its_sessions(server):
    async def scenario():
        alice = await Client().connect(server.ws, token("r", "alice"))
        async with service(server) as rooms:
            await rooms.delete_room(api.DeleteRoomRequest(room="r"))
        (reason,) = await alice.expect("disconnected")
        assert reason == rtc.DisconnectReason.ROOM_DELETED

    run(scenario())


def test_a_full_room_refuses_the_next(server):
    async def scenario():
        async with service(server) as rooms:
            await rooms.create_room(api.CreateRoomRequest(name="r", max_participants=1))
        alice = await Client().connect(server.ws, token("r", "alice"))
        with pytest.raises(rtc.ConnectError):
            await Client().connect(server.ws, token("r", "bob"))
        await alice.close()

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


def test_json_answers_use_proto_names_and_zero_values(server):
    status, room = post(server, "CreateRoom", {"name": "r", "emptyTimeout": 9}, admin(room_create=True))
    assert status == 200
    assert room["empty_timeout"] == 9 and room["num_participants"] == 0 and isinstance(room["creation_time"], str)


METHODS = [
    ("CreateRoom", {"name": "r"}), ("ListRooms", {}), ("DeleteRoom", {"room": "r"}), ("ListParticipants", {"room": "r"}),
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

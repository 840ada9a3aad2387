"""What receivers of webhooks are told, and in which order: checked by the receiver of `livekit-api` (checklist 105)."""

import asyncio
import http.server
import threading

import pytest
from livekit import api
from livekit.protocol import rtc as messages

from bare import Signal
from conftest import KEY, SECRET, Server, token
from sdk import Client, Tone, run


class Receiver(http.server.ThreadingHTTPServer):
    """Takes events on loopback and verifies them as a backend does. The first of `refusals` answers are errors."""

    def __init__(self):
        self.deliveries = []
        self.refusals = 0
        self.arrived = threading.Condition()
        self.verifier = api.WebhookReceiver(api.TokenVerifier(KEY, SECRET))
        super().__init__(("127.0.0.1", 0), Delivery)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"

    def events(self, room):
        return [event for event, _ in self.deliveries if event.room.name == room]

    def wait(self, room, last, deadline=10):
        """The names of the room's events up to one that is `last`."""
        with self.arrived:
            arrived = self.arrived.wait_for(lambda: any(e.event == last for e in self.events(room)), deadline)
        names = [event.event for event in self.events(room)]
        assert arrived, f"no {last} within {deadline} s; arrived: {names}"
        return names


class Delivery(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        event = self.server.verifier.receive(body, self.headers["Authorization"])
        with self.server.arrived:
            self.server.deliveries.append((event, dict(self.headers)))
            refused = self.server.refusals > 0
            self.server.refusals -= refused
            self.server.arrived.notify_all()
        self.send_response(500 if refused else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture(scope="module")
def watched():
    receiver = Receiver()
    server = Server(environment={
        "MQVI_WEBHOOK_URLS": receiver.url, "MQVI_WEBHOOK_PRIVATE": "1", "MQVI_ROOM_DEPARTURE_TIMEOUT": "1"})
    yield server, receiver
    assert server.stop() == 0
    receiver.shutdown()


def test_a_rooms_life_is_told_in_order(watched, room):
    server, receiver = watched

    async def scenario():
        alice = await Client().connect(server.ws, token(room, "alice"))
        publication = await Tone(440).publish(alice)
        await asyncio.to_thread(receiver.wait, room, "track_published")
        await alice.room.local_participant.unpublish_track(publication.sid)
        await asyncio.to_thread(receiver.wait, room, "track_unpublished")
        await alice.close()

    run(scenario())
    assert receiver.wait(room, "room_finished") == [
        "room_started", "participant_joined", "track_published", "track_unpublished", "participant_left",
        "room_finished"]
    events = receiver.events(room)
    assert len({event.id for event in events}) == 6 and all(event.id.startswith("EV_") for event in events)
    assert len({event.room.sid for event in events}) == 1
    assert events[1].participant.identity == "alice" and events[2].track.sid == events[3].track.sid
    for _, headers in receiver.deliveries:
        assert headers["Content-Type"] == "application/webhook+json"
        assert not headers["Authorization"].startswith("Bearer")


def test_who_never_gets_media_has_not_joined(watched, room):
    server, receiver = watched

    async def scenario():
        async with Signal(server, room, "alice") as alice:
            await alice.send(leave=messages.LeaveRequest())

    run(scenario())
    assert receiver.wait(room, "room_finished") == ["room_started", "participant_connection_aborted", "room_finished"]


def test_a_receiver_that_fails_is_asked_again(watched, room):
    server, receiver = watched
    receiver.refusals = 1

    async def scenario():
        async with Signal(server, room, "alice") as alice:
            await alice.send(leave=messages.LeaveRequest())

    run(scenario())
    names = receiver.wait(room, "room_finished")
    assert names == ["room_started", "room_started", "participant_connection_aborted", "room_finished"]
    first, second = receiver.events(room)[:2]
    assert first.id == second.id

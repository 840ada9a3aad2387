"""A participant by the bare protocol: no SDK and no media, every message of the server on record."""

import asyncio
import base64

from livekit.protocol import rtc as messages
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from conftest import token


def join_request(offer=None, **settings) -> str:
    """The `join_request` parameter of `/rtc/v1`."""
    settings = messages.ConnectionSettings(**{"auto_subscribe": True, **settings})
    request = messages.JoinRequest(connection_settings=settings)
    request.client_info.protocol = 17
    if offer:
        request.publisher_offer.CopyFrom(messages.SessionDescription(type="offer", sdp=offer, id=0))
    wrapped = messages.WrappedJoinRequest(join_request=request.SerializeToString())
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


class Signal:
    """The signalling connection of one participant: `async with Signal(server, room, "alice") as alice`."""

    def __init__(self, server, room, name, *, path="/rtc", query="", bearer=None, **grants):
        self.server = server
        self.room = room
        self.name = name
        self.path = path
        self.query = query or "protocol=17&auto_subscribe=1"
        self.bearer = bearer or token(room, name, **grants)
        self.seen = []
        self.closed = False
        self._changed = asyncio.Event()

    async def __aenter__(self):
        await self.connect()
        first = await self.first()
        assert first.WhichOneof("message") == "join", first
        self.join = first.join
        self.sid = first.join.participant.sid
        return self

    async def __aexit__(self, *_):
        await self.hang_up()

    async def connect(self, extra=""):
        """Opens the connection; whatever the server says from now on is kept."""
        self.closed = False
        address = f"{self.server.ws}{self.path}?{self.query}{extra}"
        self.socket = await connect(address, additional_headers={"Authorization": f"Bearer {self.bearer}"})
        self.began = len(self.seen)
        self._reader = asyncio.create_task(self._read())

    async def resume(self):
        await self.connect(f"&reconnect=1&sid={self.sid}")
        return await self.first()

    async def first(self):
        """The first message of this connection."""
        await self.until(lambda: len(self.seen) > self.began, what="a first message")
        return self.seen[self.began]

    async def hang_up(self):
        """Closes the connection without a word."""
        self._reader.cancel()
        await self.socket.close()

    async def send(self, **field):
        await self.socket.send(messages.SignalRequest(**field).SerializeToString())

    async def _read(self):
        try:
            async for frame in self.socket:
                response = messages.SignalResponse.FromString(frame)
                self.seen.append(response)
                await self.handle(response.WhichOneof("message"), response)
                self._changed.set()
        except ConnectionClosed:
            pass
        self.closed = True
        self._changed.set()

    async def handle(self, kind, response):
        """For those who negotiate."""

    def all(self, kind):
        return [getattr(response, kind) for response in self.seen if response.WhichOneof("message") == kind]

    async def until(self, condition, deadline=5, what="condition"):
        async def search():
            while not condition():
                self._changed.clear()
                await self._changed.wait()

        try:
            await asyncio.wait_for(search(), deadline)
        except asyncio.TimeoutError:
            kinds = [response.WhichOneof("message") for response in self.seen]
            raise AssertionError(f"{what} did not come to {self.name} within {deadline} s; seen: {kinds}") from None

    async def expect(self, kind, matches=lambda message: True, deadline=5):
        """The first message of this kind that matches, seen already or still to come."""
        found = lambda: next((message for message in self.all(kind) if matches(message)), None)  # noqa: E731
        await self.until(lambda: found() is not None, deadline, kind)
        return found()

    async def person(self, identity, matches=lambda person: True, deadline=5):
        """The first state of a participant that matches, as told by updates."""
        states = lambda: [  # noqa: E731
            person for update in self.all("update") for person in update.participants
            if person.identity == identity and matches(person)]
        await self.until(states, deadline, identity)
        return states()[0]

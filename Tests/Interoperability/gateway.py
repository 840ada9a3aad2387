"""A client of the gateway `/ws` that keeps everything it is told, so that a test can wait for what already happened."""

import asyncio
import contextlib
import json

import websockets


class Gateway:
    def __init__(self, member):
        self.member = member
        self.seen: list[dict] = []
        self.closed: int | None = None
        self._changed = asyncio.Event()
        self._reader = None
        self.socket = None

    @classmethod
    async def open(cls, member, query: str = "", ready: bool = True) -> "Gateway":
        """Connects as `member`; with `ready`, waits until the gateway has said what there is."""
        self = cls(member)
        self.socket = await websockets.connect(member.gateway_url() + query, max_size=None)
        self._reader = asyncio.create_task(self._read())
        if ready:
            await self.expect("ready")
        return self

    async def resume(self, ready: bool = False) -> "Gateway":
        """A new connection that goes on where this one stopped."""
        return await Gateway.open(
            self.member, f"&session={self.ready['session_id']}&seq={self.sequence}", ready=ready)

    async def _read(self):
        try:
            async for text in self.socket:
                self.seen.append(json.loads(text))
                self._changed.set()
        except websockets.ConnectionClosed:
            pass
        self.closed = self.socket.close_code
        self._changed.set()

    @property
    def ready(self) -> dict:
        return next(message["d"] for message in self.seen if message["op"] == "ready")

    @property
    def sequence(self) -> int:
        return max(message.get("s", 0) for message in self.seen)

    def all(self, op: str) -> list[dict]:
        return [message.get("d") for message in self.seen if message["op"] == op]

    async def send(self, op: str, data=None):
        await self.socket.send(json.dumps({"op": op} if data is None else {"op": op, "d": data}))

    async def until(self, condition, deadline: float = 10, what: str = "condition"):
        """Waits until `condition()` holds; asked again after every message."""

        async def search():
            while not condition():
                self._changed.clear()
                await self._changed.wait()

        try:
            await asyncio.wait_for(search(), deadline)
        except asyncio.TimeoutError:
            ops = [message["op"] for message in self.seen]
            raise AssertionError(f"{what} did not come true within {deadline} s; seen: {ops}") from None

    async def expect(self, op: str, matches=lambda data: True, deadline: float = 10):
        """`d` of the first message of this kind that matches, seen already or still to come."""
        await self.until(lambda: any(matches(data) for data in self.all(op)), deadline, op)
        return next(data for data in self.all(op) if matches(data))

    async def expect_close(self, deadline: float = 10) -> int:
        await self.until(lambda: self.closed is not None, deadline, "the end of the connection")
        return self.closed

    async def settle(self):
        """Waits until everything that the gateway had to say so far has come: its answer comes after it."""
        count = len(self.all("heartbeat_ack"))
        await self.send("heartbeat")
        await self.until(lambda: len(self.all("heartbeat_ack")) > count, what="heartbeat_ack")

    async def close(self):
        with contextlib.suppress(Exception):
            await self.socket.close()
        if self._reader:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader

"""Chat under load, measured from outside: a message's way to the last of many gateway connections, what idle connections
cost, and what a storm of logins does to both. Run by `scripts/bench gateway`.

One account holds at most 16 connections, so a thousand of them are 63 members: the server sends as much as for a thousand
members, and asks the evaluator less often.
"""

import argparse
import base64
import json
import os
import pathlib
import selectors
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "Interoperability"))
from community import PASSWORD, Community  # noqa: E402

PER_ACCOUNT = 16


class Connection:
    """One gateway connection, read as bytes: only the marks of our own messages are looked for."""

    def __init__(self, community: Community, token: str, address: str):
        self.socket = socket.create_connection(("127.0.0.1", community.server.http), source_address=(address, 0))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f"GET /ws?token={token} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.tail = b""

    def read_until(self, mark: bytes, deadline: float = 20):
        self.socket.settimeout(deadline)
        seen = b""
        while mark not in seen:
            part = self.socket.recv(65536)
            if not part:
                raise ConnectionError(seen[-200:])
            seen = (seen + part)[-200_000:]
        self.socket.setblocking(False)


class Crowd:
    """Connections that note when each message arrived at each of them."""

    def __init__(self, connections: list[Connection]):
        self.selector = selectors.EpollSelector()
        for connection in connections:
            self.selector.register(connection.socket, selectors.EVENT_READ, connection)
        self.count = len(connections)
        self.arrived: dict[bytes, int] = {}
        self.last: dict[bytes, float] = {}

    def listen(self, until: float, total: int):
        """Reads until every mark has arrived everywhere, or until then."""
        left = total * self.count
        while left > 0 and time.monotonic() < until:
            for key, _ in self.selector.select(0.05):
                connection = key.data
                part = connection.tail + connection.socket.recv(262_144)
                now = time.monotonic()
                place = part.find(b"<<")
                while place >= 0 and place + 10 <= len(part):
                    mark = part[place:place + 10]
                    self.arrived[mark] = self.arrived.get(mark, 0) + 1
                    self.last[mark] = now
                    left -= 1
                    place = part.find(b"<<", place + 10)
                # A mark that was cut in two is whole with the next part.
                connection.tail = part[place:] if place >= 0 else part[-1:] if part[-1:] == b"<" else b""


def deliveries(community: Community, crowd: Crowd, author, messages: int, rate: float, first: int) -> list[float]:
    """Milliseconds from the POST to the last receiver, for each message. `first` numbers them, so that none is mistaken."""
    marks = [f"<<{index:06d}>>".encode() for index in range(first, first + messages)]
    sent: dict[bytes, float] = {}

    def post():
        begin = time.monotonic()
        for index, mark in enumerate(marks):
            time.sleep(max(0, begin + index / rate - time.monotonic()))
            sent[mark] = time.monotonic()
            answer = author.post(f"/channels/{community.text}/messages", {"content": mark.decode() + " merhaba"})
            assert answer.status == 201, answer

    poster = threading.Thread(target=post)
    poster.start()
    crowd.listen(time.monotonic() + messages / rate + 30, messages)
    poster.join()
    lost = [mark for mark in marks if crowd.arrived.get(mark, 0) != crowd.count]
    assert not lost, f"{len(lost)} messages did not reach everybody once"
    result = [(crowd.last[mark] - sent[mark]) * 1000 for mark in marks]
    crowd.arrived.clear()
    crowd.last.clear()
    return result


def shown(name: str, values: list[float]) -> dict:
    values = sorted(values)
    p99 = values[min(len(values) - 1, int(len(values) * 0.99))]
    print(f"{name:<46} p50 {statistics.median(values):7.1f} ms   p99 {p99:7.1f} ms   max {values[-1]:7.1f} ms")
    return {"p50": statistics.median(values), "p99": p99, "max": values[-1]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--idle", type=int, default=10_000, help="connections for the measure of memory")
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--rate", type=float, default=20, help="messages a second")
    parser.add_argument("--logins", type=int, default=500, help="logins at once in the storm")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    community = Community(environment={"MQVI_PASSWORD_COST": "10"})
    try:
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        members = [community.join(f"uye{index}") for index in range(-(-options.idle // PER_ACCOUNT))]
        before = community.server.resident_kilobytes()

        def connect(count: int, first: int = 0) -> list[Connection]:
            made = []
            for index in range(first, first + count):
                member = members[index // PER_ACCOUNT]
                connection = Connection(community, member.token, f"127.0.0.{1 + index // 20_000}")
                connection.read_until(b'"op":"ready"')
                made.append(connection)
            return made

        connections = connect(options.connections)
        crowd = Crowd(connections)
        quiet = shown(
            f"POST to the last of {crowd.count} receivers", deliveries(community, crowd, members[0], options.messages, options.rate, 0))

        def storm():
            for index in range(options.logins):
                threading.Thread(target=community.call, args=(
                    "POST", "/auth/login", {"login": f"uye{index % len(members)}", "password": PASSWORD}), daemon=True).start()

        storm()
        stormy = shown(
            f"the same while {options.logins} people log in",
            deliveries(community, crowd, members[0], options.messages, options.rate, options.messages))
        others = connect(options.idle - options.connections, options.connections)
        resident = community.server.resident_kilobytes()
        print(f"{options.idle} connections: {resident / 1024:.0f} MB resident in all, "
              f"{(resident - before) / options.idle:.1f} KB for each")
        if options.json:
            options.json.write_text(json.dumps({
                "connections": crowd.count, "delivery_ms": quiet, "delivery_during_logins_ms": stormy,
                "idle_connections": options.idle, "resident_kilobytes": resident}, indent=2))
        for connection in connections + others:
            connection.socket.close()
    finally:
        community.stop()


if __name__ == "__main__":
    main()

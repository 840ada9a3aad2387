"""Bad input neither ends the server nor makes it grow."""

import asyncio
import os
import random
import socket
import struct

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from conftest import token
from sdk import Client, Tone, loudest_frequency, run

LONG = os.environ.get("MQVI_LONG") == "1"
DATAGRAMS = 1_000_000 if LONG else 300_000
JOINS = 10_000 if LONG else 3_000


def datagrams(count):
    """Random bytes, and things that begin like STUN, DTLS, SRTP and SRTCP."""
    source = random.Random(7)
    blocks = [source.randbytes(1_400) for _ in range(64)]
    for number in range(count):
        body = blocks[number % 64][: source.randrange(0, 1_400)]
        match number % 5:
            case 0:
                yield body
            case 1:
                kind = source.choice([0x0001, 0x0101, 0x0011])
                length = source.choice([len(body) & ~3, source.randrange(65_536)])
                yield struct.pack("!HHI", kind, length, 0x2112A442) + body
            case 2:
                kind = source.choice([20, 21, 22, 23, 25])
                yield struct.pack("!BHHIHH", kind, 0xFEFD, 0, number, 0, len(body)) + body
            case 3:
                yield struct.pack("!BBHII", 0x90, 96 + number % 32, number & 0xFFFF, number, number) + body
            case _:
                yield struct.pack("!BBHI", 0x81, 200 + number % 8, len(body) // 4, number) + body


def test_a_flood_of_damaged_datagrams_leaves_the_server_as_it_was(server):
    async def scenario():
        alice = await Client().connect(server.ws, token("r", "alice"))
        bob = await Client().connect(server.ws, token("r", "bob"))
        tone = Tone(440)
        await tone.publish(alice)
        track, _, _ = await bob.expect("track_subscribed")
        assert abs(await loudest_frequency(track) - 440) < 10
        before = server.resident_kilobytes()

        def flood():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.connect(("127.0.0.1", server.udp))
                for datagram in datagrams(DATAGRAMS):
                    try:
                        sender.send(datagram)
                    except OSError:
                        pass  # an ICMP answer to an earlier one

        await asyncio.get_running_loop().run_in_executor(None, flood)
        assert abs(await loudest_frequency(track) - 440) < 10
        after = server.resident_kilobytes()
        assert after <= before * 1.1, f"{before} kB before, {after} kB after"

    run(scenario())


def test_thousands_of_bogus_joins_leave_no_memory_behind(server):
    async def knock(number, gate):
        async with gate:
            query = [
                f"access_token={'x' * (number % 3_000)}",
                f"access_token={token('r', 'a')[:-4]}AAAA",
                f"access_token={token(f'room-{number % 50}', f'id-{number}')}",
                "",
            ][number % 4]
            path = ["/rtc", "/rtc/v1"][number % 2]
            try:
                async with connect(f"{server.ws}{path}?{query}", open_timeout=20) as client:
                    await client.recv()
                    # Gone without a word, as a crashed client is.
                    client.transport.abort()
            except (WebSocketException, OSError, EOFError):
                pass

    async def scenario(count):
        gate = asyncio.Semaphore(50)
        await asyncio.gather(*(knock(number, gate) for number in range(count)))

    asyncio.run(scenario(JOINS // 4))  # the first ones fill caches that stay
    before = server.resident_kilobytes()
    asyncio.run(scenario(JOINS))
    after = server.resident_kilobytes()
    assert after <= before * 1.1, f"{before} kB before, {after} kB after"


def test_garbage_over_tcp_media_is_dropped(server):
    source = random.Random(3)
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", server.tcp)) as sender:
            body = source.randbytes(source.randrange(1, 3_000))
            try:
                sender.sendall(struct.pack("!H", source.choice([len(body), 65_535, 0])) + body)
            except OSError:
                pass  # the server may hang up first
    assert server.process.poll() is None

"""How long it takes from joining to the first sound: two participants of LiveKit's Python SDK on the real server.

    .venv/bin/python bench/join_to_sound.py [--rounds N]

One participant sends a tone all the time. The other joins a room that it has not been in; the clock runs from the call of
`connect` to the first decoded frame that is not silent. `scripts/bench memory` runs it when .venv is there.
"""

import asyncio
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests/Interoperability"))

import numpy  # noqa: E402
from conftest import Server, token  # noqa: E402
from livekit import rtc  # noqa: E402
from sdk import RATE, Client, Tone  # noqa: E402


async def first_sound(server, round_number: int, single: bool) -> float:
    """Seconds from `connect` to the first frame that is not silent."""
    client = Client()
    heard = asyncio.Event()

    async def listen(track):
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        async for event in stream:
            if numpy.abs(numpy.frombuffer(event.frame.data, dtype=numpy.int16)).max(initial=0) > 300:
                heard.set()
                break
        await stream.aclose()

    tasks = []
    client.room.on("track_subscribed", lambda track, *_: tasks.append(asyncio.create_task(listen(track))))
    start = time.monotonic()
    await client.connect(server.ws, token("sound", f"listener-{single}-{round_number}"), single=single)
    await asyncio.wait_for(heard.wait(), 10)
    elapsed = time.monotonic() - start
    await client.close()
    return elapsed


async def measure(rounds: int):
    server = Server()
    speaker = await Client().connect(server.ws, token("sound", "speaker"))
    tone = Tone(440)
    await tone.publish(speaker)
    for single, name in [(True, "one connection"), (False, "two connections")]:
        times = sorted([await first_sound(server, index, single) for index in range(rounds)])
        print(
            f"join to first sound, {name:15}  p50 {statistics.median(times) * 1000:.0f} ms"
            f"  fastest {times[0] * 1000:.0f} ms  slowest {times[-1] * 1000:.0f} ms  ({rounds} rounds)")
    await tone.close()
    await speaker.close()
    server.stop()


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else 15))

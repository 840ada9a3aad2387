"""Eight who speak at once: the server then sends their frames in runs, padded to one size. Every client takes it off."""

import asyncio
import threading
import urllib.request

import pytest
from livekit import rtc

from browser import Person, chromium
from conftest import token
from sdk import Client, Tone, loudest_frequency, run

HERTZ = [300 + 100 * number for number in range(8)]


def padding(server) -> int:
    """Bytes of padding that the server has put into packets, as it last counted: it does so every second."""
    text = urllib.request.urlopen(f"{server.url}/metrics", timeout=5).read().decode()
    return sum(int(line.split()[-1]) for line in text.splitlines() if line.startswith("mqvi_bytes_padding_total"))


async def until_padded(server, more_than=0) -> int:
    """Waits until packets are padded."""
    for _ in range(200):
        if (count := padding(server)) > more_than:
            return count
        await asyncio.sleep(0.05)
    raise AssertionError("nothing was padded within 10 s")


async def choir(server, room, **options):
    """Eight who play a tone each; their names are their pitches."""
    for hertz in HERTZ:
        client = await Client().connect(server.ws, token(room, str(hertz)), auto_subscribe=False, **options)
        await Tone(hertz, noise=0.05).publish(client)


async def expect_everybody(server, room, **options):
    """Listens to all eight, and sees that packets were padded meanwhile."""
    listener = await Client().connect(server.ws, token(room, "listener"), **options)
    await listener.until(lambda: len(listener.all("track_subscribed")) == 8, deadline=20, what="eight tracks")
    tracks = {person.identity: track for track, _, person in listener.all("track_subscribed")}
    before = await until_padded(server, padding(server))
    heard = await asyncio.gather(*(loudest_frequency(tracks[str(hertz)], 20) for hertz in HERTZ))
    assert all(abs(one - hertz) < 10 for one, hertz in zip(heard, HERTZ)), heard
    await until_padded(server, before)


def test_the_sdk_hears_eight_at_once(server, room):
    async def scenario():
        await choir(server, room)
        await expect_everybody(server, room)

    run(scenario())


def test_frames_that_only_listeners_can_read_are_heard_too(server, room):
    async def scenario():
        encryption = rtc.E2EEOptions(key_provider_options=rtc.KeyProviderOptions(shared_key=b"ours"))
        await choir(server, room, encryption=encryption)
        await expect_everybody(server, room, encryption=encryption)

    run(scenario())


@pytest.mark.parametrize("hertz", [HERTZ[0], HERTZ[-1]])
def test_chromium_hears_one_of_eight(server, room, hertz):
    async def scenario(ready, done):
        await choir(server, room)
        ready.set()
        await done.wait()

    with chromium() as browser, Background(scenario):
        person = Person(browser, server, "Listener", room)
        person.page.wait_for_function("Object.keys(mqvi.remoteTracks.get()).length === 8")
        sid = person.page.evaluate(
            """name => Object.values(mqvi.room.get().participants).find(p => p.identity === name || p.name === name)
                 .tracks.find(t => t.source === 'MICROPHONE').sid""", str(hertz))
        person.hears(sid, hertz)
        before = padding(server)
        for _ in range(200):
            if padding(server) > before:
                break
            person.page.wait_for_timeout(50)
        assert padding(server) > before
        person.hears(sid, hertz)
        assert person.errors == []


class Background:
    """A scenario of the SDK on a loop of its own thread, beside a browser that blocks this one."""

    def __init__(self, scenario):
        self.ready = threading.Event()
        self.done = None
        self.failure = None
        self.scenario = scenario
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        async def whole():
            self.loop = asyncio.get_running_loop()
            self.done = asyncio.Event()
            await self.scenario(self.ready, self.done)

        try:
            run(whole())
        except BaseException as failure:
            self.failure = failure
        finally:
            self.ready.set()

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(60)
        assert self.failure is None, self.failure
        return self

    def __exit__(self, *_):
        if self.failure is None:
            self.loop.call_soon_threadsafe(self.done.set)
        self.thread.join(30)

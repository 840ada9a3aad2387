"""The demo room, as one person alone finds it: two voices that take turns, and a shared screen."""

import asyncio
import collections
import time
import urllib.request

import numpy
import pytest
from livekit import rtc

from conftest import Server, token
from sdk import Client, run

ADA, DENIZ = "demo-ada", "demo-deniz"


@pytest.fixture
def demo():
    running = Server("--demo")
    yield running
    code = running.stop()
    assert code == 0, f"mqvi ended with {code}"


async def visitor(server, **options):
    """Somebody in the demo room, once everything in it is subscribed."""
    client = await Client().connect(server.ws, token("demo", "visitor"), **options)
    tracks = {}
    for identity, source in (
        (ADA, rtc.TrackSource.SOURCE_MICROPHONE), (ADA, rtc.TrackSource.SOURCE_SCREENSHARE),
        (DENIZ, rtc.TrackSource.SOURCE_MICROPHONE),
    ):
        track, _, _ = await client.expect(
            "track_subscribed",
            lambda _, publication, participant: (participant.identity, publication.source) == (identity, source),
            deadline=30)
        tracks[identity, source] = track
    return client, tracks


async def loudness(track, seconds):
    """The loudest 100 ms of a while, as root mean square of 16-bit samples."""
    stream = rtc.AudioStream(track, sample_rate=48_000, num_channels=1)
    heard, end = [], time.monotonic() + seconds
    try:
        async for event in stream:
            heard.append(numpy.frombuffer(event.frame.data, dtype=numpy.int16).astype(float))
            if time.monotonic() > end:
                break
    finally:
        await stream.aclose()
    samples = numpy.concatenate(heard)
    windows = samples[: len(samples) // 4800 * 4800].reshape(-1, 4800)
    return float(numpy.sqrt((windows**2).mean(axis=1)).max())


async def smooth_pictures(track, seconds):
    """The last of a while of 1080p with 25 frames a second or more. The very first frames may come as they are encoded,
    slowly on a busy machine; so the while may begin with any of them."""
    stream = rtc.VideoStream(track)
    times = collections.deque()
    try:
        async for event in stream:
            if (event.frame.width, event.frame.height) != (1920, 1080):
                continue
            times.append(time.monotonic())
            while times[-1] - times[0] > seconds:
                times.popleft()
            if len(times) >= seconds * 25:
                return event.frame
    finally:
        await stream.aclose()


def test_one_person_alone_hears_and_sees(demo):
    """Sound of both voices, 1080p at 25 frames a second or more with something on it, and speakers that change."""

    async def scenario():
        client, tracks = await visitor(demo)
        names = sorted(participant.name for participant in client.room.remote_participants.values())
        assert names == ["Demo · Ada", "Demo · Deniz"]
        screen = tracks[ADA, rtc.TrackSource.SOURCE_SCREENSHARE]
        voices = [tracks[identity, rtc.TrackSource.SOURCE_MICROPHONE] for identity in (ADA, DENIZ)]
        picture, *levels = await asyncio.wait_for(
            asyncio.gather(smooth_pictures(screen, 4), *(loudness(voice, 12) for voice in voices)), 60)
        luma = numpy.frombuffer(picture.convert(rtc.VideoBufferType.I420).data, dtype=numpy.uint8)[: 1920 * 1080]
        assert luma.std() > 30, "an empty page"
        for level in levels:
            # Audible, and yet no louder than somebody who speaks softly.
            assert 200 < level < 8_000, f"loudness {levels}"
        for identity in (ADA, DENIZ):
            await client.expect(
                "active_speakers_changed", lambda speakers: [one.identity for one in speakers] == [identity])
        await client.close()

    run(scenario())


def test_nothing_is_sent_to_an_empty_room_and_the_next_visitor_is_served(demo):
    """Who comes second, after the room was empty for a while, finds the same; meanwhile no media flowed."""

    async def scenario():
        client, _ = await visitor(demo)
        await client.close()

        async def rest():
            """The packets that the server took in, once they do not grow any more."""
            before = -1
            while (now := packets(demo)) != before:
                before = now
                await asyncio.sleep(1)  # a second is thirty pictures

        await asyncio.wait_for(rest(), 20)
        again, tracks = await visitor(demo)
        await asyncio.wait_for(smooth_pictures(tracks[ADA, rtc.TrackSource.SOURCE_SCREENSHARE], 2), 60)
        await again.close()

    run(scenario())


def packets(server) -> int:
    """Media packets that the server has accepted so far."""
    page = urllib.request.urlopen(server.url + "/metrics", timeout=5).read().decode()
    return sum(int(float(line.split()[-1])) for line in page.splitlines() if line.startswith("mqvi_packets_in_total"))

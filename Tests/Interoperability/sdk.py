"""Small helpers over the `livekit` Python SDK: rooms that wait for events, tones to send and to find again."""

import asyncio
import contextlib
import math

import numpy
import pytest
from livekit import rtc

RATE = 48_000

both_paths = pytest.mark.parametrize("single", [True, False], ids=["one-connection", "two-connections"])

#: What the running scenario has opened. It is closed whatever becomes of the scenario: a client that is left behind
#: reconnects for ever in this process, beside the scenarios that follow.
_opened = []


class Client:
    """A participant of the SDK with a record of every event, so that a test can wait for what already happened."""

    EVENTS = (
        "participant_connected", "participant_disconnected", "track_published", "track_unpublished", "track_subscribed",
        "track_unsubscribed", "track_muted", "track_unmuted", "data_received", "active_speakers_changed",
        "participant_metadata_changed", "participant_attributes_changed", "participant_name_changed",
        "room_metadata_changed", "disconnected", "reconnecting", "reconnected", "connection_quality_changed",
        "local_track_published", "local_track_subscribed", "participant_permissions_changed",
        "track_subscription_failed", "data_track_published",
        "data_track_unpublished", "room_updated",
    )

    def __init__(self):
        _opened.append(self)
        self.room = rtc.Room()
        self.seen: list[tuple[str, tuple]] = []
        self._changed = asyncio.Event()
        for name in self.EVENTS:
            self.room.on(name, self._recorder(name))

    def _recorder(self, name):
        def record(*arguments):
            self.seen.append((name, arguments))
            self._changed.set()

        return record

    async def connect(self, url, token, *, single=True, auto_subscribe=True, **options):
        options = rtc.RoomOptions(auto_subscribe=auto_subscribe, single_peer_connection=single, **options)
        await asyncio.wait_for(self.room.connect(url, token, options), 15)
        return self

    async def expect(self, name, matches=lambda *arguments: True, deadline=10):
        """The arguments of the first event of this name that matches, seen already or still to come."""

        async def search():
            while True:
                for event, arguments in self.seen:
                    if event == name and matches(*arguments):
                        return arguments
                self._changed.clear()
                await self._changed.wait()

        try:
            return await asyncio.wait_for(search(), deadline)
        except asyncio.TimeoutError:
            names = [event for event, _ in self.seen]
            raise AssertionError(f"no {name} within {deadline} s; seen: {names}") from None

    async def until(self, condition, deadline=10, what="condition"):
        """Waits until `condition()` holds; asked again after every event and every 50 ms."""

        async def search():
            while not condition():
                self._changed.clear()
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.05)

        try:
            await asyncio.wait_for(search(), deadline)
        except asyncio.TimeoutError:
            raise AssertionError(f"{what} did not come true within {deadline} s") from None

    def all(self, name):
        """The arguments of every event of this name so far."""
        return [arguments for event, arguments in self.seen if event == name]

    async def close(self):
        if self.room.isconnected():
            await self.room.disconnect()


class Tone:
    """A sine that is published as a microphone track until it is stopped, with noise beneath it if it is to be in frames
    of different sizes."""

    def __init__(self, hertz: float, loudness: float = 0.3, noise: float = 0):
        _opened.append(self)
        self.hertz = hertz
        self.loudness = loudness
        self.noise = noise
        self.source = rtc.AudioSource(RATE, 1)
        self.task = None
        self.phase = 0

    async def publish(self, client: Client, source=rtc.TrackSource.SOURCE_MICROPHONE, **options):
        track = rtc.LocalAudioTrack.create_audio_track("tone", self.source)
        publication = await client.room.local_participant.publish_track(
            track, rtc.TrackPublishOptions(source=source, **options))
        self.task = asyncio.create_task(self._run())
        return publication

    async def _run(self):
        samples = RATE // 100
        while True:
            times = (numpy.arange(samples) + self.phase) / RATE
            wave = numpy.sin(2 * math.pi * self.hertz * times) * self.loudness
            if self.noise:
                wave += numpy.random.normal(0, self.noise * numpy.random.random(), samples)
            wave = (wave * 32_767).astype(numpy.int16)
            self.phase += samples
            await self.source.capture_frame(rtc.AudioFrame(wave.tobytes(), RATE, 1, samples))

    async def close(self):
        if self.task:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task


async def loudest_frequency(track, deadline=10, seconds=0.5) -> float:
    """The strongest frequency of half a second of sound, once there is sound."""

    async def listen():
        heard = numpy.empty(0)
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        try:
            async for event in stream:
                samples = numpy.frombuffer(event.frame.data, dtype=numpy.int16).astype(float)
                if numpy.abs(samples).max(initial=0) < 300:
                    continue
                heard = numpy.concatenate([heard, samples])
                if len(heard) >= RATE * seconds:
                    spectrum = numpy.abs(numpy.fft.rfft(heard * numpy.hanning(len(heard))))
                    return float(numpy.argmax(spectrum) * RATE / len(heard))
        finally:
            await stream.aclose()

    return await asyncio.wait_for(listen(), deadline)


class MovingPicture:
    """A picture that changes with every frame, published as camera or screen."""

    def __init__(self, width=1280, height=720):
        _opened.append(self)
        self.width = width
        self.height = height
        self.source = rtc.VideoSource(width, height)
        self.task = None

    async def publish(self, client: Client, source=rtc.TrackSource.SOURCE_CAMERA, **options):
        track = rtc.LocalVideoTrack.create_video_track("picture", self.source)
        publication = await client.room.local_participant.publish_track(
            track, rtc.TrackPublishOptions(source=source, **options))
        self.task = asyncio.create_task(self._run())
        return publication

    async def _run(self):
        luma = numpy.zeros((self.height, self.width), dtype=numpy.uint8)
        chroma = numpy.full(self.width * self.height // 2, 128, dtype=numpy.uint8).tobytes()
        number = 0
        while True:
            left = number * 16 % (self.width - 64)
            luma[:] = 40
            luma[:, left : left + 64] = 220
            frame = rtc.VideoFrame(self.width, self.height, rtc.VideoBufferType.I420, luma.tobytes() + chroma)
            self.source.capture_frame(frame)
            number += 1
            await asyncio.sleep(1 / 30)  # the pace of the source, not a wait for anything

    async def close(self):
        if self.task:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task


async def frames(track, count, deadline=15):
    """Sizes of the next `count` decoded frames."""

    async def watch():
        sizes = []
        stream = rtc.VideoStream(track)
        try:
            async for event in stream:
                sizes.append((event.frame.width, event.frame.height))
                if len(sizes) >= count:
                    return sizes
        finally:
            await stream.aclose()

    return await asyncio.wait_for(watch(), deadline)


def run(scenario):
    """Runs an asynchronous scenario and closes what it opened, however it ends."""

    async def whole():
        try:
            await scenario
        finally:
            opened, _opened[:] = list(_opened), []
            await asyncio.gather(*(asyncio.wait_for(one.close(), 5) for one in opened), return_exceptions=True)

    asyncio.run(whole())

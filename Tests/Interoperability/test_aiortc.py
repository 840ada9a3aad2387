"""aiortc over the bare protocol: a client that shares no code with libwebrtc, negotiating offers made by hand."""

import asyncio
import fractions

import numpy
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av import AudioFrame
from livekit.protocol import models, rtc as messages
from websockets.asyncio.client import connect

from conftest import token

RATE = 48_000


class ToneTrack(MediaStreamTrack):
    kind = "audio"

    def __init__(self, hertz):
        super().__init__()
        self.hertz = hertz
        self.position = 0
        self.began = None

    async def recv(self):
        loop = asyncio.get_running_loop()
        self.began = self.began or loop.time()
        await asyncio.sleep(max(0, self.began + self.position / RATE - loop.time()))  # the pace of a microphone
        times = (numpy.arange(960) + self.position) / RATE
        samples = (numpy.sin(2 * numpy.pi * self.hertz * times) * 10_000).astype(numpy.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self.position
        frame.time_base = fractions.Fraction(1, RATE)
        self.position += 960
        return frame


class Peer:
    """A participant with two peer connections, as `/rtc` wants them."""

    def __init__(self, server, name):
        self.server = server
        self.name = name
        self.publisher = RTCPeerConnection()
        self.subscriber = RTCPeerConnection()
        self.tracks = asyncio.Queue()
        self.published = asyncio.Queue()
        self.answers = asyncio.Queue()
        self.data = asyncio.Queue()
        self.subscriber.on("track", lambda track: self.tracks.put_nowait(track))
        self.subscriber.on("datachannel", self._channel)
        self.opened = asyncio.Queue()

    def _channel(self, channel):
        self.opened.put_nowait(channel.label)
        channel.on("message", lambda message: self.data.put_nowait((channel.label, message)))

    async def __aenter__(self):
        self.socket = await connect(f"{self.server.ws}/rtc?access_token={token('r', self.name)}&protocol=16&auto_subscribe=1")
        first = messages.SignalResponse.FromString(await self.socket.recv())
        assert first.WhichOneof("message") == "join"
        self.join = first.join
        self.reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_):
        self.reader.cancel()
        await self.publisher.close()
        await self.subscriber.close()
        await self.socket.close()

    async def send(self, **field):
        await self.socket.send(messages.SignalRequest(**field).SerializeToString())

    async def _read(self):
        async for frame in self.socket:
            response = messages.SignalResponse.FromString(frame)
            kind = response.WhichOneof("message")
            if kind == "offer":
                await self.subscriber.setRemoteDescription(RTCSessionDescription(response.offer.sdp, "offer"))
                await self.subscriber.setLocalDescription(await self.subscriber.createAnswer())
                answer = messages.SessionDescription(
                    type="answer", sdp=self.subscriber.localDescription.sdp, id=response.offer.id)
                await self.send(answer=answer)
            elif kind == "answer":
                self.answers.put_nowait(response.answer)
            elif kind == "track_published":
                self.published.put_nowait(response.track_published)

    async def publish(self, track):
        request = messages.AddTrackRequest(cid=track.id, type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE)
        await self.send(add_track=request)
        published = await asyncio.wait_for(self.published.get(), 5)
        self.publisher.addTrack(track)
        await self.negotiate()
        return published.track.sid

    async def negotiate(self):
        await self.publisher.setLocalDescription(await self.publisher.createOffer())
        offer = messages.SessionDescription(type="offer", sdp=self.publisher.localDescription.sdp, id=1)
        await self.send(offer=offer)
        answer = await asyncio.wait_for(self.answers.get(), 5)
        assert answer.id == 1
        await self.publisher.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))


async def frequency(track):
    """The strongest frequency of half a second of sound, once it is loud."""
    heard = numpy.empty(0)
    while len(heard) < RATE // 2:
        frame = await asyncio.wait_for(track.recv(), 10)
        samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0].astype(float)
        if numpy.abs(samples).max() > 500:
            heard = numpy.concatenate([heard, samples])
    spectrum = numpy.abs(numpy.fft.rfft(heard * numpy.hanning(len(heard))))
    return numpy.argmax(spectrum) * RATE / len(heard)


def test_audio_passes_between_two_aiortc_peers(server):
    async def scenario():
        async with Peer(server, "alice") as alice, Peer(server, "bob") as bob:
            sid = await alice.publish(ToneTrack(440))
            track = await asyncio.wait_for(bob.tracks.get(), 10)
            assert sid.startswith("TR_")
            assert abs(await frequency(track) - 440) < 10

    asyncio.run(scenario())


def test_data_channels_of_both_directions_carry_packets(server):
    async def scenario():
        async with Peer(server, "alice") as alice, Peer(server, "bob") as bob:
            labels = {await asyncio.wait_for(bob.opened.get(), 10) for _ in range(2)}
            assert {"_reliable", "_lossy"} <= labels
            channel = alice.publisher.createDataChannel("_reliable")
            opened = asyncio.get_running_loop().create_future()
            channel.on("open", lambda: opened.done() or opened.set_result(None))
            await alice.negotiate()
            await asyncio.wait_for(opened, 10)
            packet = models.DataPacket(user=models.UserPacket(payload=b"hello"), participant_identity="forged")
            channel.send(packet.SerializeToString())
            label, message = await asyncio.wait_for(bob.data.get(), 10)
            got = models.DataPacket.FromString(message)
            assert label == "_reliable" and got.user.payload == b"hello"
            assert got.participant_identity == "alice" and got.participant_sid == alice.join.participant.sid

    asyncio.run(scenario())


def test_a_large_message_is_fragmented_and_arrives(server):
    async def scenario():
        async with Peer(server, "alice") as alice, Peer(server, "bob") as bob:
            await asyncio.wait_for(bob.opened.get(), 10)
            channel = alice.publisher.createDataChannel("_reliable")
            opened = asyncio.get_running_loop().create_future()
            channel.on("open", lambda: opened.done() or opened.set_result(None))
            await alice.negotiate()
            await asyncio.wait_for(opened, 10)
            packet = models.DataPacket(user=models.UserPacket(payload=b"z" * 60_000))
            channel.send(packet.SerializeToString())
            _, message = await asyncio.wait_for(bob.data.get(), 10)
            assert models.DataPacket.FromString(message).user.payload == b"z" * 60_000

    asyncio.run(scenario())

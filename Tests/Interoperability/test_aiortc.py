"""aiortc over the bare protocol: a client that shares no code with libwebrtc, negotiating offers made by hand."""

import asyncio
import fractions

import numpy
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import MediaStreamTrack
from av import AudioFrame
from livekit import api
from livekit.protocol import models, rtc as messages

from bare import Signal, join_request
from conftest import KEY, SECRET

RATE = 48_000


@pytest.fixture
def server(shared):
    return shared


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


class Peer(Signal):
    """A participant with two peer connections, as `/rtc` wants them."""

    def __init__(self, server, room, name, **options):
        super().__init__(server, room, name, **options)
        self.publisher = RTCPeerConnection()
        self.subscriber = RTCPeerConnection()
        self.tracks = asyncio.Queue()
        self.data = asyncio.Queue()
        self.opened = asyncio.Queue()
        self.offers = 0
        self.is_cut = False
        self.subscriber.on("track", self.tracks.put_nowait)
        self.subscriber.on("datachannel", self.take_channel)

    def take_channel(self, channel):
        self.opened.put_nowait(channel.label)
        channel.on("message", lambda message: self.data.put_nowait((channel.label, message)))

    async def cut(self):
        """Loses the signalling connection, not the media. aiortc cannot restart ICE, so nothing is negotiated then."""
        self.is_cut = True
        await super().hang_up()

    async def hang_up(self):
        await self.publisher.close()
        await self.subscriber.close()
        await super().hang_up()

    async def handle(self, kind, response):
        if kind != "offer" or self.is_cut:
            return
        await self.subscriber.setRemoteDescription(RTCSessionDescription(response.offer.sdp, "offer"))
        await self.subscriber.setLocalDescription(await self.subscriber.createAnswer())
        sdp = self.subscriber.localDescription.sdp
        await self.send(answer=messages.SessionDescription(type="answer", sdp=sdp, id=response.offer.id))

    async def publish(self, track, **details):
        request = {"type": models.TrackType.AUDIO, "source": models.TrackSource.MICROPHONE, **details}
        await self.send(add_track=messages.AddTrackRequest(cid=track.id, **request))
        published = await self.expect("track_published", lambda published: published.cid == track.id)
        self.publisher.addTransceiver(track, direction="sendonly")
        await self.negotiate()
        return published.track.sid

    async def negotiate(self):
        self.offers += 1
        await self.publisher.setLocalDescription(await self.publisher.createOffer())
        sdp = self.publisher.localDescription.sdp
        await self.send(offer=messages.SessionDescription(type="offer", sdp=sdp, id=self.offers))
        answer = await self.expect("answer", lambda answer: answer.id == self.offers)
        await self.publisher.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))

    async def channel(self):
        """The reliable channel of its own, open."""
        channel = self.publisher.createDataChannel("_reliable")
        opened = asyncio.get_running_loop().create_future()
        channel.on("open", lambda: opened.done() or opened.set_result(None))
        await self.negotiate()
        await asyncio.wait_for(opened, 10)
        return channel


class SinglePeer(Peer):
    """A participant with one peer connection, as `/rtc/v1` wants it: the client makes every offer."""

    def __init__(self, server, room, name):
        super().__init__(server, room, name, path="/rtc/v1", query=f"join_request={join_request()}")
        self.publisher.on("track", self.tracks.put_nowait)

    async def handle(self, kind, response):
        assert kind != "offer", "on /rtc/v1 the server never offers"
        if kind == "media_sections_requirement":
            for _ in range(response.media_sections_requirement.num_audios):
                self.publisher.addTransceiver("audio", direction="recvonly")
            self.negotiation = asyncio.get_running_loop().create_task(self.negotiate())


def fragment(sdp):
    """The ICE user name: another one is a restart."""
    return next(line for line in sdp.splitlines() if line.startswith("a=ice-ufrag:"))


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


def test_audio_passes_between_two_aiortc_peers(server, room):
    async def scenario():
        async with Peer(server, room, "alice") as alice, Peer(server, room, "bob") as bob:
            sid = await alice.publish(ToneTrack(440))
            track = await asyncio.wait_for(bob.tracks.get(), 10)
            assert abs(await frequency(track) - 440) < 10
            offer = bob.all("offer")[-1]
            assert f"a=msid:{alice.sid}|{sid} {sid}" in offer.sdp
            assert sid in offer.mid_to_track_id.values()
            assert (await alice.expect("track_subscribed")).track_sid == sid

    asyncio.run(scenario())


def test_one_peer_connection_with_a_later_offer_carries_both_ways(server, room):
    async def scenario():
        async with SinglePeer(server, room, "alice") as alice, Peer(server, room, "bob") as bob:
            await alice.publish(ToneTrack(440))
            sid = await bob.publish(ToneTrack(880))
            low = await asyncio.wait_for(bob.tracks.get(), 10)
            high = await asyncio.wait_for(alice.tracks.get(), 10)
            heard = await asyncio.gather(frequency(low), frequency(high))
            assert abs(heard[0] - 440) < 10 and abs(heard[1] - 880) < 10
            assert list(alice.all("answer")[-1].mid_to_track_id.values()) == [sid]

    asyncio.run(scenario())


def test_subscriptions_can_be_changed_from_afar(server, room):
    async def scenario():
        client = api.LiveKitAPI(server.url, KEY, SECRET)
        async with Peer(server, room, "alice") as alice, Peer(server, room, "bob") as bob:
            sid = await alice.publish(ToneTrack(440))

            def carries(mid, direction):
                offer = bob.all("offer")[-1]
                section = offer.sdp.split("\r\nm=")[1:][int(mid)]
                is_named = sid in offer.mid_to_track_id.values()
                return f"a={direction}\r\n" in section and is_named == (direction == "sendonly")

            await bob.until(lambda: sid in bob.all("offer")[-1].mid_to_track_id.values(), what="the track")
            mid = next(iter(bob.all("offer")[-1].mid_to_track_id))
            for subscribe, direction in ((False, "inactive"), (True, "sendonly")):
                await client.room.update_subscriptions(api.UpdateSubscriptionsRequest(
                    room=room, identity="bob", track_sids=[sid], subscribe=subscribe))
                await bob.until(lambda: carries(mid, direction), what=direction)
        await client.aclose()

    asyncio.run(scenario())


def test_a_resume_brings_what_was_missed(server, room):
    async def scenario():
        client = api.LiveKitAPI(server.url, KEY, SECRET)
        async with Peer(server, room, "alice") as alice, Peer(server, room, "bob") as bob:
            carol = await Peer(server, room, "carol").__aenter__()
            await carol.publish(ToneTrack(440))
            await alice.publish(ToneTrack(880))
            await asyncio.wait_for(alice.tracks.get(), 10)
            await asyncio.wait_for(alice.opened.get(), 10)  # her media stands: without any there is nothing to resume
            before = alice.all("offer")[-1].sdp
            await alice.cut()
            await carol.send(leave=messages.LeaveRequest())
            await client.room.update_room_metadata(api.UpdateRoomMetadataRequest(room=room, metadata="news"))
            await bob.person("carol", lambda person: person.state == models.ParticipantInfo.DISCONNECTED)
            first = await alice.resume()
            assert first.WhichOneof("message") == "reconnect"
            gone = models.ParticipantInfo.DISCONNECTED
            await alice.person("carol", lambda person: person.state == gone)
            await alice.person("alice", lambda person: person.sid == alice.sid and person.tracks)
            await alice.expect("room_update", lambda update: update.room.metadata == "news")
            await alice.until(lambda: fragment(alice.all("offer")[-1].sdp) != fragment(before), what="an ICE restart")
            assert not [person for update in bob.all("update") for person in update.participants
                        if person.identity == "alice" and person.state == gone]
            await carol.hang_up()
        await client.aclose()

    asyncio.run(scenario())


def test_nobody_watching_turns_a_camera_off(server, room):
    async def scenario():
        async with Peer(server, room, "alice") as alice, Peer(server, room, "bob") as bob:
            camera = {"type": models.TrackType.VIDEO, "source": models.TrackSource.CAMERA}
            sid = await alice.publish(VideoStreamTrack(), width=640, height=480, **camera)

            def qualities():
                update = alice.all("subscribed_quality_update")[-1]
                assert update.track_sid == sid
                return {quality.enabled for quality in update.subscribed_codecs[0].qualities}

            track = await asyncio.wait_for(bob.tracks.get(), 10)
            frame = await asyncio.wait_for(track.recv(), 10)
            assert (frame.width, frame.height) == (640, 480)
            settings = messages.UpdateTrackSettings
            await bob.send(track_setting=settings(track_sids=[sid], disabled=True))
            await alice.until(lambda: alice.all("subscribed_quality_update") and qualities() == {False}, 7, "all off")
            await bob.send(track_setting=settings(track_sids=[sid], quality=models.VideoQuality.HIGH))
            await alice.until(lambda: True in qualities(), 1, "on again")

    asyncio.run(scenario())


def test_data_channels_of_both_directions_carry_packets(server, room):
    async def scenario():
        async with Peer(server, room, "alice") as alice, Peer(server, room, "bob") as bob:
            labels = {await asyncio.wait_for(bob.opened.get(), 10) for _ in range(3)}
            assert labels == {"_reliable", "_lossy", "_data_track"}
            channel = await alice.channel()
            for sequence, payload in ((1, b"hello"), (1, b"repeated"), (2, b"next")):
                packet = models.DataPacket(
                    user=models.UserPacket(payload=payload), participant_identity="forged", sequence=sequence)
                channel.send(packet.SerializeToString())
            got = []
            for _ in range(2):
                label, message = await asyncio.wait_for(bob.data.get(), 10)
                assert label == "_reliable"
                got.append(models.DataPacket.FromString(message))
            assert [(packet.sequence, packet.user.payload) for packet in got] == [(1, b"hello"), (2, b"next")]
            for packet in got:
                assert packet.participant_identity == "alice" and packet.participant_sid == alice.sid

    asyncio.run(scenario())


def test_a_large_message_is_fragmented_and_arrives(server, room):
    async def scenario():
        async with Peer(server, room, "alice") as alice, Peer(server, room, "bob") as bob:
            await asyncio.wait_for(bob.opened.get(), 10)
            channel = await alice.channel()
            packet = models.DataPacket(user=models.UserPacket(payload=b"z" * 60_000))
            channel.send(packet.SerializeToString())
            _, message = await asyncio.wait_for(bob.data.get(), 10)
            assert models.DataPacket.FromString(message).user.payload == b"z" * 60_000

    asyncio.run(scenario())


def test_transcriptions_and_forged_speakers_of_people_are_not_forwarded(server, room):
    async def scenario():
        async with Peer(server, room, "alice") as alice, Peer(server, room, "bob") as bob:
            await asyncio.wait_for(bob.opened.get(), 10)
            channel = await alice.channel()
            for packet in (
                models.DataPacket(transcription=models.Transcription(track_id="TR_x")),
                models.DataPacket(speaker=models.ActiveSpeakerUpdate()), models.DataPacket(),
                models.DataPacket(user=models.UserPacket(payload=b"end")),
            ):
                channel.send(packet.SerializeToString())
            _, message = await asyncio.wait_for(bob.data.get(), 10)
            assert models.DataPacket.FromString(message).user.payload == b"end"

    asyncio.run(scenario())

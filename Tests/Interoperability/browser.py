"""Chromium pages that join a room through the real page, and what can be measured in them."""

import contextlib
import math
import pathlib
import struct
import tempfile
import wave

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"


def tone_file(hertz: float) -> str:
    """Ten seconds of a sine as a WAV file for the fake microphone."""
    path = pathlib.Path(tempfile.gettempdir()) / f"mqvi-tone-{hertz:.0f}.wav"
    if not path.exists():
        samples = (int(12_000 * math.sin(2 * math.pi * hertz * n / 48_000)) for n in range(480_000))
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(48_000)
            file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return str(path)


class Driver:
    """One Playwright for all browsers that are open: it refuses to run twice in a thread. Stopped with the last one, since
    its event loop would keep every other asynchronous test from running."""

    running = None
    users = 0

    @classmethod
    def take(cls):
        if cls.users == 0:
            cls.running = sync_playwright().start()
        cls.users += 1
        return cls.running

    @classmethod
    def give_back(cls):
        cls.users -= 1
        if cls.users == 0:
            cls.running.stop()


@contextlib.contextmanager
def chromium(hertz: float = 440, *flags: str):
    """A browser whose microphone plays a tone and whose screen is a moving 1920x1080 picture at 30 frames a second."""
    browser = Driver.take().chromium.launch(
        executable_path=CHROMIUM,
        args=[
            "--no-sandbox", "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream=display-media-type=monitor,fps=30",
            f"--use-file-for-fake-audio-capture={tone_file(hertz)}",
            "--autoplay-policy=no-user-gesture-required", *flags,
        ])
    try:
        yield browser
    finally:
        browser.close()
        Driver.give_back()


class Person:
    """One page in one room."""

    def __init__(self, browser, server, name, room="team", width=1280, height=800):
        # Waiting for a condition polls by eval, which the page's policy forbids; a test of its own holds the policy.
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, locale="en-US", bypass_csp=True)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{server.url}/#{room}")
        self.page.fill("#name", name)
        self.page.click("#join")
        self.page.wait_for_selector("#leave")
        self.page.wait_for_function("mqvi.room.get().connection === 'connected'")

    def share_screen(self):
        self.page.click("#share")
        self.page.wait_for_selector("#share.active")

    def sees(self, identity_or_name: str):
        """Waits until somebody of this name is in the list of people."""
        self.page.wait_for_function(
            "name => Object.values(mqvi.room.get().participants).some(p => p.name === name)", arg=identity_or_name)

    def remote_track(self, source: str, timeout=15_000) -> str:
        """The sid of somebody else's track of this source, once its media is there."""
        handle = self.page.wait_for_function(
            """source => {
              const room = mqvi.room.get(), tracks = mqvi.remoteTracks.get()
              for (const person of Object.values(room.participants)) {
                if (person.isLocal) continue
                const track = person.tracks.find(t => t.source === source && tracks[t.sid])
                if (track) return track.sid
              }
              return null
            }""", arg=source, timeout=timeout)
        return handle.json_value()

    def loudest_frequency(self, sid: str, timeout=10_000) -> float:
        """The strongest frequency in the spectrum of a received track, once it is loud."""
        self.page.evaluate(
            """sid => {
              const context = new AudioContext(), analyser = context.createAnalyser()
              analyser.fftSize = 16384
              analyser.smoothingTimeConstant = 0
              context.createMediaStreamSource(new MediaStream([mqvi.remoteTracks.get()[sid]])).connect(analyser)
              window.probe = () => {
                const bins = new Float32Array(analyser.frequencyBinCount)
                analyser.getFloatFrequencyData(bins)
                let best = 0
                bins.forEach((value, index) => { if (value > bins[best]) best = index })
                return { decibels: bins[best], hertz: best * context.sampleRate / analyser.fftSize }
              }
            }""", sid)
        handle = self.page.wait_for_function(
            "() => { const heard = probe(); return heard.decibels > -50 ? heard : null }", timeout=timeout)
        return handle.json_value()["hertz"]

    def hears(self, sid: str, hertz: float, timeout=10_000):
        """Waits until this tone is the strongest in the spectrum. At the very beginning a browser stretches what it plays."""
        self.loudest_frequency(sid, timeout)
        self.page.wait_for_function(
            "hertz => { const heard = probe(); return heard.decibels > -50 && Math.abs(heard.hertz - hertz) < 10 }",
            arg=hertz, timeout=timeout)

    VIDEO = """async () => {
      const report = await mqvi.subscriberStats()
      let best = null
      report && report.forEach(entry => {
        if (entry.type === 'inbound-rtp' && entry.kind === 'video' && (!best || entry.framesDecoded > best.frames))
          best = { width: entry.frameWidth || 0, height: entry.frameHeight || 0, frames: entry.framesDecoded || 0,
                   at: entry.timestamp, freezes: entry.totalFreezesDuration || 0, keyFrames: entry.keyFramesDecoded || 0,
                   dropped: entry.framesDropped || 0, bytes: entry.bytesReceived || 0 }
      })
      return best
    }"""

    def video(self) -> dict:
        """Figures of the received video with the most frames."""
        return self.page.evaluate(self.VIDEO)

    def wait_for_size(self, width: int, timeout=15_000) -> dict:
        """Waits until decoded frames have this width."""
        figures = self.page.evaluate(
            f"""async ([width, timeout]) => {{
              const end = performance.now() + timeout
              for (;;) {{
                const video = await ({self.VIDEO})()
                if (video && video.width === width || performance.now() > end) return video
                await new Promise(resolve => setTimeout(resolve, 20))
              }}
            }}""", [width, timeout])
        assert figures and figures["width"] == width, f"not {width} wide within {timeout} ms: {figures}"
        return figures

    def frame_rate(self, seconds: float) -> float:
        """Decoded frames a second over the next `seconds`."""
        before = self.video()
        self.page.wait_for_timeout(seconds * 1_000)  # the length of the measurement
        after = self.video()
        return (after["frames"] - before["frames"]) / ((after["at"] - before["at"]) / 1_000)

    def leave(self):
        self.page.click("#leave")
        self.page.wait_for_selector("#join")
        self.context.close()

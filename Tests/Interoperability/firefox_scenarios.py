"""Firefox with Chromium, both ways. Run by test_firefox.py inside a network of its own."""

import pytest

from browser import Person, chromium
from firefox import Firefox, join


@pytest.fixture
def firefox():
    running = Firefox()
    yield running
    running.close()


LEVEL = """(async () => {
  const room = mqvi.room.get(), tracks = mqvi.remoteTracks.get()
  for (const person of Object.values(room.participants)) {
    if (person.isLocal) continue
    const track = person.tracks.find(t => t.source === 'MICROPHONE' && tracks[t.sid])
    if (!track) continue
    let loud = 0
    const report = await mqvi.subscriberStats()
    report.forEach(entry => {
      if (entry.type === 'inbound-rtp' && entry.kind === 'audio') loud = Math.max(loud, entry.totalAudioEnergy || entry.audioLevel || 0)
    })
    if (loud > 0.001) return loud
  }
  return 0
})()"""

SIZE = """(async () => {
  let width = 0
  const report = await mqvi.subscriberStats()
  report && report.forEach(entry => {
    if (entry.type === 'inbound-rtp' && entry.kind === 'video' && entry.framesDecoded > 10) width = Math.max(width, entry.frameWidth || 0)
  })
  return width
})()"""


def test_firefox_and_chromium_hear_each_other(server, firefox):
    with chromium(440) as browser:
        ayse = Person(browser, server, "Ayşe")
        join(firefox, server, "Fatma")
        ayse.sees("Fatma")
        firefox.wait_for(LEVEL)
        sid = ayse.remote_track("MICROPHONE")
        # Firefox's fake microphone is a tone of its own.
        assert ayse.loudest_frequency(sid) > 50


def test_firefox_sees_a_share_of_chromium_in_full_size(server, firefox):
    with chromium() as browser:
        ayse = Person(browser, server, "Ayşe")
        ayse.share_screen()
        join(firefox, server, "Fatma")
        firefox.wait_for(f"(async () => await {SIZE} === 1920)()")


def test_chromium_sees_the_camera_of_firefox(server, firefox):
    with chromium() as browser:
        ayse = Person(browser, server, "Ayşe")
        join(firefox, server, "Fatma")
        firefox.evaluate("(document.getElementById('camera').click(), true)")
        ayse.remote_track("CAMERA")
        ayse.wait_for_size(1280, timeout=25_000)

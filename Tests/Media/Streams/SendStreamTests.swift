// A subscription's stream answers NACKs, reports, and learns from reports.

import Chronology
import MediaContract
import Randomness
import Streams
import Testing
import Wire

private func stream(rtx: UInt32? = 200) -> SendStream {
  var random = Random(seed: 5)
  return SendStream(ssrc: 100, rtxSSRC: rtx, kind: .video, clockRate: 90_000, random: &random)
}

private func started(at source: Int64 = 1_000) -> SendStream {
  var stream = stream()
  stream.begin(
    encoding: 1, at: source, timestamp: 9_000, clock: SenderReportClock(rate: 90_000), time: .origin)
  return stream
}

private func block(loss: UInt8 = 0, lastReport: UInt32 = 0, delay: UInt32 = 0) -> ReportBlock {
  ReportBlock(
    ssrc: 100, fractionLost: loss, cumulativeLost: 3, highestSequenceNumber: 0, jitter: 7,
    lastSenderReport: lastReport, delaySinceLastSenderReport: delay)
}

struct SendStreamTests {
  @Test func `a packet that is asked for is found with all that was changed in it`() throws {
    var stream = started()
    let rewrite = PacketRewrite(pictureIDOffset: 2, tl0PictureIndexOffset: 1)
    let forwarded = stream.forward(
      encoding: 1, source: 1_000, timestamp: 9_000, payloadByteCount: 500, rewrite: rewrite, at: .origin)
    let mapping = try #require(forwarded)
    let number = UInt16(truncatingIfNeeded: mapping.sequence)
    guard case .send(let resend) = stream.resend(number, at: .milliseconds(30)) else {
      Issue.record("not sent again")
      return
    }
    #expect(
      resend
        == Resend(
          sequenceNumber: number, encoding: 1, source: 1_000, timestampOffset: stream.timestampOffset,
          rewrite: rewrite))
  }

  @Test func `a repeated request within the round trip is not answered`() throws {
    var stream = started()
    let number = stream.nextSequenceNumber
    _ = stream.forward(encoding: 1, source: 1_000, timestamp: 9_000, payloadByteCount: 500, at: .origin)
    guard case .send = stream.resend(number, at: .milliseconds(10)) else { Issue.record("1"); return }
    guard case .tooSoon = stream.resend(number, at: .milliseconds(109)) else { Issue.record("2"); return }
    guard case .send = stream.resend(number, at: .milliseconds(110)) else { Issue.record("3"); return }
  }

  @Test func `a packet is sent again ten times and no more`() {
    var stream = started()
    let number = stream.nextSequenceNumber
    _ = stream.forward(encoding: 1, source: 1_000, timestamp: 9_000, payloadByteCount: 500, at: .origin)
    var answers = 0
    for second in 1...30 {
      if case .send = stream.resend(number, at: .milliseconds(Int64(second) * 1_000)) { answers += 1 }
    }
    #expect(answers == 10)
    guard case .exhausted = stream.resend(number, at: .milliseconds(60_000)) else { Issue.record("answered"); return }
  }

  @Test func `what the publisher has not sent either is missing, and what was never numbered unknown`() {
    var stream = started()
    let first = stream.nextSequenceNumber
    _ = stream.forward(encoding: 1, source: 1_000, timestamp: 9_000, payloadByteCount: 500, at: .origin)
    _ = stream.forward(encoding: 1, source: 1_002, timestamp: 9_000, payloadByteCount: 500, at: .origin)
    guard case .missing = stream.resend(first &+ 1, at: .origin) else { Issue.record("hole"); return }
    guard case .unknown = stream.resend(first &+ 3, at: .origin) else { Issue.record("future"); return }
    guard case .unknown = stream.resend(first &- 1, at: .origin) else { Issue.record("past"); return }
  }

  @Test func `retransmissions have a numbering and counts of their own`() {
    var stream = started()
    let first = stream.takeRetransmissionSequenceNumber(payloadByteCount: 100)
    #expect(stream.takeRetransmissionSequenceNumber(payloadByteCount: 50) == first &+ 1)
    #expect(stream.retransmittedPackets == 2)
    #expect(stream.retransmittedBytes == 150)
    #expect(stream.packets == 0)
  }

  @Test func `a sender report quotes the publisher's clock and our timeline and counts`() throws {
    var stream = stream()
    var clock = SenderReportClock(rate: 90_000)
    let ntp = NTPTime(nanoseconds: 3_900_000_000_000_000_000)
    clock.receive(
      SenderReport(ssrc: 1, ntpTime: ntp.fixedPoint, rtpTimestamp: 9_000, packetCount: 0, octetCount: 0),
      at: .milliseconds(500))
    stream.begin(encoding: 0, at: 5, timestamp: 9_000, clock: clock, time: .milliseconds(500))
    let moment = Moment(instant: .milliseconds(1_500), wall: WallTime(milliseconds: 1))
    #expect(stream.senderReport(clock: clock, at: moment) == nil)
    _ = stream.forward(encoding: 0, source: 5, timestamp: 9_000, payloadByteCount: 321, at: .milliseconds(500))
    let made = stream.senderReport(clock: clock, at: moment)
    let report = try #require(made)
    #expect(NTPTime(fixedPoint: report.ntpTime) == ntp + .seconds(1))
    #expect(report.rtpTimestamp == 99_000 &+ stream.timestampOffset)
    #expect(report.packetCount == 1)
    #expect(report.octetCount == 321)
    #expect(report.ssrc == 100)
  }

  @Test func `the round trip follows from the quoted report and what the receiver waited`() throws {
    var stream = started()
    var clock = SenderReportClock(rate: 90_000)
    clock.observe(9_000, arrival: .origin)
    _ = stream.forward(encoding: 1, source: 1_000, timestamp: 9_000, payloadByteCount: 500, at: .origin)
    let moment = Moment(instant: .milliseconds(1_000), wall: WallTime(milliseconds: 1_790_000_000_000))
    let made = stream.senderReport(clock: clock, at: moment)
    let report = try #require(made)
    stream.receive(
      block(loss: 64, lastReport: report.middleOfNTPTime, delay: 65_536 / 2), at: .milliseconds(1_580))
    #expect(stream.feedback.roundTrip == .milliseconds(80))
    #expect(stream.feedback.lossFraction == 0.25)
    #expect(stream.feedback.jitter == 7)
  }

  @Test func `a report that quotes nothing of ours gives no round trip`() {
    var stream = started()
    stream.receive(block(lastReport: 0xDEAD_BEEF, delay: 5), at: .milliseconds(100))
    #expect(stream.feedback.roundTrip == nil)
    #expect(stream.feedback.reports == 1)
  }
}

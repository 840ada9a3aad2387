// Timestamps and wall clocks: conversions, switches between encodings, and the one timeline that comes out.

import Chronology
import Randomness
import Streams
import TestSupport
import Testing
import Wire

private func report(ntp: NTPTime, timestamp: UInt32, ssrc: UInt32 = 1) -> SenderReport {
  SenderReport(ssrc: ssrc, ntpTime: ntp.fixedPoint, rtpTimestamp: timestamp, packetCount: 0, octetCount: 0)
}

private let noon = NTPTime(nanoseconds: 3_900_000_000_000_000_000)

struct NTPTimeTests {
  @Test(arguments: [0, 1, 999_999_999, 1_000_000_000, 3_900_000_000_123_456_789] as [Int64])
  func `fixed point and back is the same nanosecond`(nanoseconds: Int64) {
    #expect(NTPTime(fixedPoint: NTPTime(nanoseconds: nanoseconds).fixedPoint).nanoseconds == nanoseconds)
  }

  @Test func `half a second is half of the fraction's range`() {
    #expect(NTPTime(fixedPoint: 7 << 32 | 0x8000_0000).nanoseconds == 7_500_000_000)
  }

  @Test func `1970 is 2208988800 seconds after 1900`() {
    #expect(NTPTime(WallTime(milliseconds: 0)).fixedPoint >> 32 == 2_208_988_800)
  }
}

struct SenderReportClockTests {
  @Test func `a report relates timestamps to the wall clock both ways, over the wrap`() {
    var clock = SenderReportClock(rate: 90_000)
    #expect(clock.ntpTime(of: 5) == nil)
    clock.receive(report(ntp: noon, timestamp: .max - 44_999), at: .milliseconds(50))
    #expect(clock.ntpTime(of: 45_000) == noon + .seconds(1))
    #expect(clock.timestamp(at: noon + .seconds(1)) == 45_000)
    #expect(clock.timestamp(at: noon + .milliseconds(-500)) == UInt32.max - 89_999)
  }

  @Test func `a timestamp is found on another encoding's clock by their reports`() {
    var low = SenderReportClock(rate: 90_000)
    var high = SenderReportClock(rate: 90_000)
    low.receive(report(ntp: noon, timestamp: 1_000_000), at: .milliseconds(10))
    // The report about the other one took 400 ms longer: that must not matter.
    high.receive(report(ntp: noon + .milliseconds(100), timestamp: 5_000), at: .milliseconds(510))
    #expect(high.translate(5_000, to: low) == 1_009_000)
  }

  @Test func `before the reports the earliest arrivals stand in`() {
    var low = SenderReportClock(rate: 90_000)
    var high = SenderReportClock(rate: 90_000)
    low.observe(90_000, arrival: .milliseconds(1_040))
    low.observe(180_000, arrival: .milliseconds(2_000))
    low.observe(270_000, arrival: .milliseconds(3_090))
    high.observe(7_000, arrival: .milliseconds(3_000))
    #expect(high.translate(7_000, to: low) == 270_000)
  }

  @Test func `an older report changes nothing`() {
    var clock = SenderReportClock(rate: 48_000)
    clock.receive(report(ntp: noon, timestamp: 480), at: .milliseconds(10))
    clock.receive(report(ntp: noon + .milliseconds(-100), timestamp: 99_999), at: .milliseconds(20))
    #expect(clock.ntpTime(of: 480) == noon)
  }

  @Test func `report blocks quote the last report and its age`() {
    var clock = SenderReportClock(rate: 48_000)
    #expect(clock.lastReport(at: .milliseconds(5)) == (0, 0))
    clock.receive(report(ntp: NTPTime(fixedPoint: 0x0001_2345_6789_0000), timestamp: 0), at: .milliseconds(1_000))
    let quoted = clock.lastReport(at: .milliseconds(2_500))
    #expect(quoted.middle == 0x2345_6789)
    #expect(quoted.delay == 98_304)
  }

  @Test func `a report without a wall clock is passed over`() {
    var clock = SenderReportClock(rate: 48_000)
    clock.receive(SenderReport(ssrc: 1, ntpTime: 0, rtpTimestamp: 1, packetCount: 0, octetCount: 0), at: .origin)
    #expect(!clock.isSynchronized)
  }
}

struct OutputTimelineTests {
  private func clock(_ timestamp: UInt32, reported: Bool = true) -> SenderReportClock {
    var clock = SenderReportClock(rate: 90_000)
    if reported {
      clock.receive(report(ntp: noon, timestamp: timestamp), at: .origin)
    } else {
      clock.observe(timestamp, arrival: .origin)
    }
    return clock
  }

  @Test func `the first run starts at the random start`() {
    var timeline = OutputTimeline(rate: 90_000, start: 777)
    timeline.begin(encoding: 0, timestamp: 123_456, clock: clock(0), previous: nil, at: .origin)
    #expect(123_456 &+ timeline.offset == 777)
  }

  @Test func `the same moment of capture keeps its place over a switch`() {
    var timeline = OutputTimeline(rate: 90_000, start: 0)
    let low = clock(1_000)
    let high = clock(2_000_000_000)
    timeline.begin(encoding: 0, timestamp: 1_000, clock: low, previous: nil, at: .origin)
    timeline.sent(1_000, at: .origin)
    timeline.sent(1_000 + 90_000, at: .milliseconds(1_000))
    // The first frame of the other encoding was captured 1.1 s after the reports and took 40 ms longer.
    timeline.begin(
      encoding: 1, timestamp: 2_000_000_000 + 99_000, clock: high, previous: low, at: .milliseconds(1_140))
    #expect((2_000_000_000 + 99_000) as UInt32 &+ timeline.offset == 99_000)
  }

  @Test func `the timeline does not run backwards when the new encoding is behind`() {
    var timeline = OutputTimeline(rate: 90_000, start: 0)
    let low = clock(0)
    let high = clock(5_000)
    timeline.begin(encoding: 0, timestamp: 0, clock: low, previous: nil, at: .origin)
    timeline.sent(90_000, at: .milliseconds(1_000))
    timeline.begin(encoding: 1, timestamp: 5_000 + 87_000, clock: high, previous: low, at: .milliseconds(1_000))
    #expect((5_000 + 87_000) as UInt32 &+ timeline.offset == 90_090)
  }

  @Test func `reports that contradict the time that passed are not believed`() {
    var timeline = OutputTimeline(rate: 90_000, start: 0)
    let low = clock(0)
    var high = SenderReportClock(rate: 90_000)
    high.receive(report(ntp: noon + .seconds(3_600), timestamp: 0), at: .origin)
    timeline.begin(encoding: 0, timestamp: 0, clock: low, previous: nil, at: .origin)
    timeline.sent(90_000, at: .milliseconds(1_000))
    timeline.begin(encoding: 1, timestamp: 4_500, clock: high, previous: low, at: .milliseconds(1_050))
    #expect((4_500 as UInt32) &+ timeline.offset == 94_500)
  }

  @Test func `a pause takes as long on the timeline as it took`() {
    var timeline = OutputTimeline(rate: 48_000, start: 0)
    var clock = SenderReportClock(rate: 48_000)
    clock.observe(0, arrival: .origin)
    timeline.begin(encoding: 0, timestamp: 0, clock: clock, previous: nil, at: .origin)
    timeline.sent(960, at: .milliseconds(20))
    timeline.begin(encoding: 0, timestamp: 480_960, clock: clock, previous: nil, at: .milliseconds(10_020))
    #expect(timeline.offset == 0)
  }

  @Test func `switches keep the timeline ascending and within bounds of the time that passed`() {
    forEachSeed(60) { seed, random in
      let starts = (0..<3).map { _ in UInt32(truncatingIfNeeded: random.next()) }
      let delays = (0..<3).map { _ in Int64(random.next() % 80) }
      var clocks = (0..<3).map { _ in SenderReportClock(rate: 90_000) }
      var timeline = OutputTimeline(rate: 90_000, start: UInt32(truncatingIfNeeded: random.next()))
      var current = 0
      var last: UInt32?
      var firstOut: UInt32 = 0
      var frame: Int64 = 0
      while frame < 900 {
        let captured = frame * 33
        for index in 0..<3 where random.chance(0.03) {
          clocks[index].receive(
            report(
              ntp: noon + .milliseconds(captured), timestamp: starts[index] &+ UInt32(captured * 90)),
            at: .milliseconds(captured + delays[index]))
        }
        let previous = current
        if random.chance(0.05) { current = Int(random.next() % 3) }
        let timestamp = starts[current] &+ UInt32(captured * 90)
        let arrival = Instant.milliseconds(captured + delays[current])
        clocks[current].observe(timestamp, arrival: arrival)
        if last == nil || current != previous {
          timeline.begin(
            encoding: UInt8(current), timestamp: timestamp, clock: clocks[current], previous: clocks[previous],
            at: arrival)
        }
        timeline.sent(timestamp, at: arrival)
        let out = timestamp &+ timeline.offset
        if let last {
          #expect(Int32(bitPattern: out &- last) > 0, "seed \(seed), frame \(frame)")
          let error = Int64(out &- firstOut) - captured * 90
          #expect(abs(error) < 90 * 400, "seed \(seed), frame \(frame): off by \(error) ticks")
        } else {
          firstOut = out &- UInt32(captured * 90)
        }
        last = out
        frame += 1
      }
    }
  }
}

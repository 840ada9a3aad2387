// A line that tells how a measurement goes: every second on a terminal, every five seconds otherwise.

import Chronology
import Glibc
import Harness
import Reactor

final class Progress {
  var title = ""
  private let engine: Engine
  private let isTerminal = isatty(2) == 1
  private var target = Target.mqvi
  private var server: TestedServer?
  private var before = ProcessReading()
  private var lost: UInt64 = 0
  private var duration = 0
  private var start = Instant.origin
  private var next = Instant.origin

  init(_ engine: Engine) {
    self.engine = engine
    engine.onTick = { [unowned self] now in tick(now) }
  }

  func begin(_ target: Target, _ server: TestedServer, _ before: ProcessReading, lost: UInt64, duration: Int) {
    self.target = target
    self.server = server
    self.before = before
    self.lost = lost
    self.duration = duration
    start = Clock.now()
    next = start + interval
  }

  func end() {
    server = nil
    if isTerminal { Process.write("\r\u{1B}[K", toStandardError: true) }
  }

  private var interval: Interval { .seconds(isTerminal ? 1 : 5) }

  private func tick(_ now: Instant) {
    guard let server, now >= next else { return }
    next = now + interval
    let elapsed = (now - start).seconds
    let packets = engine.observed.packets
    let used = server.read() - before
    let lostNow = engine.lost(of: target, at: now)
    let text = [
      title, "\(Int(elapsed.rounded())) s of \(duration)", "\(Int(Double(packets) / elapsed)) packets/s",
      "\(lostNow > lost ? lostNow - lost : 0) lost",
      "\(Table.number((used.user + used.system) * 1e6 / Double(max(1, packets)))) µs a packet",
      "\((before.residentKilobytes + used.residentKilobytes) / 1_024) MB",
    ].joined(separator: " · ")
    Process.write(isTerminal ? "\r\u{1B}[K\(text)" : "load: \(text)\n", toStandardError: true)
  }
}

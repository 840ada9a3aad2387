// How loud a microphone is and whether somebody speaks, from the levels in the packets (RFC 6464). No audio is decoded.

import Chronology

/// One microphone's loudness, by the rule that LiveKit clients know: windows of 400 ms; a frame is loud at −35 dBov or
/// more; somebody speaks when 40 % of a window was loud.
public struct AudioLevelMeter: Sendable {
  public enum Rule {
    public static let window = Interval.milliseconds(400)
    /// −dBov: at this level or louder (smaller) a frame counts as active.
    public static let activeLevel: UInt8 = 35
    /// Share of the window, in percent, that must have been active.
    public static let activePercent: Int64 = 40
    /// Without packets for so long the level is zero.
    public static let stale = Interval.milliseconds(800)
    /// Exponential smoothing over two windows: 2 / (2 + 1).
    public static let smoothing = 2.0 / 3.0
    /// The longest time that one packet is taken to stand for: DTX sends one every 400 ms.
    public static let longestFrame = Interval.milliseconds(400)
  }

  public struct Reading: Sendable, Hashable {
    /// 0…1 in eighths, rounded up; 0 is silence.
    public var level: Float
    public var isActive: Bool

    public init(level: Float, isActive: Bool) {
      self.level = level
      self.isActive = isActive
    }
  }

  private var loudest: UInt8 = 127
  private var active = Interval.zero
  private var observed = Interval.zero
  private var smoothed = 0.0
  private var isSpeaking = false
  private var lastTimestamp: UInt32?
  private var lastObservation: Instant?
  private let rate: UInt32

  /// - Parameter clockRate: of the audio's RTP clock in Hz.
  public init(clockRate: UInt32 = 48_000) {
    precondition(clockRate > 0, "a clock runs")
    rate = clockRate
  }

  /// A packet came. Those that are late add nothing: their time was passed over already.
  ///
  /// - Parameter level: 0…127 −dBov, RFC 6464 §3.
  public mutating func observe(level: UInt8, timestamp: UInt32, at time: Instant) {
    let ticks = lastTimestamp.map { Ticks.distance(from: $0, to: timestamp) } ?? Int64(rate) / 50
    guard ticks > 0 else { return }
    lastTimestamp = timestamp
    lastObservation = time
    let duration = min(Ticks.duration(of: ticks, rate: rate), Rule.longestFrame)
    observed = observed + duration
    if level <= Rule.activeLevel {
      active = active + duration
      loudest = min(loudest, level)
    }
    if observed >= Rule.window { closeWindow() }
  }

  /// The loudness as of the last full window.
  public func reading(at time: Instant) -> Reading {
    guard let lastObservation, time - lastObservation < Rule.stale else { return Reading(level: 0, isActive: false) }
    let eighths = (smoothed * 8).rounded(.up) / 8
    return Reading(level: Float(min(1, isSpeaking ? eighths : 0)), isActive: isSpeaking)
  }

  /// Nobody is heard: muted.
  public mutating func reset() { self = AudioLevelMeter(clockRate: rate) }

  private mutating func closeWindow() {
    let share = Double(active.nanoseconds) / Double(observed.nanoseconds)
    let isLoud = active.nanoseconds * 100 >= Rule.activePercent * observed.nanoseconds
    // 10^(−(L − 20·log₁₀ s)/20) is s·10^(−L/20).
    let level = isLoud ? share * AudioLevelMeter.amplitude(loudest) : 0
    smoothed += (level - smoothed) * Rule.smoothing
    isSpeaking = isLoud
    if !isLoud { smoothed = 0 }
    loudest = 127
    active = .zero
    observed = .zero
  }

  /// 10^(−level/20): full scale is 1.
  private static func amplitude(_ level: UInt8) -> Double {
    var value = 1.0
    for _ in 0..<level { value *= 0.891_250_938_133_745_5 }
    return value
  }
}

// A session of one client, and the person behind it. Small on purpose: ten thousand of them wait in memory.

import API
import Chronology
import Identifiers

/// The secret that names a session: 128 random bits, 32 hexadecimal digits for clients.
struct SessionKey: Hashable {
  let high: UInt64
  let low: UInt64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  init?(_ text: String) {
    let digits = Array(text.utf8)
    guard digits.count == 32, let high = Self.number(digits[0..<16]), let low = Self.number(digits[16..<32]) else {
      return nil
    }
    self.init(high: high, low: low)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return value
  }

  var text: String { Self.digits(high) + Self.digits(low) }

  private static func digits(_ value: UInt64) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 16 - text.utf8.count) + text
  }
}

/// One client's place in the stream of events, kept while it is connected and for `Limit.resumeTime` after.
final class Session {
  enum Phase {
    /// Its `ready` is being made.
    case loading
    /// Gets every event when it happens.
    case live
    /// Takes the log from `cursor` on: it came back, or did not read fast enough.
    case behind
  }

  let key: SessionKey
  unowned let person: Person
  var caller: Caller
  /// Nil while it waits for its client.
  var socket: SocketID?
  var phase = Phase.loading
  /// Everything up to here was sent or did not concern it. Counts in the phases `loading` and `behind`.
  var cursor: UInt64
  /// The socket has enough for now; the log goes on when it has taken that.
  var isCongested = false
  /// A resume is under way, whose end the client is told.
  var owesResumed = false
  /// What the last `ready` included.
  var includedCommit: UInt64 = 0
  var includedVersion: UInt64 = 0
  var includedLive: UInt64 = 0

  var heard: Instant
  var active: Instant
  var detached: Instant?
  private var windowStart: Instant
  private var operations = 0
  private(set) var violations = 0
  private var typed: (channel: Identifier, at: Instant)?

  init(_ key: SessionKey, _ person: Person, _ caller: Caller, _ socket: SocketID, cursor: UInt64, at now: Instant) {
    self.key = key
    self.person = person
    self.caller = caller
    self.socket = socket
    self.cursor = cursor
    heard = now
    active = now
    windowStart = now
  }

  /// Counts an operation. False beyond the limit.
  func takeOperation(at now: Instant) -> Bool {
    if now - windowStart >= .seconds(60) {
      windowStart = now
      operations = 0
    }
    operations += 1
    return operations <= Limit.operations
  }

  /// Counts a wrong message. False when it was one too many.
  func takeViolation() -> Bool {
    violations += 1
    return violations < Limit.violations
  }

  /// Whether the channel should hear that somebody types: at most once in `Limit.typingPeriod`.
  func takeTyping(_ channel: Identifier, at now: Instant) -> Bool {
    if let typed, typed.channel == channel, now - typed.at < Limit.typingPeriod { return false }
    typed = (channel, now)
    return true
  }

  /// A new connection begins with clean counts.
  func attach(_ socket: SocketID, _ caller: Caller, at now: Instant) {
    self.socket = socket
    self.caller = caller
    detached = nil
    isCongested = false
    heard = now
    active = now
    windowStart = now
    operations = 0
    violations = 0
  }

  /// Whether the last `ready` told what `entry` tells.
  func includes(_ entry: EventLog.Entry) -> Bool {
    switch entry.origin {
    case .durable(let commit, let version):
      commit != 0 && commit <= includedCommit && version <= includedVersion
    case .derived(let version): version <= includedVersion
    case .live: entry.sequence <= includedLive
    }
  }
}

/// A member with at least one session.
final class Person {
  let user: Identifier
  /// Members with equal roles see the same channels, but for overrides of their own.
  var group: Int
  /// Place in the group's list.
  var place: Int
  var sessions: [Session] = []
  /// What the person chose to be seen as.
  var choice = Presence.online
  /// Whether `choice` is known: it comes with the first `ready`.
  var isKnown = false
  /// What the others were told.
  var announced = Presence.offline
  /// When the last connection went.
  var left: Instant?
  /// Channels that came into sight while a session was open, and after which event. What was said there before is not
  /// this person's to hear.
  var sightings: [Identifier: UInt64] = [:]

  init(_ user: Identifier, group: Int, place: Int) {
    self.user = user
    self.group = group
    self.place = place
  }

  var isConnected: Bool { sessions.contains { $0.socket != nil } }
}

/// How a person is seen (MQ-191).
public enum Presence: String, Hashable, Sendable, CaseIterable {
  case online, idle, dnd, offline
}

// What happened in a run: a hash over everything, and the last events to look at when a checker speaks.

import Chronology

/// One line of a run.
struct TraceEvent {
  enum Kind: String {
    case datagramToNode = "datagram to node"
    case datagramToClient = "datagram to client"
    case datagramToNobody = "datagram to an address that nobody has"
    case signalToServer = "signal to server"
    case signalToClient = "signal to client"
    case socketOpened = "socket opened"
    case socketClosed = "socket closed"
    case refused = "connection refused"
    case command = "command"
    case mediaEvent = "media event"
    case operation = "operation"
    case transportState = "transport state at client"
    case decoded = "frame decoded"
    case data = "data received"
    case phase = "phase"

    /// Whether it is worth one of the last lines. Every datagram goes into the hash; their lines would hide the rest.
    var isKept: Bool {
      switch self {
      case .datagramToNode, .datagramToClient, .datagramToNobody, .decoded: false
      default: true
      }
    }
  }

  var at: Instant
  var kind: Kind
  /// What it is about, in the words of the kind.
  var subject: String
  var a: Int
  var b: Int

  var line: String { "\(at.nanoseconds / 1_000) us  \(kind.rawValue)  \(subject)  \(a) \(b)" }
}

struct Trace {
  /// Lines that are kept.
  static let kept = 50

  /// FNV-1a over all events of the run.
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  private(set) var count = 0
  private var ring: [TraceEvent] = []
  private var next = 0

  mutating func record(_ event: TraceEvent) {
    mix(UInt64(bitPattern: event.at.nanoseconds))
    mix(UInt64(bitPattern: Int64(event.a)))
    mix(UInt64(bitPattern: Int64(event.b)))
    for byte in event.kind.rawValue.utf8.prefix(4) { mix(UInt64(byte)) }
    for byte in event.subject.utf8 { mix(UInt64(byte)) }
    count += 1
    guard event.kind.isKept else { return }
    if Environment.isTraced { print(event.line) }
    if ring.count < Self.kept { ring.append(event) } else { ring[next] = event }
    next = (next + 1) % Self.kept
  }

  /// The last events, oldest first, one line each.
  var lastLines: [String] {
    let start = ring.count < Self.kept ? 0 : next
    return (ring[start...] + ring[..<start]).map(\.line)
  }

  private mutating func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x0000_0100_0000_01B3 }
}

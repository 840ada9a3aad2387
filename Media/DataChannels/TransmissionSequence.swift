// The sequence numbers of SCTP, which wrap around: RFC 9260 §1.6 serial number arithmetic after RFC 1982.

/// A Transmission Sequence Number: counts every DATA chunk of one direction.
struct TSN: Hashable, Sendable {
  var rawValue: UInt32

  init(_ rawValue: UInt32) { self.rawValue = rawValue }

  var next: TSN { TSN(rawValue &+ 1) }
  var previous: TSN { TSN(rawValue &- 1) }

  /// How far `self` is ahead of `other`; negative when it is behind.
  func distance(from other: TSN) -> Int { Int(Int32(truncatingIfNeeded: rawValue &- other.rawValue)) }

  func isNewer(than other: TSN) -> Bool { distance(from: other) > 0 }

  func advanced(by count: Int) -> TSN { TSN(rawValue &+ UInt32(truncatingIfNeeded: count)) }
}

/// A Stream Sequence Number: counts the ordered messages of one stream.
struct SSN: Hashable, Sendable {
  var rawValue: UInt16

  init(_ rawValue: UInt16) { self.rawValue = rawValue }

  var next: SSN { SSN(rawValue &+ 1) }

  func isNewer(than other: SSN) -> Bool { Int16(truncatingIfNeeded: rawValue &- other.rawValue) > 0 }
}

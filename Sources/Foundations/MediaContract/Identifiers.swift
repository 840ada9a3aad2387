// The names by which the control plane and the data plane speak of the same things.
//
// The control plane invents them and never uses one twice while the process lives; the data plane maps them to its own
// handles. They are not wire identifiers: SSRCs, MIDs and `TR_…` sids are.

/// One ICE + DTLS session: one peer connection of one participant.
public struct TransportID: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// One track as its publisher sends it, in one codec.
public struct PublicationID: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// One publication on its way to one transport.
public struct SubscriptionID: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
}

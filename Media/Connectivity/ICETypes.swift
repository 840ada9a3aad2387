// What ICE agents are told, what they keep, and what they tell.

import Chronology
import Cryptography
import Wire

/// A username fragment and a password (RFC 8839 §5.4).
public struct ICECredentials: Hashable, Sendable {
  public var usernameFragment: String
  public var password: String

  public init(usernameFragment: String, password: String) {
    self.usernameFragment = usernameFragment
    self.password = password
  }
}

/// Who decides which path is used (RFC 8445 §6.1.1).
public enum ICERole: Sendable, Hashable {
  /// Ours, as an ICE-lite server: answers checks, sends none, and lets the client choose.
  case controlled
  /// A client's: sends checks and chooses.
  case controlling
}

/// Where consent stands (RFC 7675).
public enum ICEState: Sendable, Hashable {
  /// No valid check yet.
  case new
  case connected
  /// Nothing valid for `ICEAgent.Limit.disconnected`; a valid check mends it.
  case disconnected
  /// Nothing valid for `ICEAgent.Limit.failed`; a valid check mends it all the same.
  case failed
}

public enum ICEEvent: Sendable, Hashable {
  /// A path proved valid: packets from it belong to this agent.
  case pathAdded(Path)
  /// A path was given up.
  case pathRemoved(Path)
  /// What we send goes this way from now on.
  case pathSelected(Path)
  case state(ICEState)
}

/// A datagram and where it goes.
public struct Departure: Sendable, Hashable {
  public var bytes: [UInt8]
  public var path: Path

  public init(bytes: [UInt8], path: Path) {
    self.bytes = bytes
    self.path = path
  }
}

/// Credentials with the HMAC key already absorbed: a password authenticates a check every few seconds.
struct ICEKey: Sendable {
  let fragment: String
  let hmac: HMACSHA1

  init(_ credentials: ICECredentials) {
    fragment = credentials.usernameFragment
    hmac = HMACSHA1(key: Array(credentials.password.utf8))
  }
}

/// A path that a check proved.
struct CheckedPath: Sendable {
  let path: Path
  /// When the last valid check (controlled) or response (controlling) arrived.
  var lastValid: Instant
  /// When the last check with USE-CANDIDATE arrived.
  var lastNomination: Instant?
  /// PRIORITY of the last check.
  var priority: UInt32
}

/// An address of the other side that a controlling agent checks.
struct CheckedCandidate: Sendable {
  let path: Path
  var nextCheck: Instant
  /// Checks since the last response.
  var unanswered = 0
}

/// A check that waits for its response.
struct PendingCheck: Sendable {
  let id: STUNTransactionID
  let path: Path
  let sent: Instant
}

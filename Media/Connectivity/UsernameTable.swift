// From the username of an ICE check to the session that it is for: how a path that nobody knows yet finds its session.

import Bytes
import Wire

/// Our username fragments and the sessions that gave them out. Consulted for STUN from unknown paths only.
public struct UsernameTable: Sendable {
  private var sessions: [String: UInt32] = [:]
  /// Fragments that the table may hold: two per session, while an ICE restart is under way.
  public let limit: Int

  public init(limit: Int) { self.limit = limit }

  public var count: Int { sessions.count }

  /// False when the fragment is taken by another session or the table stands at its limit.
  public mutating func insert(_ fragment: String, session: UInt32) -> Bool {
    if let owner = sessions[fragment] { return owner == session }
    guard sessions.count < limit else { return false }
    sessions[fragment] = session
    return true
  }

  public mutating func remove(_ fragment: String) { sessions[fragment] = nil }

  public subscript(_ fragment: String) -> UInt32? { sessions[fragment] }

  /// The session whose fragment stands first in the USERNAME of a binding request. Nothing is authenticated yet.
  public func session(forCheck packet: RawSpan) -> UInt32? {
    guard let message = try? STUNMessage(parsing: packet), message.messageClass == .request,
      let fragments = message.usernameFragments(in: packet)
    else { return nil }
    return sessions[fragments.receiver]
  }
}

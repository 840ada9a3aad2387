// Refusals for want of permission, for the log (UN-056): each is written once, and its repeats within a minute as one row
// with their number. A refused request leaves no trace in its own transaction, so the process submits a job for it.

import Access
public import Chronology
import Identifiers
public import Problems

/// Somebody was refused something: what the log will say about it.
public struct DeniedAccess: Sendable {
  /// `access_denied` rows name the group of the route.
  private let module: String
  /// Method and path as the router knows it, and the values of the path.
  private let endpoint: String
  private let target: String?
  private let caller: Caller
  private let origin: Origin
  fileprivate(set) public var repeats = 0

  /// Nil when `problem` is no refusal for want of permission, or nobody known was refused.
  public init?(_ route: Route, _ values: [String: String], _ caller: Caller?, _ origin: Origin, _ problem: Problem) {
    guard problem.code == .forbidden, let caller else { return nil }
    module = route.tag.lowercased()
    endpoint = "\(route.method.rawValue) \(route.path)"
    // Values come from the network: cut, so that a row of the log cannot be made long.
    target =
      values.isEmpty ? nil : route.parameters.map { String((values[$0] ?? "").prefix(64)) }.joined(separator: " ")
    self.caller = caller
    self.origin = origin
  }

  fileprivate var key: DeniedAccessLog.Key {
    DeniedAccessLog.Key(user: caller.user, endpoint: endpoint, target: target)
  }

  /// The job for the writer: one row.
  public func record(in writing: inout Writing) throws(Problem) {
    let call = Call(
      caller: caller, origin: origin, directory: writing.directory,
      at: Moment(instant: .origin, wall: writing.at))
    let details = repeats == 0 ? endpoint : "\(endpoint), \(repeats) more times within a minute"
    try writing.record(
      AuditEntry("access_denied", module, record: target.map { ("endpoint", $0) }, details: details), call)
  }
}

/// Folds identical refusals. Ask it for every refusal, and once in a while for the repeats that are due.
public struct DeniedAccessLog: Sendable {
  public enum Limit {
    /// Different refusals that are remembered at once; beyond, new ones are written without being folded.
    public static let remembered = 4096
    /// Identical refusals within it become one row.
    public static let window = Interval.seconds(60)
  }

  fileprivate struct Key: Hashable {
    var user: Identifier
    var endpoint: String
    var target: String?
  }

  private struct Entry {
    var first: Instant
    var denied: DeniedAccess
  }

  private var entries: [Key: Entry] = [:]

  public init() {}

  /// What is to be written at once for `denied`: itself, or nothing while it repeats.
  public mutating func note(_ denied: DeniedAccess, at now: Instant) -> [DeniedAccess] {
    let key = denied.key
    if let entry = entries[key], now - entry.first < Limit.window {
      entries[key]?.denied.repeats += 1
      return []
    }
    var due: [DeniedAccess] = []
    if let old = entries.removeValue(forKey: key), old.denied.repeats > 0 { due.append(old.denied) }
    if entries.count < Limit.remembered { entries[key] = Entry(first: now, denied: denied) }
    return due + [denied]
  }

  /// Repeats whose minute is over; call it every some seconds, and once with `isLast` at the end of the process.
  public mutating func due(at now: Instant, isLast: Bool = false) -> [DeniedAccess] {
    var due: [DeniedAccess] = []
    for (key, entry) in entries where isLast || now - entry.first >= Limit.window {
      entries[key] = nil
      if entry.denied.repeats > 0 { due.append(entry.denied) }
    }
    return due
  }
}

// A request as a handler sees it: parsed, checked against its route, and with the caller known.

public import Access
public import Chronology
public import Identifiers
public import JSON
public import Problems

/// Who asks.
public struct Caller: Hashable, Sendable {
  public var user: Identifier
  /// The session of a person; nil for a bot, which has a token of its own.
  public var session: Identifier?
  /// What a bot's token is good for; nil for a person, who may do what the account may.
  public var scopes: Set<String>?

  public init(user: Identifier, session: Identifier? = nil, scopes: Set<String>? = nil) {
    self.user = user
    self.session = session
    self.scopes = scopes
  }

  public var isBot: Bool { scopes != nil }
}

/// Where a request came from, for the audit log and for limits. No tokens in here.
public struct Origin: Hashable, Sendable {
  /// The client's address as text, without the port.
  public var address: String
  public var userAgent: String
  /// Whether people reach us over https, and under which `host[:port]`.
  public var isSecure: Bool
  public var host: String

  public init(address: String = "", userAgent: String = "", isSecure: Bool = false, host: String = "localhost") {
    self.address = address
    self.userAgent = userAgent
    self.isSecure = isSecure
    self.host = host
  }
}

public struct Call: Sendable {
  /// Values of the path's parameters, decoded: `channel_id`.
  public var path: [String: String]
  /// Parameters of the query that the route declares, decoded.
  public var query: [String: String]
  /// The body, which has the shape that the route declares; null where it takes none.
  public var body: JSONValue
  /// The body as it came, for routes that take files.
  public var bytes: [UInt8]
  public var contentType: String
  /// Nil only on routes that are open to anyone.
  public var caller: Caller?
  public var origin: Origin
  /// `X-Audit-Log-Reason`, decoded: why the caller does it, 1 to 512 characters.
  public var reason: String?
  /// Headers that a handler asked for by name in its route (lower case), like `range`.
  public var headers: [String: String]
  /// Facts as of the last commit before the request. A job that writes gets its own, current ones.
  public var directory: Directory
  public var at: Moment

  public init(
    path: [String: String] = [:], query: [String: String] = [:], body: JSONValue = .null, bytes: [UInt8] = [],
    contentType: String = "application/json", caller: Caller? = nil, origin: Origin = Origin(), reason: String? = nil,
    headers: [String: String] = [:], directory: Directory, at: Moment
  ) {
    self.path = path
    self.query = query
    self.body = body
    self.bytes = bytes
    self.contentType = contentType
    self.caller = caller
    self.origin = origin
    self.reason = reason
    self.headers = headers
    self.directory = directory
    self.at = at
  }

  /// Who asks, on routes that only members reach.
  public func member() throws(Problem) -> Caller {
    guard let caller else { throw .unauthorized }
    return caller
  }

  /// The id that the path names. One that is not an id names nothing.
  public func id(_ name: String) throws(Problem) -> Identifier {
    guard let text = path[name], let id = Identifier(text) else {
      throw .notFound(name.hasSuffix("_id") ? String(name.dropLast(3)) : name)
    }
    return id
  }

  /// An id of the query; nil when it is not given.
  public func queryID(_ name: String) throws(Problem) -> Identifier? {
    guard let text = query[name] else { return nil }
    guard let id = Identifier(text) else { throw .invalid("?\(name)", "must be an id of 16 hexadecimal digits") }
    return id
  }

  /// A whole number of the query, brought into `range`; `standard` when it is not given (MQ-062).
  public func queryNumber(_ name: String, _ range: ClosedRange<Int>, standard: Int) throws(Problem) -> Int {
    guard let text = query[name] else { return standard }
    guard let number = Int(text) else { throw .invalid("?\(name)", "must be a whole number") }
    return min(max(number, range.lowerBound), range.upperBound)
  }

  /// An id in the body; nil when the member is missing or null.
  public func bodyID(_ name: String) -> Identifier? { body[name]?.string.flatMap { Identifier($0) } }

  /// Whether the body names the member, be it with null: an update changes what it names.
  public func names(_ member: String) -> Bool { body[member] != nil }
}

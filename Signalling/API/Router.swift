// From a request to the handler of its route: found, authorised, its body checked; in this order, for every route alike.

public import Access
public import Chronology
import JSON
public import Problems

/// A request that asks the API, as far as HTTP is understood.
public struct Inquiry: Sendable {
  public var method: String
  /// The path as it came, still percent-encoded, without the query.
  public var path: String
  /// Parameters of the query, decoded; the last of equal names counts.
  public var query: [String: String]
  public var contentType: String
  public var body: [UInt8]
  public var caller: Caller?
  public var origin: Origin
  public var reason: String?
  /// Lower-case names.
  public var headers: [String: String]

  public init(
    method: String, path: String, query: [String: String] = [:], contentType: String = "application/json",
    body: [UInt8] = [], caller: Caller? = nil, origin: Origin = Origin(), reason: String? = nil,
    headers: [String: String] = [:]
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.contentType = contentType
    self.body = body
    self.caller = caller
    self.origin = origin
    self.reason = reason
    self.headers = headers
  }
}

/// All routes, found by path in a tree of segments.
public struct Router: Sendable {
  public enum Limit {
    /// Bytes of a JSON body: the longest message, escaped, many times over.
    public static let jsonBytes = 256 * 1024
    /// Bytes of a path's segment. Ids have 16, names of files 255.
    public static let segmentBytes = 1024
  }

  public let routes: [Route]
  private var root = Node()

  private struct Node: Sendable {
    var fixed: [String: Node] = [:]
    /// At most one parameter's subtree: two routes that differ in the name of a parameter only would be one.
    var variable: [Node] = []
    /// Method → index of the route and its parameter names in order.
    var ends: [Method: Int] = [:]
  }

  public init(_ routes: [Route]) {
    self.routes = routes
    for (index, route) in routes.enumerated() {
      Self.insert(route.path.split(separator: "/")[...], route.method, index, &root)
    }
  }

  private static func insert(_ rest: ArraySlice<Substring>, _ method: Method, _ index: Int, _ node: inout Node) {
    guard let segment = rest.first else {
      precondition(node.ends[method] == nil, "two routes have the same method and path")
      node.ends[method] = index
      return
    }
    if segment.first == "{" {
      if node.variable.isEmpty { node.variable = [Node()] }
      insert(rest.dropFirst(), method, index, &node.variable[0])
    } else {
      insert(rest.dropFirst(), method, index, &node.fixed[String(segment), default: Node()])
    }
  }

  /// The route for a request, with the values of its path. `/api`, `/api/v1` and a slash at the end do not matter
  /// (UN-001), PUT and PATCH are one for updates (UN-016), HEAD is GET.
  public func find(_ method: String, _ path: String) throws(Problem) -> (route: Route, values: [String: String]) {
    var segments = path.split(separator: "/")[...]
    guard segments.first == "api" else { throw .notFound("endpoint") }
    segments.removeFirst()
    if segments.first == "v1" { segments.removeFirst() }
    var node = root
    var values: [String] = []
    for segment in segments {
      guard segment.utf8.count <= Limit.segmentBytes, let text = PercentEncoding.decode(segment) else {
        throw .notFound("endpoint")
      }
      if let next = node.fixed[text] {
        node = next
      } else if let next = node.variable.first {
        values.append(text)
        node = next
      } else {
        throw .notFound("endpoint")
      }
    }
    guard !node.ends.isEmpty else { throw .notFound("endpoint") }
    guard let index = Self.candidates(method).lazy.compactMap({ node.ends[$0] }).first else {
      throw Problem(
        .methodNotAllowed, "this endpoint takes \(node.ends.keys.map(\.rawValue).sorted().joined(separator: ", "))")
    }
    let route = routes[index]
    return (route, Dictionary(zip(route.parameters, values), uniquingKeysWith: { first, _ in first }))
  }

  private static func candidates(_ method: String) -> [Method] {
    switch method {
    case "GET", "HEAD": [.get]
    case "POST": [.post]
    case "PUT": [.put, .patch]
    case "PATCH": [.patch, .put]
    case "DELETE": [.delete]
    default: []
    }
  }

  /// The call that `inquiry` makes on `route`: authorised by the facts at hand, its query and body of the right shape.
  public func call(
    _ route: Route, _ values: [String: String], _ inquiry: Inquiry, _ directory: Directory, at moment: Moment
  ) throws(Problem) -> Call {
    var call = Call(
      path: values, caller: inquiry.caller, origin: inquiry.origin, reason: inquiry.reason, directory: directory,
      at: moment)
    try Self.check(route, call)
    for parameter in route.query { call.query[parameter.name] = inquiry.query[parameter.name] }
    for name in route.headers { call.headers[name] = inquiry.headers[name] }
    call.contentType = inquiry.contentType
    try Self.read(route.body, inquiry, into: &call)
    return call
  }

  /// Whether a request may go to `route` at all, before its body is looked at.
  public static func check(
    _ route: Route, _ values: [String: String], _ inquiry: Inquiry, _ directory: Directory, at moment: Moment
  ) throws(Problem) {
    try check(route, Call(path: values, caller: inquiry.caller, directory: directory, at: moment))
  }

  private static func check(_ route: Route, _ call: Call) throws(Problem) {
    try checkScope(route, call.caller)
    try route.access.check(call, call.directory)
  }

  private static func checkScope(_ route: Route, _ caller: Caller?) throws(Problem) {
    guard let scopes = caller?.scopes, route.access != .anyone else { return }
    guard let scope = route.scope, scopes.contains(scope) else { throw .forbidden }
  }

  private static func read(_ body: Route.Body, _ inquiry: Inquiry, into call: inout Call) throws(Problem) {
    switch body {
    case .none: return
    case .file(let limit):
      guard inquiry.body.count <= limit else { throw Problem(.payloadTooLarge, "at most \(limit) bytes are taken") }
      call.bytes = inquiry.body
    case .optionalJSON(let schema):
      if inquiry.body.isEmpty { call.body = .object(JSONObject()) } else { try read(schema, inquiry, into: &call) }
    case .json(let schema): try read(schema, inquiry, into: &call)
    }
  }

  private static func read(_ schema: Shape, _ inquiry: Inquiry, into call: inout Call) throws(Problem) {
    guard inquiry.body.count <= Limit.jsonBytes else {
      throw Problem(.payloadTooLarge, "a body may have \(Limit.jsonBytes) bytes")
    }
    // A form of another site can post text, but not this type, without being asked for permission first.
    guard inquiry.contentType.lowercased().hasPrefix("application/json") else {
      throw Problem(.validation, "send application/json")
    }
    do { call.body = try JSONValue(parsing: inquiry.body) } catch {
      throw Problem(.validation, "the body is not JSON: \(error)")
    }
    try schema.check(call.body)
  }
}

/// Percent-encoding of paths and queries (RFC 3986 §2.1).
public enum PercentEncoding {
  /// Nil for broken escapes and for what is not UTF-8 or holds U+0000.
  public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble) else { return nil }
        bytes.append(high << 4 | low)
      } else {
        bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    guard !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

// The route table's entries: everything that is known about an endpoint stands in one value, so that checks, limits, the
// OpenAPI document and the authorisation tests are all made from the same thing.

public import Access
import Chronology
public import Problems

public enum Method: String, Sendable, Hashable {
  case get = "GET"
  case post = "POST"
  case put = "PUT"
  case patch = "PATCH"
  case delete = "DELETE"
}

/// Who gets past the router. Finer rules (the author of a message, ranks) are the handler's, through the same evaluator.
public enum RouteAccess: Sendable, Hashable {
  /// Nobody needs to be signed in.
  case anyone
  /// Every signed-in member, person or bot.
  case member
  /// Persons only: the account itself, its sessions, its second factor.
  case person
  /// Members who hold all of these on the server.
  case server(Permissions)
  /// Members who hold all of these in the channel that the path's `channel_id` names; who cannot see it hears 404.
  case channel(Permissions)
}

/// How often one caller may use it, together with all routes of the same class. Numbers: `RateLimits`.
public enum RateClass: String, Sendable, Hashable, CaseIterable {
  case read
  case write
  /// Sending messages, by channel.
  case message
  case upload
  case search
  /// Passwords, tokens and codes, by address.
  case credentials
}

/// A parameter of the query.
public struct QueryParameter: Sendable {
  public var name: String
  public var schema: Shape
  public var note: String

  public init(_ name: String, _ schema: Shape, _ note: String) {
    self.name = name
    self.schema = schema
    self.note = note
  }
}

public struct Route: Sendable {
  /// What a request carries.
  public enum Body: Sendable {
    case none
    /// JSON of this shape, at most so many bytes (`Limit.jsonBytes` unless a route says more).
    case json(Shape)
    /// JSON that may be left out.
    case optionalJSON(Shape)
    /// A file, raw or as multipart/form-data, at most `limit` bytes.
    case file(limit: Int)
  }

  public var method: Method
  /// Below `/api`, with parameters in braces: `/channels/{channel_id}/messages`.
  public var path: String
  /// `operationId` of the OpenAPI document: `createMessage`.
  public var name: String
  /// One sentence.
  public var summary: String
  /// The group that the documentation shows it in.
  public var tag: String
  public var access: RouteAccess
  /// A bot's token must carry it; nil where bots are refused.
  public var scope: String?
  public var query: [QueryParameter]
  public var body: Body
  /// Members of the answer beside `success`, or of a file. Status 200 unless `status` says otherwise.
  public var answer: [Shape.Field]
  public var status: Int
  /// Answers something else than JSON: its media types.
  public var produces: [String]
  /// Problems beyond the ones that follow from access, body and parameters.
  public var problems: [Problem.Code]
  public var rate: RateClass
  /// Names (lower case) of the headers that the handler reads.
  public var headers: [String]
  public var handle: @Sendable (Call) throws(Problem) -> Step

  public init(
    _ method: Method, _ path: String, _ name: String, _ summary: String, tag: String, access: RouteAccess,
    scope: String? = nil, query: [QueryParameter] = [], body: Body = .none, answer: [Shape.Field] = [],
    status: Int = 200, produces: [String] = [], problems: [Problem.Code] = [], rate: RateClass? = nil,
    headers: [String] = [], handle: @escaping @Sendable (Call) throws(Problem) -> Step
  ) {
    self.method = method
    self.path = path
    self.name = name
    self.summary = summary
    self.tag = tag
    self.access = access
    self.scope = scope
    self.query = query
    self.body = body
    self.answer = answer
    self.status = status
    self.produces = produces
    self.problems = problems
    self.rate = rate ?? (method == .get ? .read : .write)
    self.headers = headers
    self.handle = handle
  }

  /// Names of the path's parameters, in order.
  public var parameters: [String] {
    path.split(separator: "/").filter { $0.first == "{" && $0.last == "}" }.map { String($0.dropFirst().dropLast()) }
  }
}

extension RouteAccess {
  /// The router's check, and the writer's again: passes or says why not.
  public func check(_ call: Call, _ directory: Directory) throws(Problem) {
    switch self {
    case .anyone: return
    case .member: try Self.require(call, directory)
    case .person:
      guard try !Self.require(call, directory).isBot else { throw .forbidden }
    case .server(let permissions):
      try directory.require(permissions, of: Self.require(call, directory).user, at: call.at.wall)
    case .channel(let permissions):
      let caller = try Self.require(call, directory)
      try directory.require(permissions, of: caller.user, in: call.id("channel_id"), at: call.at.wall)
    }
  }

  @discardableResult
  private static func require(_ call: Call, _ directory: Directory) throws(Problem) -> Caller {
    let caller = try call.member()
    guard directory.members[caller.user] != nil else { throw .unauthorized }
    return caller
  }
}

// Which request gets which answer. What holds state is elsewhere.

import AccessTokens
import Chronology
import Cryptography
import JSON
import Rooms
import Settings
import Telemetry
import Voice
import WebEdge
import Wire

extension ControlPlane {
  mutating func answer(_ request: HTTPRequest, at moment: Moment) -> HTTPResponse {
    let reads = request.method == .get || request.method == .head
    switch request.path {
    case _ where request.method == .options:
      return Self.isLiveKit(request.path) ? Self.preflight : .text(404, "not found")
    case "/healthz" where reads: return .text(200, "OK")
    case "/metrics" where reads: return metrics(request, at: moment)
    case "/metrics/rooms" where reads: return status(request, at: moment)
    case "/api/rooms/token": return roomToken(request, at: moment)
    case "/" where reads && !wantsPage(request):
      // LiveKit's health check: its SDKs ask before they connect.
      return Self.open(.text(200, "OK"))
    case "/rtc/validate", "/rtc/v1/validate":
      // The same checks as for the upgrade: clients show people the text of this answer.
      let (status, text) = living.voice.validate(SignalUpgradeRequest(request), control: &living.control, at: moment)
      return Self.open(.text(status, text))
    case "/rtc", "/rtc/v1": return HTTPResponse(status: 404)
    case _ where reads: return files.response(to: request) ?? .text(404, "not found")
    default: return .text(404, "not found")
    }
  }

  /// A browser that shows a page names HTML; an SDK that looks whether we are there does not.
  private func wantsPage(_ request: HTTPRequest) -> Bool {
    !files.isEmpty && request.method == .get && request.headers["accept"]?.contains("text/html") == true
  }

  /// Any origin may use the LiveKit endpoints: what they protect is protected by tokens, not by cookies.
  private static let preflight = HTTPResponse(
    status: 204,
    headers: [
      "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*, Authorization",
      "Access-Control-Allow-Methods": "OPTIONS, HEAD, GET, POST, PATCH, DELETE", "Access-Control-Max-Age": "86400",
    ])

  private static func isLiveKit(_ path: String) -> Bool {
    path == "/" || path == "/rtc" || path.hasPrefix("/rtc/") || path.hasPrefix("/twirp/")
  }

  static func open(_ response: HTTPResponse) -> HTTPResponse {
    var response = response
    response.headers.set("Access-Control-Allow-Origin", "*")
    return response
  }

  private func metrics(_ request: HTTPRequest, at moment: Moment) -> HTTPResponse {
    // A proxy on this machine passes on whom it asks for.
    guard settings.openMetrics || request.clientAddress.isLoopback else { return .text(403, "only from this machine") }
    let page = metricsPage(at: moment)
    return HTTPResponse(
      status: 200, headers: ["Content-Type": MetricsText.contentType], body: Array(page.text.utf8))
  }
}

// MARK: - Joining without an account

extension ControlPlane {
  private enum JoinLimit {
    static let body = 4096
    /// LiveKit's limit for names of rooms and people.
    static let name = 256
  }

  /// `POST /api/rooms/token {"room", "name"}` → `{"token", "url", "identity"}`. Whoever reaches the page may come in
  /// while `MQVI_OPEN_JOIN` is on. The identity is ours to choose, so that nobody can take another's place.
  private mutating func roomToken(_ request: HTTPRequest, at moment: Moment) -> HTTPResponse {
    guard request.method == .post else { return Self.problem(405, "method_not_allowed", "use POST") }
    guard settings.openJoin else {
      return Self.problem(403, "closed", "this server lets people in by invitation only")
    }
    guard joins.take(request.clientAddress, at: moment.instant) else {
      return Self.problem(429, "too_many_requests", "too many joins from this address, wait a minute")
    }
    // A form of another site can post text, but not this type, without being asked for permission first.
    guard request.headers["content-type"]?.hasPrefix("application/json") == true, request.body.count <= JoinLimit.body,
      let body = try? JSONValue(parsing: request.body), let room = body["room"]?.string.map(Self.trimmed)
    else { return Self.problem(400, "bad_request", "send {\"room\": …, \"name\": …} as application/json") }
    let name = Self.trimmed(body["name"]?.string ?? "")
    guard !VoiceRoom.isReserved(room) else {
      return Self.problem(403, "FORBIDDEN", "rooms of channels are for members: log in and join the channel")
    }
    guard !room.isEmpty, room.utf8.count <= JoinLimit.name, name.utf8.count <= JoinLimit.name else {
      return Self.problem(400, "bad_request", "room and name take 1 to \(JoinLimit.name) bytes")
    }
    let identity = "guest-" + SecureRandom.alphanumeric(12).lowercased()
    var claims = AccessTokenClaims(joining: room, as: identity)
    claims.name = name
    claims.video?.canUpdateOwnMetadata = true
    claims.setValidity(from: moment.wall, for: TokenLife.standard)
    let origin = request.origin
    let answer: JSONValue = [
      "token": .string(claims.signed(with: key)), "identity": .string(identity),
      "url": .string("\(origin.isSecure ? "wss" : "ws")://\(origin.host)"),
    ]
    var response = HTTPResponse.json(200, answer.serialized)
    response.headers.set("Cache-Control", "no-store")
    return response
  }

  /// Our own API's form of an error.
  private static func problem(_ status: Int, _ code: String, _ text: String) -> HTTPResponse {
    let body: JSONValue = ["success": false, "error": .string(text), "code": .string(code)]
    return .json(status, body.serialized)
  }

  private static func trimmed(_ text: String) -> String {
    var rest = text[...]
    while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
    while rest.last?.isWhitespace == true { rest = rest.dropLast() }
    return String(rest)
  }
}

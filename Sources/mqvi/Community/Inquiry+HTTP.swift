// Between HTTP and the API: what a request asks, and how an answer goes back.

import API
import Chronology
import JSON
import Problems
import WebEdge
import Wire

extension Inquiry {
  /// The request as the router takes it; the caller is filled in by who knows sessions.
  init(_ request: HTTPRequest) {
    let origin = request.origin
    self.init(
      method: request.method.rawValue, path: request.path, query: Self.parameters(request.query),
      contentType: request.headers["content-type"] ?? "", body: request.body,
      origin: Origin(
        address: request.clientAddress.host, userAgent: String(request.headers["user-agent"]?.prefix(256) ?? ""),
        isSecure: origin.isSecure, host: origin.host))
    if let reason = request.headers["x-audit-log-reason"].flatMap({ PercentEncoding.decode($0) }), !reason.isEmpty {
      self.reason = String(reason.prefix(512))
    }
    for (name, value) in request.headers.fields where headers[name] == nil { headers[name] = value }
    // It is read by the authenticator alone. Cookies reach the handlers whose routes name them: those that sign in.
    headers["authorization"] = nil
  }

  private static func parameters(_ query: String) -> [String: String] {
    var values: [String: String] = [:]
    for pair in query.split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = PercentEncoding.decode(sides[0], plusIsSpace: true),
        let value = PercentEncoding.decode(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
      else { continue }
      values[name] = value
    }
    return values
  }
}

extension HTTPResponse {
  /// What every answer of the API says to browsers: do not keep it, do not guess its type, run nothing in it.
  private static let standard: HTTPHeaders = [
    "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
  ]

  init(_ problem: Problem, request: String?) {
    self.init(status: problem.code.status, headers: Self.standard, body: problem.envelope(request: request))
    headers.set("Content-Type", "application/json")
    for (name, value) in problem.headers { headers.set(name, value) }
  }

  /// An answer of a handler. A file is opened by who knows where blobs are.
  init(_ reply: Reply) {
    self.init(status: reply.status, headers: Self.standard)
    if let raw = reply.raw {
      headers.set("Content-Type", raw.type)
      body = raw.bytes
    } else if reply.file == nil {
      headers.set("Content-Type", "application/json")
      body = reply.envelope
    }
    for (name, value) in reply.headers {
      // Several cookies are several fields; of everything else the handler's word replaces ours.
      if name.lowercased() == "set-cookie" { headers.add(name, value) } else { headers.set(name, value) }
    }
  }
}

// The opening handshake of a WebSocket (RFC 6455 §4.2).

enum Handshake {
  /// Whether the request asks for a WebSocket at all.
  static func isAsked(_ request: ParsedRequest) -> Bool {
    request.method == .get && request.headers.lists("connection", "upgrade")
      && request.headers.lists("upgrade", "websocket")
  }

  /// Nil when the handshake is sound; otherwise the response that says what is wrong.
  static func refusal(_ request: ParsedRequest) -> HTTPResponse? {
    guard request.headers["sec-websocket-version"] == "13" else {
      var response = HTTPResponse.text(426, "WebSocket version 13 is required")
      response.headers.add("Sec-WebSocket-Version", "13")
      return response
    }
    // 16 bytes in base64.
    guard let key = request.headers["sec-websocket-key"], key.utf8.count == 24, key.hasSuffix("==") else {
      return .text(400, "malformed Sec-WebSocket-Key")
    }
    return nil
  }

  /// The 101 response. No extension and no subprotocol is taken up.
  static func acceptance(_ request: ParsedRequest) -> HTTPResponse {
    let key = request.headers["sec-websocket-key"] ?? ""
    return HTTPResponse(
      status: 101,
      headers: [
        "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec-WebSocket-Accept": Digest.base64(Digest.sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))),
      ])
  }
}

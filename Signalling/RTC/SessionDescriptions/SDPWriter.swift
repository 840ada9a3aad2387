// Values to text, in the order that RFC 8866 §5 asks for and with CRLF line ends.

extension SDP {
  /// The description as text.
  public var text: String {
    var out = "v=0\r\no=- \(sessionID) \(sessionVersion) IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    if !bundle.isEmpty { out += "a=group:BUNDLE \(bundle.joined(separator: " "))\r\n" }
    if allowsMixedExtensions { out += "a=extmap-allow-mixed\r\n" }
    out += "a=msid-semantic: WMS *\r\n"
    if isICELite { out += "a=ice-lite\r\n" }
    transport.write(to: &out)
    for section in media { section.write(to: &out) }
    return out
  }
}

extension TransportDescription {
  func write(to out: inout String) {
    if let usernameFragment { out += "a=ice-ufrag:\(usernameFragment)\r\n" }
    if let password { out += "a=ice-pwd:\(password)\r\n" }
    if let fingerprint { out += "a=fingerprint:\(fingerprint.algorithm) \(hexadecimalText(fingerprint.digest))\r\n" }
    if let setup { out += "a=setup:\(setup.rawValue)\r\n" }
  }
}

extension MediaSection {
  func write(to out: inout String) {
    switch kind {
    case .audio: rtpHead("audio", to: &out)
    case .video: rtpHead("video", to: &out)
    case .application: out += "m=application \(port) UDP/DTLS/SCTP webrtc-datachannel\r\n"
    case .other(let name): out += "m=\(name) \(port) UDP/TLS/RTP/SAVPF 0\r\n"
    }
    out += "c=IN IP4 0.0.0.0\r\n"
    if isBundleOnly { out += "a=bundle-only\r\n" }
    if !mid.isEmpty { out += "a=mid:\(mid)\r\n" }
    for candidate in candidates { out += "a=candidate:\(candidate)\r\n" }
    transport.write(to: &out)
    if kind == .application {
      if let sctpPort { out += "a=sctp-port:\(sctpPort)\r\n" }
      if let maximumMessageSize { out += "a=max-message-size:\(maximumMessageSize)\r\n" }
      return
    }
    rtpBody(to: &out)
  }

  private func rtpHead(_ name: String, to out: inout String) {
    let types = formats.map { String($0.payloadType) }
    out += "m=\(name) \(port) UDP/TLS/RTP/SAVPF \(types.isEmpty ? "0" : types.joined(separator: " "))\r\n"
  }

  private func rtpBody(to out: inout String) {
    out += "a=rtcp:9 IN IP4 0.0.0.0\r\n"
    out += "a=\(direction.rawValue)\r\n"
    if let msid { out += "a=msid:\(msid.stream) \(msid.track)\r\n" }
    if port != 0 { out += "a=rtcp-mux\r\na=rtcp-rsize\r\n" }
    for ext in extensions {
      out += "a=extmap:\(ext.id)\(ext.direction.map { "/\($0.rawValue)" } ?? "") \(ext.uri)\r\n"
    }
    for format in formats where !format.name.isEmpty {
      let channels = format.channels > 1 ? "/\(format.channels)" : ""
      out += "a=rtpmap:\(format.payloadType) \(format.name)/\(format.clockRate)\(channels)\r\n"
      if !format.parameters.isEmpty { out += "a=fmtp:\(format.payloadType) \(format.parameters)\r\n" }
      for feedback in format.feedback { out += "a=rtcp-fb:\(format.payloadType) \(feedback)\r\n" }
    }
    // Rids of a section that we write belong to what the other side sends.
    for rid in rids { out += "a=rid:\(rid) \(ridDirection)\r\n" }
    if !simulcast.isEmpty { out += "a=simulcast:\(ridDirection) \(simulcast.joined(separator: ";"))\r\n" }
    for group in sourceGroups {
      out += "a=ssrc-group:\(group.semantics) \(group.sources.map { String($0) }.joined(separator: " "))\r\n"
    }
    for source in sources {
      if let cname = source.cname { out += "a=ssrc:\(source.ssrc) cname:\(cname)\r\n" }
      if let msid = source.msid { out += "a=ssrc:\(source.ssrc) msid:\(msid)\r\n" }
    }
  }

  /// A section that receives names rids that it is ready to receive; one that sends, those that it sends.
  private var ridDirection: String { direction.receives && !direction.sends ? "recv" : "send" }
}

/// Bytes as "AB:CD:…".
func hexadecimalText(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  var text: [UInt8] = []
  text.reserveCapacity(bytes.count * 3)
  for byte in bytes {
    if !text.isEmpty { text.append(0x3A) }
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

// Text to values. Tolerant of what it does not know, strict about what it uses: every number is range-checked, every
// list is bounded, and nothing here can trap.

extension SDP {
  /// Reads a description. Unknown lines and attributes are passed over.
  public init(parsing text: String) throws(SDPError) {
    guard text.utf8.count <= SDPLimit.bytes else { throw .tooLarge }
    var parser = SDPParser()
    var number = 0
    for line in text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
      number += 1
      if number == 1 && !line.elementsEqual("v=0".utf8) { throw .notSDP }
      guard line.count >= 2 else { continue }
      try parser.read(Substring(line), number: number)
    }
    guard number > 0 else { throw .notSDP }
    self = try parser.finish()
  }
}

private struct SDPParser {
  var sdp = SDP()

  mutating func read(_ line: Substring, number: Int) throws(SDPError) {
    let value = line.dropFirst(2)
    switch line.prefix(2) {
    case "o=":
      let words = value.split(separator: " ")
      guard words.count >= 3 else { throw .malformed(line: number) }
      sdp.sessionID = UInt64(words[1]) ?? 0
      sdp.sessionVersion = UInt64(words[2]) ?? 0
    case "m=":
      guard sdp.media.count < SDPLimit.sections else { throw .tooManySections }
      sdp.media.append(try mediaLine(value, number: number))
    case "a=":
      let parts = value.split(separator: ":", maxSplits: 1)
      guard let name = parts.first else { return }
      let rest = parts.count > 1 ? parts[1] : ""
      if sdp.media.isEmpty {
        sessionAttribute(name, rest)
      } else {
        guard sectionAttribute(name, rest, &sdp.media[sdp.media.count - 1]) else { throw .malformed(line: number) }
      }
    default:
      break
    }
  }

  mutating func finish() throws(SDPError) -> SDP {
    var seen = Set<String>()
    for section in sdp.media where !section.isRejected {
      guard !section.mid.isEmpty, seen.insert(section.mid).inserted else { throw .mids }
    }
    return sdp
  }

  /// `m=audio 9 UDP/TLS/RTP/SAVPF 111 63`.
  func mediaLine(_ value: Substring, number: Int) throws(SDPError) -> MediaSection {
    let words = value.split(separator: " ")
    guard words.count >= 3, let port = UInt16(words[1].prefix { $0 != "/" }) else { throw .malformed(line: number) }
    let kind: MediaSection.Kind =
      switch words[0] {
      case "audio": .audio
      case "video": .video
      case "application": .application
      default: .other(String(words[0].prefix(64)))
      }
    var section = MediaSection(kind: kind)
    section.port = port
    if kind == .audio || kind == .video {
      guard words.count - 3 <= SDPLimit.formats else { throw .malformed(line: number) }
      for word in words.dropFirst(3) {
        guard let payloadType = UInt8(word), payloadType < 128 else { throw .malformed(line: number) }
        section.formats.append(Format.wellKnown(payloadType))
      }
    }
    return section
  }

  mutating func sessionAttribute(_ name: Substring, _ value: Substring) {
    switch name {
    case "group":
      let words = value.split(separator: " ")
      if words.first == "BUNDLE" { sdp.bundle = words.dropFirst().prefix(SDPLimit.sections).map(String.init) }
    case "ice-lite": sdp.isICELite = true
    case "extmap-allow-mixed": sdp.allowsMixedExtensions = true
    default: transportAttribute(name, value, &sdp.transport)
    }
  }

  func transportAttribute(_ name: Substring, _ value: Substring, _ transport: inout TransportDescription) {
    switch name {
    case "ice-ufrag": transport.usernameFragment = String(value.prefix(256))
    case "ice-pwd": transport.password = String(value.prefix(256))
    case "setup": transport.setup = Setup(rawValue: String(value))
    case "fingerprint":
      let words = value.split(separator: " ")
      if words.count == 2, let digest = hexadecimalDigest(words[1]) {
        transport.fingerprint = (words[0].lowercased(), digest)
      }
    default: break
    }
  }

  /// False when the attribute is one of ours and cannot be read.
  func sectionAttribute(_ name: Substring, _ value: Substring, _ section: inout MediaSection) -> Bool {
    switch name {
    case "mid": section.mid = String(value.prefix(64))
    case "sendrecv", "sendonly", "recvonly", "inactive":
      section.direction = Direction(rawValue: String(name)) ?? .inactive
    case "bundle-only": section.isBundleOnly = true
    case "rtpmap": return rtpmap(value, &section)
    case "fmtp": return formatParameters(value, &section)
    case "rtcp-fb": return feedback(value, &section)
    case "extmap": return extmap(value, &section)
    case "msid":
      let words = value.split(separator: " ", maxSplits: 1)
      if let stream = words.first { section.msid = (String(stream), words.count > 1 ? String(words[1]) : "") }
    case "rid":
      let words = value.split(separator: " ", maxSplits: 2)
      guard words.count >= 2, section.rids.count < SDPLimit.attributes else { return false }
      if words[1] == "send" { section.rids.append(String(words[0].prefix(64))) }
    case "simulcast": simulcast(value, &section)
    case "ssrc": return source(value, &section)
    case "ssrc-group":
      let words = value.split(separator: " ")
      let members = words.dropFirst().compactMap { UInt32($0) }
      guard let semantics = words.first, !members.isEmpty, section.sourceGroups.count < SDPLimit.attributes,
        members.count <= SDPLimit.attributes
      else { return false }
      section.sourceGroups.append((String(semantics), members))
    case "candidate":
      if section.candidates.count < SDPLimit.attributes { section.candidates.append(String(value.prefix(512))) }
    case "sctp-port":
      guard let port = UInt16(value) else { return false }
      section.sctpPort = port
    case "sctpmap":  // The form before RFC 8841: "5000 webrtc-datachannel 1024".
      if section.sctpPort == nil { section.sctpPort = value.split(separator: " ").first.flatMap { UInt16($0) } }
    case "max-message-size": section.maximumMessageSize = Int(value).map { max(0, $0) }
    default: transportAttribute(name, value, &section.transport)
    }
    return true
  }

  func rtpmap(_ value: Substring, _ section: inout MediaSection) -> Bool {
    let words = value.split(separator: " ", maxSplits: 1)
    guard words.count == 2, let payloadType = UInt8(words[0]) else { return false }
    let parts = words[1].split(separator: "/")
    guard parts.count >= 2, let clockRate = UInt32(parts[1].trimmed) else { return false }
    guard let index = section.formats.firstIndex(where: { $0.payloadType == payloadType }) else { return true }
    section.formats[index].name = String(parts[0].prefix(64))
    section.formats[index].clockRate = clockRate
    section.formats[index].channels = parts.count > 2 ? Int(parts[2].trimmed) ?? 1 : 1
    return true
  }

  func formatParameters(_ value: Substring, _ section: inout MediaSection) -> Bool {
    let words = value.split(separator: " ", maxSplits: 1)
    guard words.count == 2, let payloadType = UInt8(words[0]) else { return false }
    // What one client says of its format stands in the descriptions of all who watch it: nothing goes there that some
    // parser could stumble over.
    let isPlain =
      words[1].utf8.count <= SDPLimit.parameterBytes && words[1].utf8.allSatisfy { (0x20...0x7E).contains($0) }
    guard isPlain, let index = section.formats.firstIndex(where: { $0.payloadType == payloadType }) else { return true }
    section.formats[index].parameters = String(words[1])
    return true
  }

  func feedback(_ value: Substring, _ section: inout MediaSection) -> Bool {
    let words = value.split(separator: " ", maxSplits: 1)
    guard words.count == 2 else { return false }
    let feedback = String(words[1].prefix(64))
    for index in section.formats.indices
    where words[0] == "*" || UInt8(words[0]) == section.formats[index].payloadType {
      // Said twice is said once: an answer repeats it for every format, and a short offer would get a long one.
      guard !section.formats[index].feedback.contains(feedback) else { continue }
      guard section.formats[index].feedback.count < 32 else { return false }
      section.formats[index].feedback.append(feedback)
    }
    return true
  }

  func extmap(_ value: Substring, _ section: inout MediaSection) -> Bool {
    let words = value.split(separator: " ")
    guard words.count >= 2, section.extensions.count < SDPLimit.extensions else { return false }
    let idAndDirection = words[0].split(separator: "/", maxSplits: 1)
    guard let first = idAndDirection.first, let id = UInt16(first), id > 0 else { return false }
    // Ids 256…4095 are valid placeholders in offers (RFC 8285 §7); we never take them.
    guard let small = UInt8(exactly: id), small != 15 else { return true }
    let direction = idAndDirection.count > 1 ? Direction(rawValue: String(idAndDirection[1])) : nil
    section.extensions.append(Extension(id: small, direction: direction, uri: String(words[1].prefix(256))))
    return true
  }

  /// `send f;h;~q recv x`: only what the writer sends matters to us.
  func simulcast(_ value: Substring, _ section: inout MediaSection) {
    let words = value.split(separator: " ")
    guard let position = words.firstIndex(of: "send"), position + 1 < words.count else { return }
    section.simulcast = words[position + 1].split(separator: ";").prefix(SDPLimit.attributes).map { alternatives in
      let first = alternatives.split(separator: ",").first ?? ""
      return String(first.first == "~" ? first.dropFirst() : first)
    }
  }

  func source(_ value: Substring, _ section: inout MediaSection) -> Bool {
    let words = value.split(separator: " ", maxSplits: 1)
    guard let first = words.first, let ssrc = UInt32(first) else { return false }
    var position = section.sources.firstIndex { $0.ssrc == ssrc }
    if position == nil {
      guard section.sources.count < SDPLimit.attributes else { return false }
      section.sources.append(Source(ssrc: ssrc))
      position = section.sources.count - 1
    }
    guard words.count == 2, let position else { return true }
    let pair = words[1].split(separator: ":", maxSplits: 1)
    guard pair.count == 2 else { return true }
    switch pair[0] {
    case "cname": section.sources[position].cname = String(pair[1].prefix(256))
    case "msid": section.sources[position].msid = String(pair[1].prefix(512))
    default: break
    }
    return true
  }
}

extension Format {
  /// Payload types with a meaning of their own (RFC 3551 §6), until an rtpmap says otherwise.
  static func wellKnown(_ payloadType: UInt8) -> Format {
    switch payloadType {
    case 0: Format(payloadType: 0, name: "PCMU", clockRate: 8_000)
    case 8: Format(payloadType: 8, name: "PCMA", clockRate: 8_000)
    case 9: Format(payloadType: 9, name: "G722", clockRate: 8_000)
    default: Format(payloadType: payloadType, name: "", clockRate: 0)
    }
  }
}

/// "AB:CD:…" as bytes; nil when a group is not two hexadecimal digits.
func hexadecimalDigest(_ text: Substring) -> [UInt8]? {
  var digest: [UInt8] = []
  for group in text.split(separator: ":") {
    guard group.utf8.count == 2, let byte = UInt8(group, radix: 16), digest.count < 64 else { return nil }
    digest.append(byte)
  }
  return digest.isEmpty ? nil : digest
}

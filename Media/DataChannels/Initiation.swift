// INIT and INIT ACK (RFC 9260 §3.3.2, §3.3.3), and the cookie by which the side that answers keeps no state (§5.1.3).

import Bytes

/// What one side announces when an association begins.
struct Initiation: Hashable, Sendable {
  var tag: UInt32
  var window: UInt32
  var outboundStreams: UInt16
  var inboundStreams: UInt16
  var firstTSN: TSN
  /// RFC 3758: FORWARD TSN is understood.
  var supportsPartialReliability = false
  /// RFC 6525: RE-CONFIG is understood.
  var supportsReconfiguration = false
}

/// Parameter types of INIT and INIT ACK.
private enum Parameter {
  static let stateCookie: UInt16 = 7
  static let unrecognized: UInt16 = 8
  static let supportedExtensions: UInt16 = 0x8008
  static let forwardTSNSupported: UInt16 = 0xC000
  /// Addresses, cookie preservative, host name, address types, ECN, authentication: known, without meaning inside DTLS
  /// (RFC 8261 §6.1) or not offered, so neither used nor reported.
  static let ignored: [UInt16] = [5, 6, 9, 11, 12, 0x8000, 0x8001, 0x8002, 0x8003, 0x8004, 0x8005, 0xC006]
}

/// An INIT or INIT ACK as it came in.
struct ReceivedInitiation {
  var initiation: Initiation
  var cookie: [UInt8] = []
  /// Unrecognized Parameter parameters for the answer, complete and padded (RFC 9260 §3.2.1, second highest bit).
  var unrecognized: [UInt8] = []

  /// Nil when the chunk is cut short or breaks a rule of §3.3.2: no tag, no streams.
  init?(_ body: RawSpan) {
    guard body.byteCount >= 16 else { return nil }
    initiation = Initiation(
      tag: body.uint32(at: 0), window: body.uint32(at: 4), outboundStreams: body.uint16(at: 8),
      inboundStreams: body.uint16(at: 10), firstTSN: TSN(body.uint32(at: 12)))
    guard initiation.tag != 0, initiation.outboundStreams != 0, initiation.inboundStreams != 0 else { return nil }
    var offset = 16
    while body.byteCount - offset >= 4 {
      let length = Int(body.uint16(at: offset + 2))
      guard length >= 4, length <= body.byteCount - offset else { return nil }
      guard read(body.uint16(at: offset), of: body.slice(offset, length)) else { return }
      offset += PacketFormat.padded(length)
    }
  }

  /// Takes in one parameter; false when the rest must not be looked at.
  private mutating func read(_ type: UInt16, of parameter: RawSpan) -> Bool {
    let value = parameter.slice(4, parameter.byteCount - 4)
    switch type {
    case Parameter.stateCookie:
      if value.byteCount <= Limit.echoedBytes { cookie = value.toArray() }
    case Parameter.forwardTSNSupported:
      initiation.supportsPartialReliability = true
    case Parameter.supportedExtensions:
      for index in 0..<value.byteCount {
        if value.byte(at: index) == ChunkType.reconfiguration { initiation.supportsReconfiguration = true }
        if value.byte(at: index) == ChunkType.forwardTSN { initiation.supportsPartialReliability = true }
      }
    case Parameter.unrecognized:
      break
    default:
      guard !Parameter.ignored.contains(type) else { return true }
      if type & 0x4000 != 0, unrecognized.count + parameter.byteCount <= Limit.echoedBytes / 2 {
        var report = ByteWriter()
        report.uint16(Parameter.unrecognized)
        report.uint16(UInt16(truncatingIfNeeded: 4 + parameter.byteCount))
        report.append(parameter.toArray())
        report.pad(to: 4)
        unrecognized += report.bytes
      }
      return type & 0x8000 != 0
    }
    return true
  }
}

extension Initiation {
  /// The chunk that announces this; an INIT ACK carries a cookie and what was not recognized.
  func chunk(_ type: UInt8, cookie: [UInt8] = [], unrecognized: [UInt8] = []) -> [UInt8] {
    makeChunk(type) { writer in
      writer.uint32(tag)
      writer.uint32(window)
      writer.uint16(outboundStreams)
      writer.uint16(inboundStreams)
      writer.uint32(firstTSN.rawValue)
      writer.uint16(Parameter.forwardTSNSupported)
      writer.uint16(4)
      writer.uint16(Parameter.supportedExtensions)
      writer.uint16(6)
      writer.uint8(ChunkType.reconfiguration)
      writer.uint8(ChunkType.forwardTSN)
      writer.uint16(0)
      if !cookie.isEmpty {
        writer.uint16(Parameter.stateCookie)
        writer.uint16(UInt16(truncatingIfNeeded: 4 + cookie.count))
        writer.append(cookie)
        writer.pad(to: 4)
      }
      writer.append(unrecognized)
    }
  }
}

/// What an INIT ACK must remember until the cookie comes back. Only the peer that DTLS has authenticated can return it,
/// so it carries no MAC but a number of ours that stays secret until then.
struct StateCookie: Hashable, Sendable {
  var secret: UInt64
  /// Ours and theirs, as the INIT ACK and the INIT had them.
  var localTag: UInt32
  var localFirstTSN: TSN
  var peer: Initiation
  /// The tags of an association that stood when the INIT came, or zero (RFC 9260 §5.2.2).
  var localTieTag: UInt32
  var peerTieTag: UInt32

  static let byteCount = 42

  var bytes: [UInt8] {
    var writer = ByteWriter(capacity: Self.byteCount)
    writer.uint64(secret)
    writer.uint32(localTag)
    writer.uint32(localFirstTSN.rawValue)
    writer.uint32(peer.tag)
    writer.uint32(peer.window)
    writer.uint16(peer.outboundStreams)
    writer.uint16(peer.inboundStreams)
    writer.uint32(peer.firstTSN.rawValue)
    writer.uint8(peer.supportsPartialReliability ? 1 : 0)
    writer.uint8(peer.supportsReconfiguration ? 1 : 0)
    writer.uint32(localTieTag)
    writer.uint32(peerTieTag)
    return writer.bytes
  }

  init(secret: UInt64, local: Initiation, peer: Initiation, localTieTag: UInt32, peerTieTag: UInt32) {
    self.secret = secret
    localTag = local.tag
    localFirstTSN = local.firstTSN
    self.peer = peer
    self.localTieTag = localTieTag
    self.peerTieTag = peerTieTag
  }

  init?(_ body: RawSpan) {
    guard body.byteCount == Self.byteCount else { return nil }
    secret = body.uint64(at: 0)
    localTag = body.uint32(at: 8)
    localFirstTSN = TSN(body.uint32(at: 12))
    peer = Initiation(
      tag: body.uint32(at: 16), window: body.uint32(at: 20), outboundStreams: body.uint16(at: 24),
      inboundStreams: body.uint16(at: 26), firstTSN: TSN(body.uint32(at: 28)))
    peer.supportsPartialReliability = body.byte(at: 32) == 1
    peer.supportsReconfiguration = body.byte(at: 33) == 1
    localTieTag = body.uint32(at: 34)
    peerTieTag = body.uint32(at: 38)
  }
}

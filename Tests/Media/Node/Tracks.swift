// Tracks that tests publish and subscribe to, and the packets on them.

import Bytes
import Chronology
import MediaContract
import Wire

enum Formats {
  static let opus = PayloadFormat(payloadType: 111, codec: .opus, clockRate: 48_000)
  static let red = PayloadFormat(payloadType: 63, codec: .red, clockRate: 48_000)
  static let vp8 = PayloadFormat(payloadType: 96, codec: .vp8, clockRate: 90_000, rtxPayloadType: 97)
  static let vp9 = PayloadFormat(payloadType: 98, codec: .vp9, clockRate: 90_000, rtxPayloadType: 99)
}

extension FeedbackSupport {
  static var video: FeedbackSupport {
    var support = FeedbackSupport()
    support.nack = true
    support.pli = true
    support.transportWide = true
    return support
  }
}

extension Stage {
  func publishAudio(
    _ id: UInt64, from client: Client, formats: [PayloadFormat] = [Formats.opus], ssrc: UInt32 = 1_000,
    mid: String = "0"
  ) {
    perform(
      .setPublication(
        PublicationParameters(
          id: PublicationID(rawValue: id), transport: client.id, kind: .audio, isMicrophone: true,
          isScreenShare: false, mid: mid, formats: formats, extensions: client.ids, feedback: FeedbackSupport(),
          encodings: [Encoding(ssrc: ssrc)], isEncrypted: false, isMuted: false)))
  }

  func publishVideo(
    _ id: UInt64, from client: Client, rids: [String] = ["q", "h", "f"], formats: [PayloadFormat] = [Formats.vp8],
    mid: String = "1", isScreenShare: Bool = false
  ) {
    perform(
      .setPublication(
        PublicationParameters(
          id: PublicationID(rawValue: id), transport: client.id, kind: .video, isMicrophone: false,
          isScreenShare: isScreenShare, mid: mid, formats: formats, extensions: client.ids, feedback: .video,
          encodings: rids.map { Encoding(rid: $0) }, isEncrypted: false, isMuted: false)))
  }

  func subscribe(
    _ id: UInt64, to publication: UInt64, on client: Client, formats: [PayloadFormat], ssrc: UInt32,
    rtxSSRC: UInt32? = nil, mid: String = "7", extensions: HeaderExtensionIDs? = nil,
    target: SubscriptionTarget = SubscriptionTarget()
  ) {
    perform(
      .setSubscription(
        SubscriptionParameters(
          id: SubscriptionID(rawValue: id), publication: PublicationID(rawValue: publication), transport: client.id,
          mid: mid, ssrc: ssrc, rtxSSRC: rtxSSRC, formats: formats, extensions: extensions ?? client.ids,
          feedback: .video, target: target)))
  }
}

/// A clear RTP packet.
func makePacket(
  payloadType: UInt8, sequence: UInt16, timestamp: UInt32, ssrc: UInt32, marker: Bool = false, payload: [UInt8],
  extensions: RTPExtensions = RTPExtensions(), ids: HeaderExtensionIDs = HeaderExtensionIDs()
) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 512 + payload.count)
  var end = 0
  do {
    var span = bytes.mutableRawSpan
    let fields = RTPFields(
      marker: marker, payloadType: payloadType, sequenceNumber: sequence, timestamp: timestamp, ssrc: ssrc)
    let layout = try? RTPHeaderWriter.write(fields, extensions, ids: ids, into: &span)
    end = layout?.headerByteCount ?? 0
  }
  return Array(bytes.prefix(end)) + payload
}

/// One VP8 encoding of a simulcast publisher: frames of a chosen size, with or without temporal layers.
struct VP8Source {
  let ssrc: UInt32
  let rid: String
  let ids: HeaderExtensionIDs
  var mid = "1"
  var sequence: UInt16
  var timestamp: UInt32
  var pictureID: UInt16
  var layerZeroIndex: UInt8
  var keyIndex: UInt8 = 3
  var frames = 0
  var transportSequence: UInt16 = 0
  /// Packets say which encoding they are of: browsers stop that once it was acknowledged.
  var isNamed = true

  init(ssrc: UInt32, rid: String, ids: HeaderExtensionIDs) {
    self.ssrc = ssrc
    self.rid = rid
    self.ids = ids
    // Every encoding counts from other numbers, as real ones do.
    sequence = UInt16(truncatingIfNeeded: ssrc &* 7_919) & 0x3FFF
    timestamp = ssrc &* 1_000_003
    pictureID = UInt16(truncatingIfNeeded: ssrc &* 31) & 0x3FFF
    layerZeroIndex = UInt8(truncatingIfNeeded: ssrc &* 17)
  }

  /// The packets of the next frame, 33 ms after the last.
  mutating func frame(isKey: Bool, packets: Int, byteCount: Int = 400, layers: Int = 1) -> [[UInt8]] {
    timestamp &+= 3_000
    pictureID = (pictureID &+ 1) & 0x7FFF
    // The pattern of L1T3: 0 2 1 2.
    let pattern: [UInt8] = layers == 3 ? [0, 2, 1, 2] : [0]
    if isKey { frames = 0 }
    let temporal = pattern[frames % pattern.count]
    let isSync = layers == 1 || frames % 4 == 1 || frames % 4 == 2
    frames += 1
    if temporal == 0 { layerZeroIndex &+= 1 }
    if isKey { keyIndex = (keyIndex &+ 1) & 0x1F }
    return (0..<packets).map { index in
      var payload: [UInt8] = [
        0x80 | (index == 0 ? 0x10 : 0), 0xF0, 0x80 | UInt8(pictureID >> 8), UInt8(pictureID & 0xFF), layerZeroIndex,
        temporal << 6 | (isSync ? 0x20 : 0) | keyIndex,
      ]
      payload += [isKey ? 0 : 1] + [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: byteCount)
      defer { sequence &+= 1 }
      var extensions = RTPExtensions()
      if isNamed {
        extensions.mid = ShortString(mid) ?? ShortString()
        extensions.rid = ShortString(rid) ?? ShortString()
      }
      extensions.transportSequence = transportSequence
      transportSequence &+= 1
      return makePacket(
        payloadType: 96, sequence: sequence, timestamp: timestamp, ssrc: ssrc, marker: index == packets - 1,
        payload: payload, extensions: extensions, ids: ids)
    }
  }
}

extension ReceivedPacket {
  var vp8: VP8Descriptor? { try? VP8Descriptor(parsing: bytes.rawSpan, header.payload) }
}

/// Every RTCP packet of a kind that a client got.
extension Client {
  func controlCount(_ kind: RTCPKind) -> Int {
    var count = 0
    for datagram in control {
      var packets = RTCPPackets(datagram.rawSpan)
      do {
        while let packet = try packets.next() {
          if packet.kind == kind { count += 1 }
        }
      } catch {
        // What the node writes is never damaged; the test sees that the count is short.
        continue
      }
    }
    return count
  }
}

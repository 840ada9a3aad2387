// Fuzz entries of RTP: header, header extensions, retransmission and redundant audio.

import Bytes
import FuzzSupport
import MediaContract
import Wire

extension HeaderExtensionIDs {
  /// All extensions, with the ids 1…10.
  static let all: HeaderExtensionIDs = {
    var ids = HeaderExtensionIDs()
    ids.mid = 1
    ids.rid = 2
    ids.repairedRid = 3
    ids.audioLevel = 4
    ids.transportSequence = 5
    ids.absoluteSendTime = 6
    ids.absoluteCaptureTime = 7
    ids.playoutDelay = 8
    ids.videoOrientation = 9
    ids.dependencyDescriptor = 10
    return ids
  }()
}

extension FuzzEntry {
  /// A packet that parses is written again with the same header and extensions, and must then say the same.
  public static let rtp = FuzzEntry(name: "RTP", seeds: rtpSeeds) { bytes in
    let packet = bytes.rawSpan
    _ = try? RTPHeader(parsing: packet, isEncrypted: true)
    guard let header = try? RTPHeader(parsing: packet) else { return }
    require(header.headerByteCount + header.payloadByteCount + header.paddingByteCount == packet.byteCount)
    _ = RetransmissionPayload.originalSequenceNumber(of: packet, header)
    _ = RetransmissionPayload.originalPayload(header)

    let ids = HeaderExtensionIDs.all
    let extensions = RTPExtensions(reading: packet, header, ids: ids)
    let descriptor = packet.slice(extensions.dependencyDescriptor)
    var copy = [UInt8](repeating: 0xEE, count: 512)
    var span = copy.mutableRawSpan
    let fields = RTPFields(
      marker: header.marker, payloadType: header.payloadType, sequenceNumber: header.sequenceNumber,
      timestamp: header.timestamp, ssrc: header.ssrc)
    guard
      let layout = try? RTPHeaderWriter.write(
        fields, extensions, ids: ids, dependencyDescriptor: descriptor, into: &span)
    else { return require(false, "512 bytes are enough for any header") }
    let written = span.bytes.slice(0, layout.headerByteCount)
    guard let again = try? RTPHeader(parsing: written) else { return require(false, "a written header parses") }
    var repeated = RTPExtensions(reading: written, again, ids: ids)
    require(written.slice(repeated.dependencyDescriptor).isEqual(to: descriptor))
    repeated.dependencyDescriptor = extensions.dependencyDescriptor
    require(repeated == extensions, "extensions must survive the way there and back")
  }

  private static let rtpSeeds: [String: [UInt8]] = {
    var camera = RTPExtensions()
    camera.mid = ShortString("0") ?? ShortString()
    camera.rid = ShortString("f") ?? ShortString()
    camera.transportSequence = 7
    camera.absoluteSendTime = 0x123456
    camera.videoOrientation = 1
    camera.playoutDelay = PlayoutDelay(minimum: 0, maximum: 40)
    var voice = RTPExtensions()
    voice.audioLevel = AudioLevel(level: 42, isVoice: true)
    voice.absoluteCaptureTime = AbsoluteCaptureTime(timestamp: 1 << 40, clockOffset: -5)
    let long = [UInt8](0..<40)
    return [
      "bare": packet(RTPExtensions(), [], [1, 2, 3]), "camera": packet(camera, [0x80, 1, 2], [0x90, 0x80, 1]),
      "voice": packet(voice, [], [0x78]), "two-byte-form": packet(camera, long, [0]),
      "padding": [0xA0, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 3],
      "sources": [0x82, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 9],
    ]
  }()

  private static func packet(
    _ extensions: RTPExtensions, _ descriptor: [UInt8], _ payload: [UInt8]
  ) -> [UInt8] {
    var packet = [UInt8](repeating: 0, count: 512)
    let fields = RTPFields(marker: true, payloadType: 96, sequenceNumber: 65535, timestamp: 90_000, ssrc: 0xCAFE)
    var span = packet.mutableRawSpan
    let layout = try? RTPHeaderWriter.write(
      fields, extensions, ids: .all, dependencyDescriptor: descriptor.rawSpan, into: &span)
    return Array(span.bytes.slice(0, layout?.headerByteCount ?? 0).toArray() + payload)
  }

  public static let red = FuzzEntry(
    name: "RED",
    seeds: [
      "primary-only": [111, 1, 2, 3], "one-copy": [0x80 | 111, 0x0F, 0, 2, 111, 1, 2, 3, 4],
      "two-copies": [0x80 | 111, 0x1E, 0, 1, 0x80 | 111, 0x0F, 0, 1, 111, 1, 2, 3], "empty-primary": [111],
    ]
  ) { bytes in
    let payload = bytes.rawSpan
    guard let red = try? RedundantAudio(parsing: payload, ByteRange(offset: 0, count: bytes.count)) else { return }
    var end = 4 * red.redundantBlockCount + 1
    for index in 0..<red.redundantBlockCount {
      let block = red.redundantBlock(index, in: payload)
      require(block.data.offset == end, "blocks follow one another")
      end = block.data.end
    }
    require(red.primary.data.offset == end && red.primary.data.end == bytes.count)
    _ = try? OpusPayload(parsing: payload, red.primary.data)
  }
}

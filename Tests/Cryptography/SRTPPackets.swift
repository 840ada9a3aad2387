// Random packets and array-shaped wrappers around the span API, for tests.

import Bytes
import Cryptography
import Randomness

enum RandomPacket {
  /// An RTP packet with random CSRCs, a random extension and a random payload, which may be empty.
  static func media(_ random: inout Random, ssrc: UInt32, sequence: UInt16) -> (bytes: [UInt8], headerByteCount: Int) {
    let csrcs = Int.random(in: 0...15, using: &random)
    let extensionWords = Bool.random(using: &random) ? Int.random(in: 0...8, using: &random) : nil
    var writer = ByteWriter()
    writer.uint8(0x80 | UInt8(csrcs) | (extensionWords == nil ? 0 : 0x10))
    writer.uint8(UInt8.random(in: .min ... .max, using: &random))
    writer.uint16(sequence)
    writer.uint32(UInt32.random(in: .min ... .max, using: &random))
    writer.uint32(ssrc)
    writer.append(bytes(4 * csrcs, &random))
    if let extensionWords {
      writer.uint16(0xBEDE)
      writer.uint16(UInt16(extensionWords))
      writer.append(bytes(4 * extensionWords, &random))
    }
    let header = writer.count
    writer.append(bytes(Int.random(in: 0...1_200, using: &random), &random))
    return (writer.bytes, header)
  }

  /// An RTCP packet of a random length.
  static func control(_ random: inout Random, ssrc: UInt32) -> [UInt8] {
    let words = Int.random(in: 0...100, using: &random)
    var writer = ByteWriter()
    writer.uint8(0x80)
    writer.uint8(201)
    writer.uint16(UInt16(words + 1))
    writer.uint32(ssrc)
    writer.append(bytes(4 * words, &random))
    return writer.bytes
  }

  static func bytes(_ count: Int, _ random: inout Random) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }

  static func key(_ profile: SRTPProfile, _ random: inout Random) -> SRTPMasterKey {
    SRTPMasterKey(key: bytes(profile.keyByteCount, &random), salt: bytes(profile.saltByteCount, &random))
  }
}

/// A sealer over arrays. A class, because expectations cannot hold what cannot be copied.
final class ArraySealer {
  var sealer: SRTPSealer

  init(profile: SRTPProfile, key: SRTPMasterKey) { sealer = SRTPSealer(profile: profile, key: key) }
  init(_ keys: SRTPSessionKeys) { sealer = SRTPSealer(media: keys, control: keys) }

  func seal(_ packet: [UInt8], headerByteCount: Int, ssrc: UInt32, index: UInt64) -> [UInt8] {
    var bytes = packet + [UInt8](repeating: 0, count: sealer.mediaOverhead)
    var span = bytes.mutableRawSpan
    let count = sealer.seal(
      &span, headerByteCount: headerByteCount, byteCount: packet.count, ssrc: ssrc, index: index)
    return Array(bytes.prefix(count))
  }

  /// The header and the payload from two arrays, into one that is longer than it must be.
  func seal(header: [UInt8], payload: [UInt8], ssrc: UInt32, index: UInt64) -> [UInt8] {
    var bytes = header + [UInt8](repeating: 0xAA, count: payload.count + 40)
    var span = bytes.mutableRawSpan
    let count = sealer.seal(
      &span, headerByteCount: header.count, payload: payload.rawSpan, ssrc: ssrc, index: index)
    return Array(bytes.prefix(count))
  }

  func sealControl(_ packet: [UInt8]) -> [UInt8] {
    var bytes = packet + [UInt8](repeating: 0, count: sealer.controlOverhead)
    var span = bytes.mutableRawSpan
    let count = sealer.sealControl(&span, byteCount: packet.count)
    return Array(bytes.prefix(count))
  }
}

/// An opener over arrays.
final class ArrayOpener {
  var opener: SRTPOpener

  init(profile: SRTPProfile, key: SRTPMasterKey) { opener = SRTPOpener(profile: profile, key: key) }

  var sourceCount: Int { opener.sourceCount }

  func open(_ packet: [UInt8]) -> Result<[UInt8], SRTPError> {
    var bytes = packet
    do throws(SRTPError) {
      var span = bytes.mutableRawSpan
      let count = try opener.open(&span, byteCount: packet.count)
      return .success(Array(bytes.prefix(count)))
    } catch {
      return .failure(error)
    }
  }

  func openControl(_ packet: [UInt8]) -> Result<[UInt8], SRTPError> {
    var bytes = packet
    do throws(SRTPError) {
      var span = bytes.mutableRawSpan
      let count = try opener.openControl(&span, byteCount: packet.count)
      return .success(Array(bytes.prefix(count)))
    } catch {
      return .failure(error)
    }
  }
}

/// "00 01 ff" to bytes.
func hex(_ text: String) -> [UInt8] {
  let digits = text.utf8.compactMap { UInt8(String(UnicodeScalar($0)), radix: 16) }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

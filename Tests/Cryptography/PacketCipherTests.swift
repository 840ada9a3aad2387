// AES-GCM by whatever this machine has against AES-GCM by OpenSSL: every length, both key sizes, both directions.

import COpenSSL
import Randomness
import TestSupport
import Testing

private final class PacketCipher {
  private let gcm: OpaquePointer

  init?(_ gcm: OpaquePointer?) {
    guard let gcm else { return nil }
    self.gcm = gcm
  }

  deinit { mqvi_gcm_free(gcm) }

  /// Ciphertext and tag.
  func seal(_ text: [UInt8], header: [UInt8], trailer: [UInt8], iv: [UInt8]) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: text.count + 16)
    let done = mqvi_gcm_seal(
      gcm, iv, header, Int32(header.count), trailer, Int32(trailer.count), text, Int32(text.count), &out)
    return done == 1 ? out : []
  }

  /// Nil when it is not authentic.
  func open(_ sealed: [UInt8], header: [UInt8], trailer: [UInt8], iv: [UInt8]) -> [UInt8]? {
    var bytes = Array(sealed.dropLast(16))
    let tag = Array(sealed.suffix(16))
    let done = mqvi_gcm_open(
      gcm, iv, header, Int32(header.count), trailer, Int32(trailer.count), &bytes, Int32(bytes.count), tag)
    return done == 1 ? bytes : nil
  }
}

@Suite struct PacketCipherTests {
  private static func bytes(_ count: Int, _ random: inout Random) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  @Test(arguments: [16, 32]) func `what is fastest here computes what OpenSSL computes`(keyByteCount: Int) throws {
    var random = Random(seed: 7)
    let key = Self.bytes(keyByteCount, &random)
    let fast = try #require(PacketCipher(mqvi_gcm_new(key, Int32(key.count), 1)))
    let plain = try #require(PacketCipher(mqvi_gcm_new_by_openssl(key, Int32(key.count), 1)))
    for count in 0..<1_300 {
      let text = Self.bytes(count, &random)
      let header = Self.bytes(12 + count % 40, &random)
      let trailer = Self.bytes(count % 3 == 0 ? 4 : 0, &random)
      let iv = Self.bytes(12, &random)
      let sealed = fast.seal(text, header: header, trailer: trailer, iv: iv)
      #expect(sealed == plain.seal(text, header: header, trailer: trailer, iv: iv), "\(count) bytes")
      #expect(fast.open(sealed, header: header, trailer: trailer, iv: iv) == text, "\(count) bytes")
    }
  }

  @Test(arguments: [true, false]) func `a changed bit anywhere is noticed`(isFast: Bool) throws {
    var random = Random(seed: 8)
    let key = Self.bytes(16, &random)
    let make = isFast ? mqvi_gcm_new : mqvi_gcm_new_by_openssl
    let sealing = try #require(PacketCipher(make(key, 16, 1)))
    let opening = try #require(PacketCipher(make(key, 16, 0)))
    let (header, iv) = (Self.bytes(28, &random), Self.bytes(12, &random))
    let sealed = sealing.seal(Self.bytes(100, &random), header: header, trailer: [], iv: iv)
    #expect(opening.open(sealed, header: header, trailer: [], iv: iv) != nil)
    for position in 0..<(header.count + sealed.count) {
      var (changedHeader, changed) = (header, sealed)
      if position < header.count { changedHeader[position] ^= 1 } else { changed[position - header.count] ^= 0x80 }
      #expect(opening.open(changed, header: changedHeader, trailer: [], iv: iv) == nil, "position \(position)")
    }
  }
}

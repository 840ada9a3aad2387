// One direction's packet transform, for RTP or for RTCP: session keys, one cipher, the initialisation vector.
//
// The ciphers are used directly rather than through libsrtp, which the tests hold it against: see
// Sources/Documentation/decisions/0002-srtp-and-dtls.md.

import Bytes
import COpenSSL

/// AES-GCM (RFC 7714) or AES-CM with HMAC-SHA1 (RFC 3711) under one set of session keys. Nothing here allocates after
/// `init`; only the initialisation vector is set per packet.
@safe struct SRTPCipher: ~Copyable {
  /// Owned; freed in deinit.
  private let context: OpaquePointer
  private let isAEAD: Bool
  /// The session salt as the vector's first eight bytes, and as what follows: four bytes for GCM, eight for CM.
  private let saltHigh: UInt64
  private let saltLow: UInt64
  private let authentication: HMACSHA1
  let tagByteCount: Int

  init(_ keys: SRTPSessionKeys, sealing: Bool) {
    isAEAD = keys.profile != .aes128CMSHA1
    tagByteCount = keys.profile.mediaOverhead
    // Fails only when memory runs out.
    let context =
      isAEAD
      ? unsafe mqvi_gcm_new(keys.cipherKey, Int32(keys.cipherKey.count), sealing ? 1 : 0)
      : unsafe mqvi_ctr_new(keys.cipherKey, Int32(keys.cipherKey.count))
    guard let context = unsafe context else { preconditionFailure("no memory for a cipher") }
    unsafe self.context = context
    var words: (UInt64, UInt64) = (0, 0)
    for (position, byte) in keys.salt.enumerated() {
      if position < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
    }
    saltHigh = words.0
    saltLow = isAEAD ? words.1 : words.1 << 16
    authentication = HMACSHA1(key: keys.authenticationKey)
  }

  deinit { if isAEAD { unsafe mqvi_gcm_free(context) } else { unsafe EVP_CIPHER_CTX_free(context) } }

  /// The vector for a packet: SSRC and index under the salt (RFC 7714 §8.1, §9.1; RFC 3711 §4.1.1).
  @inline(__always)
  private func vector(_ ssrc: UInt32, _ index: UInt64) -> InlineArray<2, UInt64> {
    if isAEAD {
      let high = saltHigh ^ (UInt64(ssrc) << 16) ^ (index >> 32)
      let low = (saltLow ^ (index & 0xFFFF_FFFF)) << 32
      return [high.bigEndian, low.bigEndian]
    }
    return [(saltHigh ^ UInt64(ssrc)).bigEndian, (saltLow ^ (index << 16)).bigEndian]
  }

  /// Encrypts `count` bytes from `source` to `packet + headerCount` and puts the tag behind them.
  ///
  /// - Parameters:
  ///   - packet: The authenticated header, with room for header, payload and tag.
  ///   - source: The clear payload: `packet + headerCount` itself, or memory outside the packet.
  ///   - trailer: What is authenticated last and stands outside the ciphertext: the roll-over counter that is not sent
  ///     (CM, RTP), or the RTCP index.
  @inline(__always)
  func seal(
    _ packet: UnsafeMutablePointer<UInt8>, headerCount: Int, from source: UnsafePointer<UInt8>, count: Int,
    ssrc: UInt32, index: UInt64, trailer: UnsafeRawBufferPointer, trailerIsOnWire: Bool
  ) -> Bool {
    let vector = vector(ssrc, index)
    return unsafe vector.span.withUnsafeBytes { vector in
      let iv = unsafe vector.baseAddress!.assumingMemoryBound(to: UInt8.self)
      let trailerBytes = unsafe trailer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      let payload = unsafe packet + headerCount
      if isAEAD {
        return unsafe mqvi_gcm_seal(
          context, iv, packet, Int32(headerCount), trailerBytes, trailerIsOnWire ? Int32(trailer.count) : 0, source,
          Int32(count), payload) == 1
      }
      guard unsafe mqvi_ctr(context, iv, source, Int32(count), payload) == 1 else { return false }
      // RTCP's index is sent between ciphertext and tag (RFC 3711 §3.4).
      let tagOffset = headerCount + count + (trailerIsOnWire ? trailer.count : 0)
      return unsafe writeTag(packet, headerCount + count, trailer, to: packet + tagOffset)
    }
  }

  /// Authenticates and decrypts `count` bytes at `packet + headerCount` in place.
  @inline(__always)
  func open(
    _ packet: UnsafeMutablePointer<UInt8>, headerCount: Int, count: Int, tag: UnsafePointer<UInt8>, ssrc: UInt32,
    index: UInt64, trailer: UnsafeRawBufferPointer, trailerIsOnWire: Bool
  ) -> Bool {
    let vector = vector(ssrc, index)
    return unsafe vector.span.withUnsafeBytes { vector in
      let iv = unsafe vector.baseAddress!.assumingMemoryBound(to: UInt8.self)
      let trailerBytes = unsafe trailer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      let payload = unsafe packet + headerCount
      if isAEAD {
        return unsafe mqvi_gcm_open(
          context, iv, packet, Int32(headerCount), trailerBytes, trailerIsOnWire ? Int32(trailer.count) : 0, payload,
          Int32(count), tag) == 1
      }
      guard unsafe tagMatches(packet, headerCount + count, trailer, tag) else { return false }
      return unsafe mqvi_ctr(context, iv, payload, Int32(count), payload) == 1
    }
  }

  /// Authenticates only: an SRTCP packet whose encryption flag is clear (RFC 3711 §3.4), counter-mode profile.
  func authenticates(
    _ packet: UnsafePointer<UInt8>, _ count: Int, _ trailer: UnsafeRawBufferPointer, tag: UnsafePointer<UInt8>
  ) -> Bool { unsafe !isAEAD && tagMatches(packet, count, trailer, tag) }

  @inline(__always)
  private func writeTag(
    _ packet: UnsafePointer<UInt8>, _ count: Int, _ trailer: UnsafeRawBufferPointer,
    to tag: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    var code = InlineArray<20, UInt8>(repeating: 0)
    unsafe authenticate(packet, count, trailer, &code)
    for position in 0..<10 { unsafe tag[position] = code[position] }
    return true
  }

  @inline(__always)
  private func tagMatches(
    _ packet: UnsafePointer<UInt8>, _ count: Int, _ trailer: UnsafeRawBufferPointer, _ tag: UnsafePointer<UInt8>
  ) -> Bool {
    var code = InlineArray<20, UInt8>(repeating: 0)
    unsafe authenticate(packet, count, trailer, &code)
    var difference: UInt8 = 0
    for position in 0..<10 { unsafe difference |= tag[position] ^ code[position] }
    return difference == 0
  }

  @inline(__always)
  private func authenticate(
    _ packet: UnsafePointer<UInt8>, _ count: Int, _ trailer: UnsafeRawBufferPointer,
    _ code: inout InlineArray<20, UInt8>
  ) {
    var span = code.mutableSpan
    unsafe span.withUnsafeMutableBytes { bytes in
      let output = unsafe bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      unsafe authentication.write(UnsafeRawBufferPointer(start: packet, count: count), trailer, to: output)
    }
  }
}

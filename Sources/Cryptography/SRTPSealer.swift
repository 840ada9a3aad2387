// Outbound SRTP and SRTCP: the last thing that happens to a packet before it leaves, once per subscriber.

import Bytes

/// Encrypts and authenticates one direction (RFC 3711, RFC 7714). Stateless per SSRC: the caller keeps the extended
/// sequence number, so that one sealer serves any number of streams. Nothing is allocated per packet.
public struct SRTPSealer: ~Copyable {
  /// Bytes that `seal` adds.
  public let mediaOverhead: Int
  /// Bytes that `sealControl` adds.
  public let controlOverhead: Int
  private let media: SRTPCipher
  private let control: SRTPCipher
  /// One counter for all SSRCs: the vector has the SSRC in it too, so gaps do no harm and no pair repeats.
  private var controlIndex: UInt32 = 0

  /// The SRTCP index has 31 bits (RFC 3711 §3.4) and must not wrap under one key (§9.2).
  private enum Limit { static let controlIndex: UInt32 = 0x7FFF_FFFF }

  /// Traps when the key does not have the profile's sizes.
  public init(profile: SRTPProfile, key: SRTPMasterKey) {
    self.init(
      media: SRTPSessionKeys(profile: profile, master: key, stream: .media),
      control: SRTPSessionKeys(profile: profile, master: key, stream: .control))
  }

  /// A sealer under session keys that were derived before; both for one profile.
  public init(media: SRTPSessionKeys, control: SRTPSessionKeys) {
    precondition(media.profile == control.profile)
    mediaOverhead = media.profile.mediaOverhead
    controlOverhead = media.profile.controlOverhead
    self.media = SRTPCipher(media, sealing: true)
    self.control = SRTPCipher(control, sealing: true)
  }

  /// Seals an RTP packet in place.
  ///
  /// - Parameters:
  ///   - packet: The clear packet from offset 0, with `mediaOverhead` bytes of room behind it.
  ///   - headerByteCount: Fixed header, CSRCs and extensions: authenticated, not encrypted.
  ///   - byteCount: Bytes of the clear packet.
  ///   - ssrc: As it stands in the header.
  ///   - index: Roll-over counter and sequence number: ROC << 16 | SEQ, 48 bits. A pair of SSRC and index must come with
  ///     one content only: a retransmission under it must be byte for byte the same.
  /// - Returns: Bytes of the sealed packet.
  @inline(__always)
  public mutating func seal(
    _ packet: inout MutableRawSpan, headerByteCount: Int, byteCount: Int, ssrc: UInt32, index: UInt64
  ) -> Int {
    precondition(headerByteCount >= 12 && headerByteCount <= byteCount, "header outside the packet")
    precondition(byteCount &+ mediaOverhead <= packet.byteCount, "no room for the tag")
    // Header, payload and tag lie inside the span by the checks above.
    unsafe packet.withUnsafeMutableBytes { bytes in
      let base = unsafe bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      unsafe sealMedia(
        base, headerByteCount, from: base + headerByteCount, count: byteCount &- headerByteCount, ssrc, index)
    }
    return byteCount &+ mediaOverhead
  }

  /// Seals an RTP packet whose header already stands at `packet`'s start and whose clear payload is elsewhere: encrypting
  /// is then also the copy out of the history ring.
  ///
  /// - Returns: Bytes of the sealed packet.
  @inline(__always)
  public mutating func seal(
    _ packet: inout MutableRawSpan, headerByteCount: Int, payload: RawSpan, ssrc: UInt32, index: UInt64
  ) -> Int {
    let count = payload.byteCount
    precondition(headerByteCount >= 12, "header outside the packet")
    precondition(headerByteCount &+ count &+ mediaOverhead <= packet.byteCount, "no room for payload and tag")
    // As above; the payload cannot overlap because `packet` is exclusive.
    unsafe packet.withUnsafeMutableBytes { bytes in
      let base = unsafe bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      unsafe payload.withUnsafeBytes { payload in
        let source = unsafe payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe sealMedia(base, headerByteCount, from: source ?? UnsafePointer(base), count: count, ssrc, index)
      }
    }
    return headerByteCount &+ count &+ mediaOverhead
  }

  /// Seals a compound RTCP packet in place, under the next index.
  ///
  /// - Parameters:
  ///   - packet: The clear packet from offset 0, with `controlOverhead` bytes of room behind it.
  ///   - byteCount: Bytes of the clear packet, at least 8.
  /// - Returns: Bytes of the sealed packet; 0 once 2^31 packets went out under this key.
  public mutating func sealControl(_ packet: inout MutableRawSpan, byteCount: Int) -> Int {
    precondition(byteCount >= 8, "an RTCP packet has a header and an SSRC")
    precondition(byteCount &+ controlOverhead <= packet.byteCount, "no room for index and tag")
    guard controlIndex < Limit.controlIndex else { return 0 }
    controlIndex += 1
    let ssrc = packet.uint32(at: 4)
    let index = controlIndex
    // The encryption flag and the index.
    let trailer = (index | 0x8000_0000).bigEndian
    // Behind the ciphertext comes the tag (RFC 7714 §9.2) or, with HMAC-SHA1, the index first (RFC 3711 §3.4).
    let trailerOffset = controlOverhead == 20 ? byteCount + 16 : byteCount
    unsafe packet.withUnsafeMutableBytes { bytes in
      unsafe bytes.storeBytes(of: trailer, toByteOffset: trailerOffset, as: UInt32.self)
      let base = unsafe bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      unsafe withUnsafeBytes(of: trailer) { trailer in
        let sealed = unsafe control.seal(
          base, headerCount: 8, from: base + 8, count: byteCount - 8, ssrc: ssrc, index: UInt64(index),
          trailer: trailer, trailerIsOnWire: true)
        precondition(sealed, "AES failed")
      }
    }
    return byteCount &+ controlOverhead
  }

  @inline(__always)
  private func sealMedia(
    _ base: UnsafeMutablePointer<UInt8>, _ headerCount: Int, from source: UnsafePointer<UInt8>, count: Int,
    _ ssrc: UInt32, _ index: UInt64
  ) {
    // HMAC-SHA1 also covers the roll-over counter, which is not sent (RFC 3711 §4.2).
    let rollOver = UInt32(truncatingIfNeeded: index >> 16).bigEndian
    unsafe withUnsafeBytes(of: rollOver) { trailer in
      let sealed = unsafe media.seal(
        base, headerCount: headerCount, from: source, count: count, ssrc: ssrc, index: index, trailer: trailer,
        trailerIsOnWire: false)
      precondition(sealed, "AES failed")
    }
  }
}

// Inbound SRTP and SRTCP: authenticity, replay and decryption of whatever a validated path delivers.

import Bytes

/// Why a packet was refused. Counted by the caller, never logged per packet.
public enum SRTPError: Error, Equatable, Sendable {
  /// Too short, wrong version, or header fields that point outside the packet.
  case malformed
  /// Seen before, or older than the window reaches (RFC 3711 §3.3.2).
  case replayed
  /// The tag does not match. The packet's bytes are then rubbish.
  case unauthentic
}

/// Authenticates and decrypts one direction in place, for any SSRC (RFC 3711, RFC 7714). State for an SSRC exists only
/// after a packet of it proved authentic.
public struct SRTPOpener: ~Copyable {
  /// Named limits.
  public enum Limit {
    /// SSRCs with a replay window. A publisher of one camera, one screen and one microphone with three layers and
    /// retransmission uses 14; the rest is for streams that were replaced. Beyond it the SSRC that was silent longest
    /// makes room: only its own packets, which no stream expects any more, could be replayed.
    public static let sources = 128
    /// Packets that may arrive behind the newest one. 1024 covers half a second of 1080p video at 20 Mbit/s, and the
    /// old packets that Firefox sends again to probe.
    public static let replayWindow = ReplayWindow.span
  }

  private let media: SRTPCipher
  private let control: SRTPCipher
  private let tagByteCount: Int
  private let isAEAD: Bool
  private var sources: [SRTPSource] = []
  /// Where the last packet's SSRC stood: packets come in runs.
  private var recent = 0
  private var clock: UInt64 = 0

  public init(profile: SRTPProfile, key: SRTPMasterKey) {
    media = SRTPCipher(SRTPSessionKeys(profile: profile, master: key, stream: .media), sealing: false)
    control = SRTPCipher(SRTPSessionKeys(profile: profile, master: key, stream: .control), sealing: false)
    tagByteCount = profile.mediaOverhead
    isAEAD = profile != .aes128CMSHA1
  }

  /// SSRCs that hold state now.
  public var sourceCount: Int { sources.count }

  /// Opens the RTP packet in the first `byteCount` bytes of `packet`.
  ///
  /// - Returns: Bytes of the clear packet, which starts at the same place.
  public mutating func open(_ packet: inout MutableRawSpan, byteCount: Int) throws(SRTPError) -> Int {
    let headerCount = try Self.headerByteCount(packet.bytes, byteCount)
    let count = byteCount - headerCount - tagByteCount
    guard count >= 0 else { throw .malformed }
    let sequence = packet.uint16(at: 2)
    let ssrc = packet.uint32(at: 8)
    let place = find(ssrc)
    let index = place < 0 ? UInt64(sequence) : sources[place].media.estimate(sequence)
    if place >= 0, !sources[place].media.accepts(index) { throw .replayed }
    // The roll-over counter that HMAC-SHA1 covers although it is not sent.
    let rollOver = UInt32(truncatingIfNeeded: index >> 16).bigEndian
    // Header, payload and tag lie inside the span by the checks above.
    let isAuthentic = unsafe packet.withUnsafeMutableBytes { bytes in
      let base = unsafe bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      return unsafe withUnsafeBytes(of: rollOver) { trailer in
        unsafe media.open(
          base, headerCount: headerCount, count: count, tag: base + headerCount + count, ssrc: ssrc, index: index,
          trailer: trailer, trailerIsOnWire: false)
      }
    }
    guard isAuthentic else { throw .unauthentic }
    sources[place < 0 ? admit(ssrc) : touch(place)].media.record(index)
    return headerCount + count
  }

  /// Opens the RTCP packet in the first `byteCount` bytes of `packet`.
  ///
  /// - Returns: Bytes of the clear compound packet, which starts at the same place.
  public mutating func openControl(_ packet: inout MutableRawSpan, byteCount: Int) throws(SRTPError) -> Int {
    let count = byteCount - 8 - tagByteCount - 4
    guard count >= 0, byteCount <= packet.byteCount, packet.byte(at: 0) >> 6 == 2 else { throw .malformed }
    let trailerOffset = isAEAD ? byteCount - 4 : byteCount - 4 - tagByteCount
    let tagOffset = isAEAD ? byteCount - 4 - tagByteCount : byteCount - tagByteCount
    let word = packet.uint32(at: trailerOffset)
    let index = UInt64(word & 0x7FFF_FFFF)
    let ssrc = packet.uint32(at: 4)
    let place = find(ssrc)
    if place >= 0, !sources[place].control.accepts(index) { throw .replayed }
    let isEncrypted = word >> 31 == 1
    let trailer = word.bigEndian
    let isAuthentic = unsafe packet.withUnsafeMutableBytes { bytes in
      let base = unsafe bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      return unsafe withUnsafeBytes(of: trailer) { trailer in
        guard isEncrypted else { return unsafe control.authenticates(base, 8 + count, trailer, tag: base + tagOffset) }
        return unsafe control.open(
          base, headerCount: 8, count: count, tag: base + tagOffset, ssrc: ssrc, index: index, trailer: trailer,
          trailerIsOnWire: true)
      }
    }
    guard isAuthentic else { throw .unauthentic }
    sources[place < 0 ? admit(ssrc) : touch(place)].control.record(index)
    return 8 + count
  }

  /// Bytes of the fixed header, CSRCs and extension (RFC 3550 §5.1, §5.3.1).
  @inline(__always)
  private static func headerByteCount(_ packet: RawSpan, _ byteCount: Int) throws(SRTPError) -> Int {
    guard byteCount >= 12, byteCount <= packet.byteCount else { throw .malformed }
    let first = packet.byte(at: 0)
    guard first >> 6 == 2 else { throw .malformed }
    var count = 12 + 4 * Int(first & 0x0F)
    if first & 0x10 != 0 {
      guard count + 4 <= byteCount else { throw .malformed }
      count += 4 + 4 * Int(packet.uint16(at: count + 2))
    }
    guard count <= byteCount else { throw .malformed }
    return count
  }

  /// The place of `ssrc`, or -1.
  @inline(__always)
  private mutating func find(_ ssrc: UInt32) -> Int {
    if recent < sources.count, sources[recent].ssrc == ssrc { return recent }
    for place in 0..<sources.count where sources[place].ssrc == ssrc {
      recent = place
      return place
    }
    return -1
  }

  @inline(__always)
  private mutating func touch(_ place: Int) -> Int {
    clock &+= 1
    sources[place].lastUse = clock
    return place
  }

  private mutating func admit(_ ssrc: UInt32) -> Int {
    if sources.count == Limit.sources {
      var oldest = 0
      for place in 1..<sources.count where sources[place].lastUse < sources[oldest].lastUse { oldest = place }
      sources[oldest] = SRTPSource(ssrc: ssrc)
      recent = oldest
    } else {
      sources.append(SRTPSource(ssrc: ssrc))
      recent = sources.count - 1
    }
    return touch(recent)
  }
}

/// What is remembered of one SSRC.
struct SRTPSource {
  let ssrc: UInt32
  var lastUse: UInt64 = 0
  var media = ReplayWindow()
  var control = ControlReplayWindow()

  init(ssrc: UInt32) { self.ssrc = ssrc }
}

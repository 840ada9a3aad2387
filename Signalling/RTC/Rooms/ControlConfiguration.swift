// What the process tells the control plane once: keys, shards, codecs and limits.

import AccessTokens
import LiveKitProtocol
import MediaContract
import SessionDescriptions

/// One shard of the media plane, as clients reach it.
public struct ShardDescription: Sendable {
  /// Addresses that clients can reach, most preferred first; IPv6 without brackets.
  public var addresses: [String]
  public var udpPort: UInt16
  /// Passive ICE-TCP (RFC 6544); nil = none.
  public var tcpPort: UInt16?

  public init(addresses: [String], udpPort: UInt16, tcpPort: UInt16?) {
    self.addresses = addresses
    self.udpPort = udpPort
    self.tcpPort = tcpPort
  }
}

/// Settings of a control plane. Nothing changes while it lives.
public struct ControlConfiguration {
  /// The first signs refreshed tokens.
  public var keys: [APIKey]
  /// At least one.
  public var shards: [ShardDescription]
  /// SHA-256 of the DTLS certificate: 32 bytes. All shards share one certificate.
  public var certificateDigest: [UInt8]
  /// Codecs that may be published and watched, most preferred first within each kind.
  public var audioCodecs: [MediaContract.Codec] = [.opus, .red, .pcmu, .pcma]
  public var videoCodecs: [MediaContract.Codec] = [.vp8, .h264, .vp9, .av1, .h265]
  public var serverVersion = "1.13.5"
  public var nodeID = "ND_mqvi"
  public var region = ""
  /// Given to clients; empty where host candidates are enough.
  public var iceServers: [ICEServer] = []
  /// Joining creates a room that does not exist.
  public var autoCreate = true
  /// The API may unmute a track.
  public var remoteUnmute = false
  /// How many screens may be shared at once in the room of that name; nil = any number.
  public var screenShareLimit: (_ room: String) -> Int? = { _ in nil }
  /// Congestion control may pause videos where the client leaves the choice to us.
  public var allowPause = false
  public var timings = RoomTimings()
  /// 64 unpredictable bits: identifiers, ICE credentials and trailers come from it.
  public var randomBits: () -> UInt64
  /// Inflates a gzip member to at most `limit` bytes; nil where it is broken or larger.
  public var inflate: (_ compressed: [UInt8], _ limit: Int) -> [UInt8]?

  public init(
    keys: [APIKey], shards: [ShardDescription], certificateDigest: [UInt8], randomBits: @escaping () -> UInt64,
    inflate: @escaping (_ compressed: [UInt8], _ limit: Int) -> [UInt8]?
  ) {
    self.keys = keys
    self.shards = shards
    self.certificateDigest = certificateDigest
    self.randomBits = randomBits
    self.inflate = inflate
  }

  /// The codecs of the join response: VP8 and H264 first, then other video, then audio.
  var publishCodecs: [LiveKitProtocol.Codec] {
    let common: [MediaContract.Codec] = [.vp8, .h264].filter(videoCodecs.contains)
    let others = videoCodecs.filter { !common.contains($0) }
    return (common + others + audioCodecs).map {
      var codec = LiveKitProtocol.Codec()
      codec.mime = $0.mime
      return codec
    }
  }
}

extension MediaContract.Codec {
  /// As simulcast codecs and dynacast write it: bare and lower case.
  var bareName: String { encodingName.lowercased() }
}

/// The injected generator as the standard library wants it.
struct InjectedRandom: RandomNumberGenerator {
  let bits: () -> UInt64

  mutating func next() -> UInt64 { bits() }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

  /// Letters and digits, each equally likely.
  mutating func text(_ count: Int) -> String {
    var bytes: [UInt8] = []
    for _ in 0..<count { bytes.append(Self.alphabet[Int.random(in: 0..<Self.alphabet.count, using: &self)]) }
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

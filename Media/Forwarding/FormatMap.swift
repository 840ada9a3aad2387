// Which payload type of a subscriber stands for a payload type of a publisher.

import MediaContract

/// How packets of one of the publisher's formats go to one subscriber.
public struct FormatMapping: Sendable, Hashable {
  /// The subscriber's payload type.
  public var payloadType: UInt8
  /// The subscriber's payload type for retransmissions of it.
  public var rtxPayloadType: UInt8?
  /// The publisher sends RED and the subscriber takes only what is inside: the primary block is sent alone.
  public var stripsRedundancy: Bool

  public init(payloadType: UInt8, rtxPayloadType: UInt8?, stripsRedundancy: Bool) {
    self.payloadType = payloadType
    self.rtxPayloadType = rtxPayloadType
    self.stripsRedundancy = stripsRedundancy
  }
}

public enum FormatMap {
  /// The subscriber's format for `source`, or nil when it has none that can decode it.
  ///
  /// The codec must agree, and of its parameters those that change the bit stream's meaning. `isEncrypted` payloads are
  /// opaque: RED inside cannot be taken apart.
  public static func mapping(
    for source: PayloadFormat, among formats: [PayloadFormat], isEncrypted: Bool
  ) -> FormatMapping? {
    if let same = formats.first(where: { isCompatible($0, source) }) {
      return FormatMapping(
        payloadType: same.payloadType, rtxPayloadType: same.rtxPayloadType, stripsRedundancy: false)
    }
    guard source.codec == .red, !isEncrypted, let plain = formats.first(where: { $0.codec == .opus }) else {
      return nil
    }
    return FormatMapping(payloadType: plain.payloadType, rtxPayloadType: plain.rtxPayloadType, stripsRedundancy: true)
  }

  static func isCompatible(_ format: PayloadFormat, _ source: PayloadFormat) -> Bool {
    guard format.codec == source.codec, format.clockRate == source.clockRate else { return false }
    switch source.codec {
    case .opus, .red, .pcmu, .pcma, .g722, .vp8: return true
    // RFC 9628 §7, AV1 RTP §7.2.1, RFC 7798 §7.1: the profile; what is left out is profile 0 (H.265: 1).
    case .vp9: return value("profile-id", in: format) ?? "0" == value("profile-id", in: source) ?? "0"
    case .av1: return value("profile", in: format) ?? "0" == value("profile", in: source) ?? "0"
    case .h265: return value("profile-id", in: format) ?? "1" == value("profile-id", in: source) ?? "1"
    case .h264:
      // RFC 6184 §8.2.2: the packetization mode must agree, and the profile with its constraints; levels may differ.
      let mode = value("packetization-mode", in: format) ?? "0" == value("packetization-mode", in: source) ?? "0"
      return mode && profile(of: format) == profile(of: source)
    }
  }

  /// H.264 profiles, as far as they differ for a decoder.
  private enum Profile: Hashable {
    case constrainedBaseline
    case other(Substring)
  }

  private static func profile(of format: PayloadFormat) -> Profile {
    // RFC 6184 §8.1: without the parameter it is Baseline without constraints, level 1.
    let text = (value("profile-level-id", in: format) ?? "42000a").lowercased()
    guard text.utf8.count == 6 else { return .other(Substring(text)) }
    let profile = text.prefix(2)
    let constraints = UInt8(text.dropFirst(2).prefix(2), radix: 16) ?? 0
    // RFC 6184 §8.1, table 5: Baseline, Main or Extended with constraint_set0 and 1 is Constrained Baseline.
    switch profile {
    case "42" where constraints & 0x40 != 0, "4d" where constraints & 0x80 != 0, "58" where constraints & 0xC0 == 0xC0:
      return .constrainedBaseline
    default: return .other(text.prefix(4))
    }
  }

  /// The value of a parameter in "a=1;b=2".
  private static func value(_ name: String, in format: PayloadFormat) -> String? {
    for pair in format.parameters.split(separator: ";") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let key = parts[0].drop(while: { $0 == " " })
      if key.lowercased() == name { return String(parts[1]) }
    }
    return nil
  }
}

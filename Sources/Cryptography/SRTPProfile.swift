// SRTP protection profiles and the keys that DTLS agrees on for them.

/// The profiles that are offered and accepted, by their IANA numbers (RFC 5764 §4.1.2, RFC 7714 §14.2).
public enum SRTPProfile: UInt16, Sendable, Hashable, CaseIterable {
  case aeadAES128GCM = 0x0007
  case aeadAES256GCM = 0x0008
  case aes128CMSHA1 = 0x0001

  /// Bytes of the master key.
  public var keyByteCount: Int { self == .aeadAES256GCM ? 32 : 16 }
  /// Bytes of the master salt.
  public var saltByteCount: Int { self == .aes128CMSHA1 ? 14 : 12 }
  /// Bytes that sealing adds to an RTP packet.
  public var mediaOverhead: Int { self == .aes128CMSHA1 ? 10 : 16 }
  /// Bytes that sealing adds to an RTCP packet: the tag and the index.
  public var controlOverhead: Int { mediaOverhead + 4 }
}

/// What one direction is keyed with.
public struct SRTPMasterKey: Sendable, Hashable {
  public var key: [UInt8]
  public var salt: [UInt8]

  public init(key: [UInt8], salt: [UInt8]) {
    self.key = key
    self.salt = salt
  }
}

/// Both directions' keys and the profile they are for.
public struct SRTPKeys: Sendable, Hashable {
  public var profile: SRTPProfile
  /// Seals what we send.
  public var local: SRTPMasterKey
  /// Opens what the other side sends.
  public var remote: SRTPMasterKey

  public init(profile: SRTPProfile, local: SRTPMasterKey, remote: SRTPMasterKey) {
    self.profile = profile
    self.local = local
    self.remote = remote
  }

  /// Cuts exported keying material: client key, server key, client salt, server salt (RFC 5764 §4.2).
  init(profile: SRTPProfile, exported material: [UInt8], weAreClient: Bool) {
    let (key, salt) = (profile.keyByteCount, profile.saltByteCount)
    precondition(material.count == 2 * (key + salt))
    let client = SRTPMasterKey(key: Array(material[0..<key]), salt: Array(material[2 * key..<2 * key + salt]))
    let server = SRTPMasterKey(key: Array(material[key..<2 * key]), salt: Array(material[(2 * key + salt)...]))
    self.init(profile: profile, local: weAreClient ? client : server, remote: weAreClient ? server : client)
  }
}

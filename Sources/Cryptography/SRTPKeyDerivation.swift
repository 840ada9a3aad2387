// Session keys from a master key (RFC 3711 §4.3; RFC 7714 §11 for the AEAD profiles). The derivation rate is zero:
// keys are derived once.

import COpenSSL

/// What packets are encrypted and authenticated with: one set for RTP, another for RTCP.
public struct SRTPSessionKeys: Sendable, Hashable {
  /// Which of the derivation's labels apply (RFC 3711 §4.3.2).
  public enum Stream: UInt8, Sendable { case media = 0, control = 3 }

  public let profile: SRTPProfile
  public let cipherKey: [UInt8]
  public let salt: [UInt8]
  /// 20 bytes for HMAC-SHA1; empty for the AEAD profiles.
  public let authenticationKey: [UInt8]

  /// Derives the keys of one stream. Traps when key and salt do not have the profile's sizes.
  public init(profile: SRTPProfile, master: SRTPMasterKey, stream: Stream = .media) {
    precondition(master.key.count == profile.keyByteCount && master.salt.count == profile.saltByteCount)
    let derivation = SRTPKeyDerivation(master: master)
    let isAEAD = profile != .aes128CMSHA1
    self.init(
      profile: profile, cipherKey: derivation.bytes(label: stream.rawValue, count: profile.keyByteCount),
      salt: derivation.bytes(label: stream.rawValue + 2, count: profile.saltByteCount),
      authenticationKey: isAEAD ? [] : derivation.bytes(label: stream.rawValue + 1, count: HMACSHA1.byteCount))
  }

  /// Keys that were derived elsewhere: the examples of RFC 7714 begin here.
  public init(profile: SRTPProfile, cipherKey: [UInt8], salt: [UInt8], authenticationKey: [UInt8] = []) {
    precondition(cipherKey.count == profile.keyByteCount && salt.count == profile.saltByteCount)
    self.profile = profile
    self.cipherKey = cipherKey
    self.salt = salt
    self.authenticationKey = authenticationKey
  }
}

/// The pseudo-random function of RFC 3711 §4.3.3: AES in counter mode under the master key.
@safe private struct SRTPKeyDerivation: ~Copyable {
  /// Owned; freed in deinit.
  private let context: OpaquePointer
  /// The salt, padded to 14 bytes with zeros behind (the AEAD profiles have 12), and two bytes of counter.
  private let block: [UInt8]

  init(master: SRTPMasterKey) {
    guard let context = unsafe mqvi_ctr_new(master.key, Int32(master.key.count)) else {
      preconditionFailure("no memory for a cipher")
    }
    unsafe self.context = context
    block = master.salt + [UInt8](repeating: 0, count: 16 - master.salt.count)
  }

  deinit { unsafe EVP_CIPHER_CTX_free(context) }

  /// `count` bytes for `label`, which lies over the salt's eighth byte (RFC 3711 §4.3.1 with index 0).
  func bytes(label: UInt8, count: Int) -> [UInt8] {
    var input = block
    input[7] ^= label
    let zeros = [UInt8](repeating: 0, count: count)
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      let done = unsafe mqvi_ctr(context, input, zeros, Int32(count), output.baseAddress)
      precondition(done == 1, "AES failed")
      initialized = count
    }
  }
}

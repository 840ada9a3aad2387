// Session keys from a master key (RFC 3711 §4.3; RFC 7714 §11 for the AEAD profiles). The derivation rate is zero:
// keys are derived once.

import COpenSSL

/// The pseudo-random function of RFC 3711 §4.3.3: AES in counter mode under the master key.
@safe struct SRTPKeyDerivation: ~Copyable {
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

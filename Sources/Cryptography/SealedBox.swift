// Small secrets at rest: encrypted and authenticated under a key that is kept apart from them.

import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) with a random nonce for every box: nonce (12 bytes), ciphertext, tag (16 bytes).
///
/// 2^32 boxes under one key stay safe with random nonces (§8.3); there is one for each second factor.
public struct SealedBox: Sendable {
  public static let keyByteCount = 32
  private static let nonceByteCount = 12
  private static let tagByteCount = 16

  private let key: [UInt8]

  /// `key`: 32 bytes.
  public init(key: [UInt8]) {
    precondition(key.count == Self.keyByteCount)
    self.key = key
  }

  /// Encrypts `secret`. What `context` says must be said again to open it: a box that is moved to another row stays shut.
  public func seal(_ secret: [UInt8], context: String) -> [UInt8] {
    let nonce = SecureRandom.bytes(Self.nonceByteCount)
    var cipher = secret
    var tag = [UInt8](repeating: 0, count: Self.tagByteCount)
    let done = run(&cipher, &tag, nonce, context, sealing: true)
    precondition(done, "no memory for a cipher")
    return nonce + cipher + tag
  }

  /// The secret in `box`; nil when it was changed, or sealed with another key or for another context.
  public func open(_ box: [UInt8], context: String) -> [UInt8]? {
    guard box.count >= Self.nonceByteCount + Self.tagByteCount else { return nil }
    var text = Array(box[Self.nonceByteCount..<box.count - Self.tagByteCount])
    var tag = Array(box.suffix(Self.tagByteCount))
    return run(&text, &tag, Array(box.prefix(Self.nonceByteCount)), context, sealing: false) ? text : nil
  }

  /// Transforms `text` in place; writes the tag or checks it.
  private func run(
    _ text: inout [UInt8], _ tag: inout [UInt8], _ nonce: [UInt8], _ context: String, sealing: Bool
  ) -> Bool {
    guard let state = unsafe EVP_CIPHER_CTX_new() else { return false }
    defer { unsafe EVP_CIPHER_CTX_free(state) }
    let associated = Array(context.utf8)
    var written: Int32 = 0
    // Every buffer has the length that stands beside it; GCM is a stream cipher, so that the text keeps its length.
    guard unsafe EVP_CipherInit_ex(state, EVP_aes_256_gcm(), nil, key, nonce, sealing ? 1 : 0) == 1,
      unsafe EVP_CipherUpdate(state, nil, &written, associated, Int32(associated.count)) == 1
    else { return false }
    let input = text
    var output = [UInt8](repeating: 0, count: text.count + 16)
    guard unsafe EVP_CipherUpdate(state, &output, &written, input, Int32(input.count)) == 1 else { return false }
    if !sealing {
      guard unsafe EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_SET_TAG, 16, &tag) == 1 else { return false }
    }
    var rest = [UInt8](repeating: 0, count: 16)
    guard unsafe EVP_CipherFinal_ex(state, &rest, &written) == 1 else { return false }
    if sealing {
      guard unsafe EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1 else { return false }
    }
    text = Array(output.prefix(input.count))
    return true
  }
}

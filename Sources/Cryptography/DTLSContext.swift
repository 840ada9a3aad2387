// What all DTLS sessions of a shard share: the certificate, the suites, the profiles.

import COpenSSL

/// OpenSSL's SSL_CTX with our certificate: DTLS 1.2, ECDHE with AEAD suites, SRTP profiles in order of preference.
@safe public struct DTLSContext: ~Copyable {
  /// Owned; freed in deinit. Sessions hold their own reference to it.
  let context: OpaquePointer

  /// Traps when memory runs out: `Certificate` proved that key and certificate belong together.
  public init(certificate: Certificate) {
    let context = unsafe mqvi_dtls_context(
      certificate.certificate, certificate.certificate.count, certificate.privateKey, certificate.privateKey.count,
      Int32(DTLSSession.Limit.messageByteCount))
    guard let context = unsafe context else { preconditionFailure("OpenSSL refused its own certificate") }
    unsafe self.context = context
  }

  deinit { unsafe SSL_CTX_free(context) }
}

// The certificate that DTLS shows: self-signed, known to the other side by its digest in the session description.

import Chronology
import COpenSSL
import MediaContract

/// A certificate could not be made or read.
public enum CertificateError: Error, Equatable, Sendable {
  /// OpenSSL could not make a key or sign with it.
  case generationFailed
  /// The text holds no certificate, no private key, or one that belongs to another certificate.
  case unreadable
}

/// An X.509 certificate with its private key, as values: each shard makes its own `DTLSContext` of it.
public struct Certificate: Sendable {
  /// The certificate in DER.
  public let certificate: [UInt8]
  /// The private key in DER. Secret.
  let privateKey: [UInt8]
  /// SHA-256 over `certificate`, for `a=fingerprint` (RFC 8122 §5).
  public let fingerprint: Fingerprint

  /// The digest as session descriptions write it: "AB:CD:…", upper case.
  public var fingerprintText: String {
    fingerprint.digest.map { byte in
      let text = String(byte, radix: 16, uppercase: true)
      return text.count == 1 ? "0" + text : text
    }.joined(separator: ":")
  }

  private init(certificate: [UInt8], privateKey: [UInt8]) {
    self.certificate = certificate
    self.privateKey = privateKey
    fingerprint = Fingerprint(algorithm: "sha-256", digest: SHA256.digest(of: certificate))
  }

  /// A new ECDSA P-256 key and a certificate that it signs itself (RFC 8827 §6.5), valid from a day before `now` (clocks
  /// differ) and for five years.
  public static func selfSigned(at now: WallTime, commonName: String = "mqvi") throws(CertificateError) -> Certificate {
    var key: OpaquePointer?
    var x509: OpaquePointer?
    let day: Int64 = 86_400
    guard
      unsafe mqvi_self_signed(commonName, now.seconds - day, now.seconds + 5 * 365 * day, &key, &x509) == 1
    else { throw .generationFailed }
    defer {
      unsafe EVP_PKEY_free(key)
      unsafe X509_free(x509)
    }
    return try unsafe Certificate(x509, key, failure: .generationFailed)
  }

  /// Reads the first certificate and the first private key in a PEM text, which belong together.
  public init(pem: String) throws(CertificateError) {
    let text = Array(pem.utf8)
    let key = unsafe Self.read(text) { unsafe PEM_read_bio_PrivateKey($0, nil, nil, nil) }
    let x509 = unsafe Self.read(text) { unsafe PEM_read_bio_X509($0, nil, nil, nil) }
    defer {
      unsafe EVP_PKEY_free(key)
      unsafe X509_free(x509)
      ERR_clear_error()
    }
    guard unsafe key != nil && x509 != nil && X509_check_private_key(x509, key) == 1 else { throw .unreadable }
    try unsafe self.init(x509, key, failure: .unreadable)
  }

  /// Certificate and private key as PEM, to be kept where only the server can read it.
  public var pem: String {
    Self.block("CERTIFICATE", certificate) + Self.block("PRIVATE KEY", privateKey)
  }

  private init(
    _ x509: OpaquePointer?, _ key: OpaquePointer?, failure: CertificateError
  ) throws(CertificateError) {
    let certificate = unsafe Self.encode { unsafe i2d_X509(x509, $0) }
    let information = unsafe EVP_PKEY2PKCS8(key)
    defer { unsafe PKCS8_PRIV_KEY_INFO_free(information) }
    let privateKey = unsafe Self.encode { unsafe i2d_PKCS8_PRIV_KEY_INFO(information, $0) }
    guard !certificate.isEmpty, !privateKey.isEmpty else { throw failure }
    self.init(certificate: certificate, privateKey: privateKey)
  }

  /// Runs one of OpenSSL's i2d functions twice: for the size, then for the bytes.
  private static func encode(_ encoder: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
    let count = Int(encoder(nil))
    guard count > 0 else { return [] }
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      var cursor = buffer.baseAddress
      initialized = unsafe Int(max(0, encoder(&cursor)))
    }
  }

  private static func read(_ text: [UInt8], _ reader: (OpaquePointer?) -> OpaquePointer?) -> OpaquePointer? {
    let bio = unsafe BIO_new_mem_buf(text, Int32(text.count))
    defer { unsafe BIO_free(bio) }
    return unsafe reader(bio)
  }

  private static func block(_ label: String, _ bytes: [UInt8]) -> String {
    let text = Array(Base64.encode(bytes).utf8)
    var lines = "-----BEGIN \(label)-----\n"
    for start in stride(from: 0, to: text.count, by: 64) {
      lines += String(decoding: text[start..<min(start + 64, text.count)], as: UTF8.self) + "\n"
    }
    return lines + "-----END \(label)-----\n"
  }
}

// TLS on an accepted connection, by OpenSSL over the non-blocking socket. HTTP/1.1 is all that is offered in ALPN.

import Bytes
import COpenSSL
import Reactor

/// A certificate with its key that could not be used.
public struct TLSError: Error, CustomStringConvertible, Sendable {
  public let description: String

  init(_ what: String) {
    // OpenSSL's own words for the first thing that went wrong on this thread.
    let code = ERR_get_error()
    ERR_clear_error()
    let reason = unsafe ERR_reason_error_string(code)
    description = unsafe reason.map { unsafe "\(what): \(String(cString: $0))" } ?? what
  }
}

/// A server's certificate and protocol settings, shared by its connections.
@safe final class TLSContext {
  fileprivate let context: OpaquePointer

  /// Reads PEM files: the certificate with its chain, and the private key.
  init(certificate: String, key: String) throws(TLSError) {
    guard let made = unsafe SSL_CTX_new(TLS_server_method()) else { throw TLSError("cannot set TLS up") }
    unsafe context = made
    // TLS 1.2 at least (RFC 8996); what SSL_CTX_set_min_proto_version expands to.
    _ = unsafe SSL_CTX_ctrl(made, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    // A write may be taken in part and repeated from another address: the queue's bytes can move.
    let mode = Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS)
    _ = unsafe SSL_CTX_ctrl(made, SSL_CTRL_MODE, mode, nil)
    // SSL_OP_NO_RENEGOTIATION, a macro with a cast that Swift does not see: a client cannot make us shake hands again.
    _ = unsafe SSL_CTX_set_options(made, 1 << 30)
    guard unsafe SSL_CTX_use_certificate_chain_file(made, certificate) == 1 else {
      throw TLSError("cannot read the certificate \(certificate)")
    }
    guard unsafe SSL_CTX_use_PrivateKey_file(made, key, SSL_FILETYPE_PEM) == 1 else {
      throw TLSError("cannot read the private key \(key)")
    }
    guard unsafe SSL_CTX_check_private_key(made) == 1 else {
      throw TLSError("the private key does not belong to the certificate")
    }
    unsafe SSL_CTX_set_alpn_select_cb(made, selectProtocol, nil)
  }

  deinit { unsafe SSL_CTX_free(context) }
}

/// Chooses "http/1.1" when the client offers it (RFC 7301); a client that offers only others gets no ALPN.
private let selectProtocol: SSL_CTX_alpn_select_cb_func = { _, chosen, chosenLength, offered, offeredLength, _ in
  let wanted: StaticString = "http/1.1"
  guard let chosen = unsafe chosen, let chosenLength = unsafe chosenLength, let offered = unsafe offered else {
    return SSL_TLSEXT_ERR_NOACK
  }
  var offset = 0
  // A list of names, each behind its length; OpenSSL has checked that they fill it.
  while offset < Int(offeredLength) {
    let length = Int(unsafe offered[offset])
    let name = unsafe UnsafeBufferPointer(start: offered + offset + 1, count: length)
    if offset + 1 + length <= Int(offeredLength), unsafe name.elementsEqual("\(wanted)".utf8) {
      unsafe chosen.pointee = offered + offset + 1
      unsafe chosenLength.pointee = UInt8(length)
      return SSL_TLSEXT_ERR_OK
    }
    offset += 1 + length
  }
  return SSL_TLSEXT_ERR_NOACK
}

/// One connection's TLS state.
@safe struct TLSSession: ~Copyable {
  private let session: OpaquePointer

  /// Nil when memory ran out.
  init?(_ context: TLSContext, descriptor: Int32) {
    guard let made = unsafe SSL_new(context.context) else { return nil }
    guard unsafe SSL_set_fd(made, descriptor) == 1 else {
      unsafe SSL_free(made)
      return nil
    }
    unsafe SSL_set_accept_state(made)
    unsafe session = made
  }

  deinit { unsafe SSL_free(session) }

  /// Decrypts what has come into `buffer`, shaking hands first if need be.
  func read(into buffer: inout MutableRawSpan) -> Transfer {
    ERR_clear_error()
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe SSL_read(session, bytes.baseAddress, Int32(bytes.count))
    }
    return outcome(count)
  }

  func write(_ bytes: RawSpan) -> Transfer {
    guard bytes.byteCount > 0 else { return .bytes(0) }
    ERR_clear_error()
    let count = unsafe bytes.withUnsafeBytes { bytes in
      unsafe SSL_write(session, bytes.baseAddress, Int32(bytes.count))
    }
    return outcome(count)
  }

  /// Sends close_notify, as far as the socket takes it.
  func finishWriting() {
    ERR_clear_error()
    _ = unsafe SSL_shutdown(session)
  }

  /// Whether the last call stopped because the socket would not take more.
  func wantsWrite() -> Bool { unsafe SSL_want(session) == SSL_WRITING }

  private func outcome(_ count: Int32) -> Transfer {
    guard count <= 0 else { return .bytes(Int(count)) }
    switch unsafe SSL_get_error(session, count) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
    case SSL_ERROR_ZERO_RETURN: return .end
    default: return .failed
    }
  }
}

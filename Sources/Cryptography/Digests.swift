// Hash functions, message authentication and the comparison that goes with them.

import Bytes
import COpenSSL

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
  public static let byteCount = 32

  public static func digest(of bytes: [UInt8]) -> [UInt8] { digest(of: bytes.rawSpan) }

  public static func digest(of bytes: RawSpan) -> [UInt8] {
    unsafe bytes.withUnsafeBytes { input in
      unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { output, initialized in
        // OpenSSL reads exactly the input and writes exactly 32 bytes.
        _ = unsafe COpenSSL.SHA256(input.baseAddress, input.count, output.baseAddress)
        initialized = byteCount
      }
    }
  }
}

/// HMAC-SHA256 (RFC 2104, RFC 6234).
public enum HMACSHA256 {
  public static let byteCount = 32

  public static func code(for message: [UInt8], key: [UInt8]) -> [UInt8] {
    var written: UInt32 = 0
    return unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { output, initialized in
      // A null key means "the last key" to OpenSSL, so an empty one must still have an address.
      let keyBytes = key.isEmpty ? [0] : key
      _ = unsafe HMAC(EVP_sha256(), keyBytes, Int32(key.count), message, message.count, output.baseAddress, &written)
      initialized = byteCount
    }
  }

  /// Whether `code` is the code for `message`, in time that does not depend on where they differ.
  public static func isValid(_ code: [UInt8], for message: [UInt8], key: [UInt8]) -> Bool {
    ConstantTime.areEqual(code, self.code(for: message, key: key))
  }
}

/// HMAC-SHA1 (RFC 2104) with its key absorbed once: STUN checks and SRTP packets use one key many times.
///
/// SHA-1's collisions do not touch HMAC; RFC 8489 §14.5 and RFC 3711 §4.2 require it here.
public struct HMACSHA1: Sendable {
  public static let byteCount = 20
  private let keyed: mqvi_hmac_sha1

  public init(key: [UInt8]) { keyed = unsafe mqvi_hmac_sha1_keyed(key, key.count) }

  /// The code over `message`.
  public func code(for message: [UInt8]) -> [UInt8] { code(for: message.rawSpan) }

  /// The code over `message`.
  public func code(for message: RawSpan) -> [UInt8] {
    let nothing: [UInt8] = []
    return code(for: message, followedBy: nothing.rawSpan)
  }

  /// The code over `first` and then `second`, as if they stood together: STUN replaces the length in its header.
  public func code(for first: RawSpan, followedBy second: RawSpan) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: Self.byteCount) { output, initialized in
      unsafe first.withUnsafeBytes { first in
        unsafe second.withUnsafeBytes { second in
          unsafe write(first, second, to: output.baseAddress!)
        }
      }
      initialized = Self.byteCount
    }
  }

  /// Writes 20 bytes to `code`, which may lie in neither part.
  func write(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, to code: UnsafeMutablePointer<UInt8>
  ) {
    unsafe withUnsafePointer(to: keyed) { keyed in
      unsafe mqvi_hmac_sha1_code(
        keyed, first.baseAddress?.assumingMemoryBound(to: UInt8.self), first.count,
        second.baseAddress?.assumingMemoryBound(to: UInt8.self), second.count, code)
    }
  }
}

/// Comparison of secrets.
public enum ConstantTime {
  /// Whether both hold the same bytes. The time taken depends on the lengths only.
  public static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool { areEqual(a.rawSpan, b.rawSpan) }

  /// Whether both hold the same bytes. The time taken depends on the lengths only.
  public static func areEqual(_ a: RawSpan, _ b: RawSpan) -> Bool {
    guard a.byteCount == b.byteCount else { return false }
    return unsafe a.withUnsafeBytes { a in
      unsafe b.withUnsafeBytes { b in
        unsafe a.isEmpty || CRYPTO_memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0
      }
    }
  }
}

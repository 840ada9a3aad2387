// The names and numbers of STUN (RFC 8489) and of its use by ICE (RFC 8445).

/// What a message is for.
public enum STUNClass: UInt8, Sendable, Hashable { case request, indication, success, error }

/// The 96 bits that tie a response to its request.
public struct STUNTransactionID: Hashable, Sendable {
  /// The first four bytes, network order.
  public var high: UInt32
  /// The last eight bytes, network order.
  public var low: UInt64

  @inlinable
  public init(high: UInt32, low: UInt64) {
    self.high = high
    self.low = low
  }
}

public enum STUNMethod {
  /// The only method that ICE uses.
  public static let binding: UInt16 = 0x001
}

/// Attribute types (RFC 8489 §18.3, RFC 8445 §16.1). Below 0x8000 a receiver must understand them.
public enum STUNAttribute {
  public static let mappedAddress: UInt16 = 0x0001
  public static let username: UInt16 = 0x0006
  public static let messageIntegrity: UInt16 = 0x0008
  public static let errorCode: UInt16 = 0x0009
  public static let unknownAttributes: UInt16 = 0x000A
  public static let realm: UInt16 = 0x0014
  public static let nonce: UInt16 = 0x0015
  public static let messageIntegritySHA256: UInt16 = 0x001C
  public static let xorMappedAddress: UInt16 = 0x0020
  public static let priority: UInt16 = 0x0024
  public static let useCandidate: UInt16 = 0x0025
  public static let software: UInt16 = 0x8022
  public static let fingerprint: UInt16 = 0x8028
  public static let iceControlled: UInt16 = 0x8029
  public static let iceControlling: UInt16 = 0x802A
}

/// An error response's reason (RFC 8489 §14.8, RFC 8445 §16.2).
public enum STUNErrorCode {
  public static let badRequest: UInt16 = 400
  public static let unauthenticated: UInt16 = 401
  public static let unknownAttribute: UInt16 = 420
  public static let roleConflict: UInt16 = 487
  public static let serverError: UInt16 = 500
}

/// Constants of the message layout (RFC 8489 §5).
public enum STUNLayout {
  public static let headerByteCount = 20
  public static let magicCookie: UInt32 = 0x2112_A442
  /// HMAC-SHA1's output.
  public static let integrityByteCount = 20
  /// What FINGERPRINT's checksum is combined with (§14.7).
  public static let fingerprintMask: UInt32 = 0x5354_554E
}

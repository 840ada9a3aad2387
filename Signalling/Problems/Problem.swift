// What went wrong with a request, in the words and codes that its sender gets.

/// A refusal or failure: the envelope `{success: false, error, code}` (UN-003…UN-005) before it is written.
public struct Problem: Error, Hashable, Sendable {
  /// The stable word that programs compare. Its HTTP status always agrees with it (UN-005).
  public enum Code: String, Hashable, Sendable, CaseIterable {
    case unauthorized = "UNAUTHORIZED"
    case forbidden = "FORBIDDEN"
    case notFound = "NOT_FOUND"
    case validation = "VALIDATION_ERROR"
    case rateLimit = "RATE_LIMIT"
    case conflict = "CONFLICT"
    case payloadTooLarge = "PAYLOAD_TOO_LARGE"
    case twoFactorRequired = "TWO_FACTOR_REQUIRED"
    case streamLimit = "STREAM_LIMIT"
    case channelFull = "CHANNEL_FULL"
    case methodNotAllowed = "METHOD_NOT_ALLOWED"
    case unavailable = "UNAVAILABLE"
    case `internal` = "INTERNAL_ERROR"

    public var status: Int {
      switch self {
      case .unauthorized: 401
      case .forbidden, .twoFactorRequired: 403
      case .notFound: 404
      case .validation: 400
      case .rateLimit: 429
      case .conflict, .streamLimit, .channelFull: 409
      case .payloadTooLarge: 413
      case .methodNotAllowed: 405
      case .unavailable: 503
      case .internal: 500
      }
    }
  }

  public var code: Code
  /// A sentence for people, in English; clients that speak other languages go by `code` and `reason`.
  public var message: String
  /// A stable finer word where `code` leaves open what to do: `"slow_mode"`, `"invite_expired"`.
  public var reason: String?
  /// The member of the body or the query that is wrong, as a JSON pointer (RFC 6901).
  public var pointer: String?
  /// Seconds to wait before the same request can succeed.
  public var retryAfter: Double?
  /// What the log says about it, and nobody else: a statement that failed, never its values.
  public var detail: String?

  /// What the next step has to show, where a request was half of something: after the password, before the second factor.
  public var ticket: String?

  public init(
    _ code: Code, _ message: String, reason: String? = nil, pointer: String? = nil, retryAfter: Double? = nil,
    ticket: String? = nil
  ) {
    self.code = code
    self.message = message
    self.reason = reason
    self.pointer = pointer
    self.retryAfter = retryAfter
    self.ticket = ticket
  }

  /// Nobody is signed in, or not any more. The fixed words of the requirements (UN-003).
  public static let unauthorized = Problem(.unauthorized, "Oturum geçersiz")
  /// Signed in, and not allowed.
  public static let forbidden = Problem(.forbidden, "Bu işlem için yetkiniz yok")
  /// Our fault. What happened stands in the log beside the id of the request.
  public static let `internal` = Problem(.internal, "Bir hata oluştu")

  /// There is none, or the caller may not know that there is one: both look the same.
  public static func notFound(_ what: String) -> Problem { Problem(.notFound, "there is no such \(what)") }
  public static func invalid(_ pointer: String, _ message: String) -> Problem {
    Problem(.validation, message, pointer: pointer)
  }
}

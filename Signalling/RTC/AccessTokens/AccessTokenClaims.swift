// Who holds a token and what it allows.

public import Chronology
public import LiveKitProtocol

/// The claims of an access token. Unknown claims are ignored, so tokens of newer SDKs work.
public struct AccessTokenClaims: Sendable, Equatable {
  /// The API key whose secret signs the token (`iss`).
  public var issuer = ""
  /// The participant (`sub`, or `jti` in tokens of the first SDKs). Empty in tokens for the server API.
  public var identity = ""
  public var name = ""
  public var metadata = ""
  public var attributes: [String: String] = [:]
  public var kind = ParticipantInfo.Kind.standard
  public var kindDetails: [ParticipantInfo.KindDetail] = []
  /// Without it a token gives no access to rooms.
  public var video: VideoGrant?
  public var sip: SIPGrant?
  /// Settings of the room, used only when joining creates it.
  public var roomConfig: RoomConfiguration?
  /// Name of settings that the server has for the room.
  public var roomPreset = ""
  /// Base64 of the SHA-256 of a body that the token vouches for.
  public var sha256 = ""
  /// Seconds since 1970 from which on the token is valid (`nbf`).
  public var notBefore: Int64?
  /// Seconds since 1970 until which the token is valid (`exp`).
  public var expires: Int64 = 0

  public init() {}

  /// Allows `identity` to join `room` with the default permissions.
  public init(joining room: String, as identity: String) {
    self.identity = identity
    video = VideoGrant(joining: room)
  }

  /// Makes the token valid from `now` for `life`.
  public mutating func setValidity(from now: WallTime, for life: Interval) {
    notBefore = now.seconds
    expires = now.seconds &+ life.nanoseconds / 1_000_000_000
  }
}

/// The `sip` claim.
public struct SIPGrant: Sendable, Equatable {
  public var admin = false
  public var call = false

  public init() {}
}

/// How long tokens live.
public enum TokenLife {
  /// What the SDKs give a token when the caller does not say.
  public static let standard = Interval.seconds(6 * 3600)
  /// A refreshed token lives at least this long: a client that loses its connection must have time to come back.
  public static let refreshedMinimum = Interval.seconds(600)
  /// A webhook's token is checked on arrival; retries carry a fresh one.
  public static let webhook = Interval.seconds(300)
  /// How far the clocks of issuer and server may differ.
  public static let leeway = Interval.seconds(60)
}

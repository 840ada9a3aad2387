// What goes in and out of the control plane, as values: connections, frames, and the effects that the process carries out.

import LiveKitProtocol
import MediaContract

/// One WebSocket of one client. The process invents the number and never uses one twice.
public struct ConnectionID: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static func < (a: ConnectionID, b: ConnectionID) -> Bool { a.rawValue < b.rawValue }
}

/// One WebSocket message of the signalling protocol.
public enum SignalFrame: Sendable, Hashable {
  /// A protobuf message.
  case binary([UInt8])
  /// The same message as protojson, UTF-8.
  case text([UInt8])
}

/// An answer of the room service that is not known when the call returns.
public struct ServiceToken: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Why the room service refused (Twirp's codes, §7.1 of the protocol reference).
public struct ServiceError: Error, Hashable, Sendable {
  public enum Code: String, Hashable, Sendable {
    case canceled, unknown, malformed, unauthenticated, aborted, unimplemented, `internal`, unavailable, dataloss
    case invalidArgument = "invalid_argument"
    case deadlineExceeded = "deadline_exceeded"
    case notFound = "not_found"
    case badRoute = "bad_route"
    case alreadyExists = "already_exists"
    case permissionDenied = "permission_denied"
    case resourceExhausted = "resource_exhausted"
    case failedPrecondition = "failed_precondition"
    case outOfRange = "out_of_range"
  }

  public var code: Code
  public var message: String
  /// Extra facts; `rpc_code` for a failed remote call, `argument` for a bad one.
  public var meta: [String: String]

  public init(_ code: Code, _ message: String, meta: [String: String] = [:]) {
    self.code = code
    self.message = message
    self.meta = meta
  }
}

/// Something that webhooks and the rest of the product want to know, with everything it needs.
public enum RoomEvent: Sendable {
  case roomStarted(LiveKitProtocol.Room)
  case roomFinished(LiveKitProtocol.Room)
  /// The participant's media connection stands.
  case participantJoined(LiveKitProtocol.Room, ParticipantInfo)
  case participantLeft(LiveKitProtocol.Room, ParticipantInfo)
  /// Left without ever having had a media connection.
  case participantConnectionAborted(LiveKitProtocol.Room, ParticipantInfo)
  case trackPublished(LiveKitProtocol.Room, ParticipantInfo, TrackInfo)
  case trackUnpublished(LiveKitProtocol.Room, ParticipantInfo, TrackInfo)
  /// A published track was muted or unmuted, by its publisher or by the server. LiveKit has no webhook for it.
  case trackMuteChanged(LiveKitProtocol.Room, ParticipantInfo, TrackInfo)
}

/// What the process has to do, in order.
public enum Effect: Sendable {
  /// Frames of one connection go out in the order of their effects.
  case send(ConnectionID, SignalFrame)
  /// Closes after everything sent before; the code is RFC 6455 §7.4's.
  case close(ConnectionID, code: UInt16, reason: String)
  case command(shard: Int, MediaCommand)
  case event(RoomEvent)
  /// The late end of `performRpc`: the response's payload.
  case serviceReply(ServiceToken, Result<String, ServiceError>)
}

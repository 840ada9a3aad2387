// Bytes to messages and back, in the two forms that a signalling frame may have. What cannot be read is nil: everything
// here comes from strangers.

import JSON
import LiveKitProtocol

enum FrameCoding {
  static func binary(_ message: SignalResponse.Message) -> [UInt8] {
    var response = SignalResponse()
    response.message = message
    return response.protobuf
  }

  static func text(_ message: SignalResponse.Message) -> [UInt8] {
    var response = SignalResponse()
    response.message = message
    return response.json(.compact)
  }

  /// Nil where the frame is broken.
  static func request(_ frame: SignalFrame) -> SignalRequest? {
    switch frame {
    case .binary(let bytes): try? SignalRequest(protobuf: bytes)
    case .text(let bytes): try? SignalRequest(json: bytes)
    }
  }

  static func wrappedJoinRequest(_ bytes: [UInt8]) -> WrappedJoinRequest? { try? WrappedJoinRequest(protobuf: bytes) }

  static func joinRequest(_ bytes: [UInt8]) -> JoinRequest? { try? JoinRequest(protobuf: bytes) }

  /// A JSON object of strings.
  static func attributes(_ bytes: [UInt8]) -> [String: String]? {
    guard let object = (try? JSONValue(parsing: bytes, limits: JSONLimits()))?.object else { return nil }
    var result: [String: String] = [:]
    for member in object.members {
      guard let value = member.value.string else { return nil }
      result[member.key] = value
    }
    return result
  }
}

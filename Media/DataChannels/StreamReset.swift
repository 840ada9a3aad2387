// RE-CONFIG, RFC 6525: how a channel's stream is given back (RFC 8831 §6.7).

import Bytes

/// A parameter of a RE-CONFIG chunk.
enum ReconfigurationParameter: Hashable, Sendable {
  /// §4.1: the sender will number its messages on these streams from 0 again; none listed means all.
  case outgoingReset(request: UInt32, lastTSN: TSN, streams: [UInt16])
  /// §4.2: the sender wants the receiver to reset its side.
  case incomingReset(request: UInt32, streams: [UInt16])
  /// §4.3, §4.5, §4.6: resets and additions that WebRTC does not use.
  case unsupported(request: UInt32)
  /// §4.4.
  case response(request: UInt32, result: UInt32)

  private enum ParameterType {
    static let outgoingReset: UInt16 = 13
    static let incomingReset: UInt16 = 14
    static let associationReset: UInt16 = 15
    static let response: UInt16 = 16
    static let addOutgoing: UInt16 = 17
    static let addIncoming: UInt16 = 18
  }

  /// The parameters of a chunk; what cannot be read ends the list. A chunk holds at most two (§3.1).
  static func parse(_ body: RawSpan) -> [ReconfigurationParameter] {
    var parameters: [ReconfigurationParameter] = []
    var offset = 0
    while body.byteCount - offset >= 4, parameters.count < 2 {
      let length = Int(body.uint16(at: offset + 2))
      guard length >= 4, length <= body.byteCount - offset,
        let parameter = parse(body.uint16(at: offset), body.slice(offset + 4, length - 4))
      else { return parameters }
      parameters.append(parameter)
      offset += PacketFormat.padded(length)
    }
    return parameters
  }

  private static func parse(_ type: UInt16, _ value: RawSpan) -> ReconfigurationParameter? {
    guard value.byteCount >= 4 else { return nil }
    let request = value.uint32(at: 0)
    switch type {
    case ParameterType.outgoingReset:
      guard value.byteCount >= 12 else { return nil }
      return .outgoingReset(request: request, lastTSN: TSN(value.uint32(at: 8)), streams: streams(value, from: 12))
    case ParameterType.incomingReset:
      return .incomingReset(request: request, streams: streams(value, from: 4))
    case ParameterType.associationReset, ParameterType.addOutgoing, ParameterType.addIncoming:
      return .unsupported(request: request)
    case ParameterType.response:
      guard value.byteCount >= 8 else { return nil }
      return .response(request: request, result: value.uint32(at: 4))
    default:
      return nil
    }
  }

  private static func streams(_ value: RawSpan, from offset: Int) -> [UInt16] {
    stride(from: offset, to: value.byteCount - 1, by: 2).map { value.uint16(at: $0) }
  }

  /// The chunk that carries this parameter. `response` is the request number that a request answers, or the last one
  /// received (§4.1).
  func chunk(response: UInt32) -> [UInt8] {
    makeChunk(ChunkType.reconfiguration) { writer in
      switch self {
      case .outgoingReset(let request, let lastTSN, let streams):
        writer.uint16(ParameterType.outgoingReset)
        writer.uint16(UInt16(truncatingIfNeeded: 16 + 2 * streams.count))
        writer.uint32(request)
        writer.uint32(response)
        writer.uint32(lastTSN.rawValue)
        for stream in streams { writer.uint16(stream) }
      case .incomingReset(let request, let streams):
        writer.uint16(ParameterType.incomingReset)
        writer.uint16(UInt16(truncatingIfNeeded: 8 + 2 * streams.count))
        writer.uint32(request)
        for stream in streams { writer.uint16(stream) }
      case .response(let request, let result):
        writer.uint16(ParameterType.response)
        writer.uint16(12)
        writer.uint32(request)
        writer.uint32(result)
      case .unsupported:
        break
      }
    }
  }
}

/// Results of a request, RFC 6525 §4.4.
enum ReconfigurationResult {
  static let nothingToDo: UInt32 = 0
  static let performed: UInt32 = 1
  static let denied: UInt32 = 2
  static let alreadyInProgress: UInt32 = 4
  static let badSequenceNumber: UInt32 = 5
  static let inProgress: UInt32 = 6
}

/// The requests of both directions. At most one of ours is out at a time (§5.1.1).
struct StreamResets: Sendable {
  struct Request: Sendable, Equatable {
    var number: UInt32
    var lastTSN: TSN
    var streams: [UInt16]
  }

  /// The number that our next request gets.
  var nextNumber: UInt32
  /// The number that the other side's next request has.
  var expectedNumber: UInt32
  var outstanding: Request?
  /// A request of the other side that waits for data sent before it (§5.2.2, E2).
  var deferred: Request?
  /// What the other side's latest request was answered with, for when it asks again.
  var lastResult = ReconfigurationResult.nothingToDo
  /// Streams that the other side opened and we refuse.
  var refused: [UInt16] = []

  init(localFirstTSN: TSN, peerFirstTSN: TSN) {
    nextNumber = localFirstTSN.rawValue
    expectedNumber = peerFirstTSN.rawValue
  }
}

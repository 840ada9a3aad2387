// `/metrics/rooms`: what `mqvi top` shows. It names rooms and people, so it takes a token that may list rooms.

import Chronology
import EventLoops
import JSON
import LiveKitProtocol
import MediaContract
import Node
import Reactor
import Rooms
import WebEdge

extension ControlPlane {
  /// `GET /metrics/rooms` → `{"uptime", "cpu", "resident", "participants", "shards": […], "rooms": […]}`. Times are in
  /// seconds, memory in bytes; counts only grow, rates are those of the last five seconds in bit/s.
  func status(_ request: HTTPRequest, at moment: Moment) -> HTTPResponse {
    guard living.control.mayListRooms(authorization: request.headers["authorization"], at: moment) else {
      return .json(401, (["msg": "a token that may list rooms is needed"] as JSONValue).serialized)
    }
    let document: JSONValue = [
      "uptime": .decimal((moment.instant - started).seconds), "cpu": .decimal(Clock.processTime().seconds),
      "resident": .integer(Int64(Process.residentBytes())),
      "participants": .integer(Int64(living.control.participantCount)),
      "shards": .array(bridge.snapshots.compactMap { $0.map(Self.json) }),
      "rooms": .array(living.control.status().map(Self.json)),
    ]
    var response = HTTPResponse.json(200, document.serialized)
    response.headers.set("Cache-Control", "no-store")
    return response
  }

  private static func json(_ shard: ShardSnapshot) -> JSONValue {
    let delays = shard.delays
    let node = shard.node
    let dropped = shard.datagrams.dropped + node.droppedArenaFull + node.droppedTurnFull + node.droppedLost
    return [
      "index": .integer(Int64(shard.index)), "at": .decimal(Interval(nanoseconds: shard.at.nanoseconds).seconds),
      "cpu": .decimal(shard.processorTime.seconds),
      "transports": .integer(Int64(shard.transports)), "packets_in": count(node.packetsIn),
      "packets_out": count(node.packetsForwarded), "bytes_in": count(node.bytesIn), "bytes_out": count(node.bytesOut),
      "missed": count(node.nacksIn), "repeated": count(node.retransmissionsOut), "dropped": count(dropped),
      "delay_bounds": .array(DelayHistogram.bounds.indices.map { .integer(DelayHistogram.bounds[$0]) }),
      "delay_counts": .array((0..<DelayHistogram.bucketCount).map { count(delays.buckets[$0]) }),
    ]
  }

  private static func count(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }

  private static func json(_ room: RoomStatus) -> JSONValue {
    [
      "name": .string(room.name), "participants": .integer(Int64(room.participants)),
      "tracks": .array(room.tracks.map(json)),
    ]
  }

  private static func json(_ track: TrackStatus) -> JSONValue {
    [
      "sid": .string(track.sid), "identity": .string(track.identity), "source": .string(track.source.shown),
      "codec": .string(track.codec), "muted": .bool(track.isMuted),
      "subscribers": .integer(Int64(track.subscribers)),
      "viewers": .array(
        track.flow.viewers.sorted { $0.key < $1.key }.map { layer, viewers in
          ["layer": .integer(Int64(layer)), "viewers": .integer(Int64(viewers))]
        }),
      "out": count(track.flow.outgoingBitsPerSecond), "loss": .decimal(track.flow.meanLoss),
      "worst_loss": .decimal(track.flow.worstLoss),
      "layers": .array(
        track.flow.layers.map { layer in
          [
            "layer": .integer(Int64(layer.spatialLayer)), "in": count(layer.bitsPerSecond),
            "fps": .decimal(layer.framesPerSecond), "packets": count(layer.packets), "lost": count(layer.lost),
          ]
        }),
    ]
  }
}

extension TrackSource {
  fileprivate var shown: String {
    switch self {
    case .camera: "camera"
    case .microphone: "mic"
    case .screenShare: "screen"
    case .screenShareAudio: "sound"
    default: "other"
    }
  }
}

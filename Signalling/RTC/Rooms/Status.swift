// What goes on in the rooms now, for whoever runs the server: tracks with the rates that the media plane last told of.

import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract

/// The last five seconds of a track, as the media plane told them.
public struct TrackFlow: Sendable, Equatable {
  /// What the publisher sent, lowest layer first.
  public var layers: [EncodingReport] = []
  /// To all subscribers together.
  public var outgoingBitsPerSecond: UInt64 = 0
  /// Subscribers to whom something flowed, by the spatial layer that they got.
  public var viewers: [UInt8: Int] = [:]
  /// 0…1: what the subscribers said that they missed, on average and at worst.
  public var meanLoss = 0.0
  public var worstLoss = 0.0

  public init() {}
}

public struct TrackStatus: Sendable {
  public var sid: String
  public var identity: String
  public var source: TrackSource
  /// "vp8", "opus"; empty before it is known.
  public var codec: String
  public var isMuted: Bool
  public var subscribers: Int
  public var flow: TrackFlow
}

public struct RoomStatus: Sendable {
  public var name: String
  public var participants: Int
  /// Announced tracks, in the order of their publishers' joining.
  public var tracks: [TrackStatus]
}

extension ControlNode {
  /// Whether a request's `Authorization` header has a token with the grant to list rooms.
  public func mayListRooms(authorization: String?, at moment: Moment) -> Bool {
    do throws(AccessTokenError) {
      guard let token = try AccessToken.presented(authorization: authorization, query: nil) else { return false }
      let claims = try AccessTokenClaims(verifying: token, at: moment.wall) { id in
        configuration.keys.first { $0.id == id }?.secret
      }
      return claims.video?.roomList == true
    } catch {
      return false
    }
  }

  /// Every room by age, with its tracks.
  public func status() -> [RoomStatus] {
    rooms.values.sorted { $0.key < $1.key }.map { room in
      RoomStatus(
        name: room.name, participants: room.participants.count,
        tracks: room.participants.flatMap(\.tracks).filter(\.isAnnounced).map { track in
          TrackStatus(
            sid: track.sid, identity: track.publisher.identity, source: track.info.source,
            codec: track.encodings.first?.codecName ?? "", isMuted: track.info.muted,
            subscribers: track.subscriptions.count, flow: track.flow)
        })
    }
  }

  /// Takes over a shard's account of the last five seconds.
  mutating func noteFlows(_ report: ShardReport) {
    for entry in report.publications {
      guard let track = publications[entry.id] else { continue }
      track.flow = TrackFlow()
      track.flow.layers = entry.encodings.sorted { $0.spatialLayer < $1.spatialLayer }
    }
    for entry in report.subscriptions {
      guard let track = subscriptions[entry.id]?.track else { continue }
      track.flow.take(entry)
    }
  }
}

extension TrackFlow {
  fileprivate mutating func take(_ report: SubscriptionReport) {
    guard report.packets > 0 else { return }
    let before = Double(viewers.values.reduce(0, +))
    meanLoss = (meanLoss * before + report.lossFraction) / (before + 1)
    worstLoss = max(worstLoss, report.lossFraction)
    outgoingBitsPerSecond += report.bitsPerSecond
    viewers[report.spatialLayer ?? 0, default: 0] += 1
  }
}

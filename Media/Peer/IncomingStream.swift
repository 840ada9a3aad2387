// One stream that the server sends: what came, what is missing, and when a key frame was last asked for.

import Chronology
import MediaContract
import Streams
import Wire

struct IncomingStream: Sendable {
  let parameters: IncomingParameters
  var stream: ReceiveStream
  var requested: UInt64 = 0
  var keyFrameRequests: UInt64 = 0
  var lastKeyFrameRequest: Instant?
  /// Asked for by the owner, or because packets were given up.
  var wantsKeyFrame = false

  init(_ parameters: IncomingParameters) {
    self.parameters = parameters
    stream = ReceiveStream(ssrc: parameters.ssrc, clockRate: parameters.clockRate, usesNACK: parameters.usesNACK)
  }

  /// When the wanted key frame may be asked for.
  var keyFrameDeadline: Instant? {
    guard wantsKeyFrame else { return nil }
    return lastKeyFrameRequest.map { $0 + Limit.keyFrameInterval } ?? .origin
  }

  func statistics(at time: Instant) -> IncomingStatistics {
    IncomingStatistics(
      packets: stream.packets, bytes: stream.bytes, lost: stream.lost, recovered: stream.recovered,
      duplicates: stream.duplicates, jitter: stream.jitterTicks, bitsPerSecond: stream.bitsPerSecond(at: time),
      framesPerSecond: stream.framesPerSecond(at: time), requested: requested, keyFrameRequests: keyFrameRequests)
  }
}

/// Finds an incoming stream by SSRC: its own, or that of its retransmissions.
struct SourceTable: Sendable {
  struct Entry: Sendable {
    var ssrc: UInt32
    var place: Int
    var isRetransmission: Bool
  }

  /// Ascending by SSRC.
  private var entries: [Entry] = []

  subscript(ssrc: UInt32) -> Entry? {
    let index = index(of: ssrc)
    return index < entries.count && entries[index].ssrc == ssrc ? entries[index] : nil
  }

  /// A later entry for an SSRC replaces the earlier.
  mutating func insert(_ entry: Entry) {
    let index = index(of: entry.ssrc)
    if index < entries.count, entries[index].ssrc == entry.ssrc {
      entries[index] = entry
    } else {
      entries.insert(entry, at: index)
    }
  }

  mutating func remove(place: Int) { entries.removeAll { $0.place == place } }

  private func index(of ssrc: UInt32) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].ssrc < ssrc { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

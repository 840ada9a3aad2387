// What `mqvi top` reads from the server, and what two readings say together.

import Chronology
import JSON

/// One answer of `/metrics/rooms`.
struct TopReading {
  struct Shard {
    var index: Int
    /// When it counted, in seconds of its own clock.
    var at: Double
    var cpu: Double
    var packetsIn: Double
    var packetsOut: Double
    var bytesIn: Double
    var bytesOut: Double
    var missed: Double
    var repeated: Double
    var dropped: Double
    var delayBounds: [Double]
    var delayCounts: [Double]
  }

  struct Track {
    var identity: String
    var source: String
    var codec: String
    var isMuted: Bool
    var subscribers: Int
    /// Bit/s of each layer that came, lowest first.
    var layers: [Double]
    var framesPerSecond: Double
    /// 0…1 of what the publisher sent.
    var lossIn: Double
    var bitsOut: Double
    /// 0…1: on average over the subscribers.
    var lossOut: Double
    /// How many watch each layer.
    var viewers: [(layer: Int, count: Int)]
  }

  struct Room {
    var name: String
    var participants: Int
    var tracks: [Track]
  }

  let at: Instant
  var uptime: Double
  var cpu: Double
  var resident: Double
  var participants: Int
  var shards: [Shard]
  var rooms: [Room]

  init(_ document: JSONValue, at time: Instant) {
    at = time
    uptime = document["uptime"]?.double ?? 0
    cpu = document["cpu"]?.double ?? 0
    resident = document["resident"]?.double ?? 0
    participants = document["participants"]?.int ?? 0
    shards = (document["shards"]?.array ?? []).map(Shard.init)
    rooms = (document["rooms"]?.array ?? []).map(Room.init)
  }
}

extension TopReading.Shard {
  fileprivate init(_ value: JSONValue) {
    func number(_ name: String) -> Double { value[name]?.double ?? 0 }
    self.init(
      index: value["index"]?.int ?? 0, at: number("at"), cpu: number("cpu"), packetsIn: number("packets_in"),
      packetsOut: number("packets_out"), bytesIn: number("bytes_in"), bytesOut: number("bytes_out"),
      missed: number("missed"), repeated: number("repeated"), dropped: number("dropped"),
      delayBounds: (value["delay_bounds"]?.array ?? []).map { $0.double ?? 0 },
      delayCounts: (value["delay_counts"]?.array ?? []).map { $0.double ?? 0 })
  }

  /// The bound that a share of the packets since `earlier` stayed below, in milliseconds; nil without packets.
  func delay(_ share: Double, since earlier: Self) -> Double? {
    let counts = zip(delayCounts, earlier.delayCounts).map { max(0, $0 - $1) }
    let all = counts.reduce(0, +)
    guard all > 0 else { return nil }
    var seen = 0.0
    for (bound, count) in zip(delayBounds, counts) {
      seen += count
      if seen >= all * share { return bound / 1_000 }
    }
    return .infinity
  }
}

extension TopReading.Room {
  fileprivate init(_ value: JSONValue) {
    self.init(
      name: value["name"]?.string ?? "", participants: value["participants"]?.int ?? 0,
      tracks: (value["tracks"]?.array ?? []).map(TopReading.Track.init))
  }
}

extension TopReading.Track {
  fileprivate init(_ value: JSONValue) {
    let layers = value["layers"]?.array ?? []
    let packets = layers.reduce(0) { $0 + ($1["packets"]?.double ?? 0) }
    let lost = layers.reduce(0) { $0 + ($1["lost"]?.double ?? 0) }
    self.init(
      identity: value["identity"]?.string ?? "", source: value["source"]?.string ?? "",
      codec: value["codec"]?.string ?? "", isMuted: value["muted"]?.bool ?? false,
      subscribers: value["subscribers"]?.int ?? 0, layers: layers.map { $0["in"]?.double ?? 0 },
      framesPerSecond: layers.map { $0["fps"]?.double ?? 0 }.max() ?? 0,
      lossIn: packets + lost > 0 ? lost / (packets + lost) : 0, bitsOut: value["out"]?.double ?? 0,
      lossOut: value["loss"]?.double ?? 0,
      viewers: (value["viewers"]?.array ?? []).map { ($0["layer"]?.int ?? 0, $0["viewers"]?.int ?? 0) })
  }
}

// The lines of `mqvi top`: made for 80 columns, and for more where there are more.

import Chronology

/// A reading as a table, with rates since earlier ones.
struct TopView {
  private enum Width {
    static let least = 60
    /// Room, person or layer before the columns begin.
    static let name = 24
    static let most = 48
  }

  private let now: TopReading
  /// The newest first. A shard counts once a second: the last reading may have been of the same second.
  private let earlier: [TopReading]
  private let columns: Int

  init(_ now: TopReading, since earlier: [TopReading], columns: Int) {
    self.now = now
    self.earlier = earlier
    self.columns = max(Width.least, columns)
  }

  var lines: [String] {
    (head + [""] + shards + [""] + rooms).map { line in
      var line = String(line.prefix(columns))
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  // MARK: The server

  private var head: [String] {
    let last = earlier.first ?? now
    let cpu = (now.cpu - last.cpu) / max(0.001, (now.at - last.at).seconds) * 100
    let rooms = now.rooms.count
    return [
      "mqvi  up \(Self.duration(now.uptime))  \(rooms) \(rooms == 1 ? "room" : "rooms")  "
        + "\(now.participants) \(now.participants == 1 ? "participant" : "participants")  "
        + "CPU \(Self.decimal(cpu)) %  memory \(Int(now.resident / 1_048_576)) MB"
    ]
  }

  private var shards: [String] {
    let title = row("SHARD", ["CPU %", "µs/PKT", "p50 ms", "p99 ms", "IN/s", "OUT/s", "OUT", "LOST/s"])
    return [title]
      + now.shards.map { shard in
        let others = earlier.lazy.compactMap { $0.shards.first { $0.index == shard.index } }
        guard let earlier = others.first(where: { $0.at < shard.at }) else { return row("\(shard.index)", []) }
        let seconds = shard.at - earlier.at
        let packets = shard.packetsOut - earlier.packetsOut
        let cpu = shard.cpu - earlier.cpu
        return row(
          "\(shard.index)",
          [
            Self.decimal(cpu / seconds * 100), packets > 0 ? Self.decimal(cpu * 1e6 / packets) : "-",
            Self.delay(shard.delay(0.5, since: earlier)), Self.delay(shard.delay(0.99, since: earlier)),
            Self.rate((shard.packetsIn - earlier.packetsIn) / seconds), Self.rate(packets / seconds),
            Self.bits((shard.bytesOut - earlier.bytesOut) * 8 / seconds),
            Self.rate((shard.dropped - earlier.dropped + shard.missed - earlier.missed) / seconds),
          ])
      }
  }

  // MARK: Rooms

  private var rooms: [String] {
    guard !now.rooms.isEmpty else { return ["no rooms"] }
    var lines = [row("ROOM, TRACK", ["CODEC", "FPS", "IN", "LOSS %", "VIEWERS", "OUT", "LOSS %", ""])]
    for room in now.rooms {
      let people = "\(room.participants) \(room.participants == 1 ? "participant" : "participants")"
      lines.append("\(Self.harmless(room.name))  (\(people))")
      for track in room.tracks { lines += self.lines(of: track) }
    }
    return lines
  }

  private func lines(of track: TopReading.Track) -> [String] {
    let name = "  \(Self.harmless(track.identity)) \(track.source)"
    let sum = row(
      name,
      [
        track.isMuted ? "muted" : track.codec, track.framesPerSecond > 0 ? Self.rate(track.framesPerSecond) : "-",
        Self.bits(track.layers.reduce(0, +)), Self.decimal(track.lossIn * 100), "\(track.subscribers)",
        Self.bits(track.bitsOut), Self.decimal(track.lossOut * 100), "",
      ])
    guard track.layers.count > 1 else { return [sum] }
    return [sum]
      + track.layers.enumerated().map { layer, bits in
        let viewers = track.viewers.first { $0.layer == layer }?.count ?? 0
        return row("    layer \(layer)", ["", "", Self.bits(bits), "", "\(viewers)", "", "", ""])
      }
  }

  /// A name, cut or filled to its column, and numbers to the right.
  private func row(_ name: String, _ cells: [String]) -> String {
    let width = min(Width.most, max(Width.name, columns - cells.count * 7))
    let cut = name.count > width ? String(name.prefix(width - 1)) + "…" : name
    let filled = cut + String(repeating: " ", count: width - cut.count)
    return filled + cells.map { String(repeating: " ", count: max(0, 6 - $0.count)) + $0 }.joined(separator: " ")
  }

  // MARK: Numbers

  private static func decimal(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    if value >= 100 { return "\(Int(value.rounded()))" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
  }

  private static func rate(_ value: Double) -> String {
    switch value {
    case ..<9_999.5: "\(Int(max(0, value).rounded()))"
    case ..<999_500: "\(Int((value / 1_000).rounded()))k"
    default: "\(decimal(value / 1e6))M"
    }
  }

  /// Bit/s.
  private static func bits(_ value: Double) -> String {
    switch value {
    case ..<1: "-"
    case ..<999_500: "\(Int((value / 1_000).rounded()))k"
    case ..<999_500_000: "\(decimal(value / 1e6))M"
    default: "\(decimal(value / 1e9))G"
    }
  }

  /// Milliseconds.
  private static func delay(_ value: Double?) -> String {
    guard let value else { return "-" }
    return value.isFinite ? "<\(value < 1 ? decimal(value) : "\(Int(value))")" : ">100"
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds)
    return switch whole {
    case ..<60: "\(whole) s"
    case ..<3_600: "\(whole / 60) min"
    case ..<86_400: "\(whole / 3_600) h \(whole / 60 % 60) min"
    default: "\(whole / 86_400) d \(whole / 3_600 % 24) h"
    }
  }

  /// Text from a client, made harmless for a terminal.
  private static func harmless(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
  }
}

// Our server's own account of itself, from its page for Prometheus.

import Chronology
import Glibc
import Reactor
import Wire

struct Metrics {
  /// Sums over all shards, by the name without labels.
  private var sums: [String: Double] = [:]
  /// Packets by the upper bound of the delay's bucket, cumulated as on the page.
  private var delays: [(bound: Double, packets: Double)] = []

  /// Asks the server; nil when it does not answer within a second. Blocks for as long.
  init?(of server: SocketAddress) {
    guard let page = Self.fetch(server) else { return nil }
    for line in page.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else { continue }
      let name = line[..<space]
      let brace = name.firstIndex(of: "{") ?? name.endIndex
      sums[String(name[..<brace]), default: 0] += value
      if name.hasPrefix("mqvi_forwarding_delay_microseconds_bucket"), let bound = Self.bound(name) {
        if let place = delays.firstIndex(where: { $0.bound == bound }) {
          delays[place].packets += value
        } else {
          delays.append((bound, value))
        }
      }
    }
  }

  private static func bound(_ name: Substring) -> Double? {
    guard let start = name.firstRange(of: "le=\"")?.upperBound, let end = name[start...].firstIndex(of: "\"") else {
      return nil
    }
    return name[start..<end] == "+Inf" ? .infinity : Double(name[start..<end])
  }

  subscript(name: String) -> Double { sums[name] ?? 0 }

  /// The delay that a share of the packets stayed below since an earlier page, in microseconds: linear within its bucket.
  func delay(_ share: Double, since earlier: Metrics) -> Double {
    let cumulated = delays.map { entry in
      (entry.bound, entry.packets - (earlier.delays.first { $0.bound == entry.bound }?.packets ?? 0))
    }
    guard let all = cumulated.last?.1, all > 0 else { return .nan }
    var below = (bound: 0.0, packets: 0.0)
    for (bound, packets) in cumulated {
      if packets >= all * share {
        guard bound.isFinite else { return below.bound }
        let part = packets > below.packets ? (all * share - below.packets) / (packets - below.packets) : 1
        return below.bound + (bound - below.bound) * part
      }
      below = (bound, packets)
    }
    return .nan
  }

  private static func fetch(_ server: SocketAddress) -> String? {
    guard let socket = try? StreamSocket(connectingTo: server) else { return nil }
    var request = Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let deadline = Clock.now() + .seconds(1)
    while Clock.now() < deadline {
      if !request.isEmpty, case .bytes(let count) = socket.write(request) { request.removeFirst(count) }
      switch socket.read(into: &buffer) {
      case .bytes(let count): answer += buffer[..<count]
      case .wouldBlock: usleep(100)
      case .end:
        let text = String(decoding: answer, as: UTF8.self)
        return text.hasPrefix("HTTP/1.1 200") ? text : nil
      case .failed: return nil
      }
    }
    return nil
  }
}

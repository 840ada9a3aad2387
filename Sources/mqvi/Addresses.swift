// Which addresses to listen on, to tell clients, and to show to people.

import Reactor
import Settings
import Wire

enum Addresses {
  /// Where to listen.
  static func bind(_ settings: Settings, port: UInt16) throws -> SocketAddress {
    guard !settings.bindAddress.isEmpty else { return .any(port: port) }
    guard let address = SocketAddress(host: settings.bindAddress, port: port) else {
      throw SettingProblem(
        description: "MQVI_BIND is \"\(settings.bindAddress)\", but takes a numeric IPv4 or IPv6 address")
    }
    return address
  }

  /// What the ICE candidates say, most preferred first: as set, or the address that is bound to, or those of the
  /// interfaces. Loopback and link-local addresses reach nobody else, so they are told only when they were chosen or
  /// when there is nothing better.
  static func advertised(_ settings: Settings) throws -> [SocketAddress] {
    guard settings.advertisedAddresses.isEmpty else {
      return try settings.advertisedAddresses.map { text in
        guard let address = SocketAddress(host: text, port: 0) else {
          throw SettingProblem(
            description: "MQVI_ADVERTISED_ADDRESSES holds \"\(text)\", but takes numeric IPv4 or IPv6 addresses")
        }
        return address
      }
    }
    let bound = try bind(settings, port: 0)
    if !bound.isUnspecified { return [bound] }
    let interfaces = SocketAddress.ofInterfaces()
    let reachable = interfaces.filter { !$0.isLoopback && !$0.address.isLinkLocal }.map { $0.address.withPort(0) }
    let ordered = reachable.filter(\.isGlobal) + reachable.filter { !$0.isGlobal }
    guard ordered.isEmpty else { return Array(ordered.prefix(8)) }
    return [SocketAddress(v4: 0x7F00_0001, port: 0)]
  }

  /// How this process reaches its own media ports.
  static func fromWithin(_ settings: Settings) throws -> SocketAddress {
    let bound = try bind(settings, port: 0)
    return bound.isUnspecified ? SocketAddress(v4: 0x7F00_0001, port: 0) : bound
  }

  /// Hosts to print as links.
  static func browsable(_ settings: Settings) -> [String] {
    let bound = try? bind(settings, port: 0)
    if let bound, !bound.isUnspecified { return [bracketed(bound)] }
    let known = (try? advertised(settings)) ?? []
    return ["localhost"] + known.filter { !$0.isLoopback }.prefix(2).map(bracketed)
  }

  private static func bracketed(_ address: SocketAddress) -> String {
    address.isIPv4 ? address.host : "[\(address.host)]"
  }
}

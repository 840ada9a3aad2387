// `mqvi top`: what goes on in the running server, every second anew.

import AccessTokens
import Chronology
import JSON
import Reactor

enum TopCommand {
  private enum Limit {
    /// Between two readings, in milliseconds.
    static let pause = 1_000
    /// Readings that are kept to find one of an earlier second, also when a key has brought some forward.
    static let readings = 8
    /// Columns where nobody tells.
    static let columns = 80
  }

  static func run(_ arguments: [String]) -> ExitStatus {
    do {
      var options = Options(arguments)
      let client = try APIClient(url: try options.value("url") ?? "http://127.0.0.1:8080")
      let once = try options.flag("once") ?? false
      let key = try SigningKeys.key(&options)
      try options.finish()
      // The first answer before the screen is taken: who cannot be asked is told in the ordinary way.
      let first = try reading(client, key)
      guard !once, let screen = Screen() else {
        try showOnce(client, key, since: first)
        return .success
      }
      follow(client, key, since: first, on: screen)
      screen.leave()
      return .success
    } catch let error as OptionError {
      Terminal.error("\(error)\n      `mqvi help top` lists the options.")
      return .usage
    } catch {
      Terminal.error("\(error)")
      return .failure
    }
  }

  private static func reading(_ client: APIClient, _ key: APIKey) throws -> TopReading {
    var claims = AccessTokenClaims(joining: "", as: "")
    claims.video?.roomJoin = false
    claims.video?.roomList = true
    let token = TokenCommand.signed(claims, for: .seconds(60), with: key)
    let document = try client.get("/metrics/rooms", token: token)
    return TopReading(document, at: Clock.now())
  }

  /// Rates take two readings, and a shard tells of itself once a second.
  private static func showOnce(_ client: APIClient, _ key: APIKey, since first: TopReading) throws {
    let end = Clock.now() + .milliseconds(Int64(Limit.pause) + 300)
    var poller = try Poller()
    while Clock.now() < end { _ = poller.wait(end - Clock.now()) }
    let columns = Screen.size?.columns ?? Limit.columns
    Terminal.print(TopView(try reading(client, key), since: [first], columns: columns).lines.joined(separator: "\n"))
  }

  /// Until somebody presses q or Ctrl-C.
  private static func follow(
    _ client: APIClient, _ key: APIKey, since first: TopReading, on screen: borrowing Screen
  ) {
    var earlier = [first]
    screen.show(["mqvi: one moment"])
    while true {
      switch screen.key(within: Limit.pause) {
      case .character(UInt8(ascii: "q")), .character(UInt8(ascii: "Q")), .character(3), .end: return
      case .character, .none: break
      }
      do {
        let now = try reading(client, key)
        let columns = Screen.size?.columns ?? Limit.columns
        screen.show(TopView(now, since: earlier, columns: columns).lines + ["", "q leaves"])
        earlier = [now] + earlier.prefix(Limit.readings - 1)
      } catch {
        screen.show(["mqvi: \(error)", "", "trying again every second; q leaves"])
      }
    }
  }
}

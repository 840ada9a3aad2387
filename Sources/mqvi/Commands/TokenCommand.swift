// `mqvi token`: an access token for one room, printed.

import AccessTokens
import Chronology
import Reactor
import Settings

enum TokenCommand {
  static func run(_ arguments: [String]) -> ExitStatus {
    do {
      var options = Options(arguments)
      let claims = try claims(&options)
      let life = try options.seconds("ttl").map { Interval.seconds($0) } ?? TokenLife.standard
      let key = try SigningKeys.key(&options)
      try options.finish()
      Terminal.print(signed(claims, for: life, with: key))
      return .success
    } catch let error as OptionError {
      Terminal.error("\(error)\n      `mqvi help token` lists the options.")
      return .usage
    } catch {
      Terminal.error("\(error)")
      return .failure
    }
  }

  static func signed(_ claims: AccessTokenClaims, for life: Interval, with key: APIKey) -> String {
    var claims = claims
    claims.setValidity(from: Clock.wallTime(), for: life)
    return claims.signed(with: key)
  }

  private static func claims(_ options: inout Options) throws(OptionError) -> AccessTokenClaims {
    let lists = try options.flag("list") ?? false
    let room = try options.value("room") ?? ""
    let identity = try options.value("identity") ?? ""
    guard lists || (!room.isEmpty && !identity.isEmpty) else {
      throw OptionError(description: "--room and --identity are needed")
    }
    var claims = AccessTokenClaims(joining: room, as: identity)
    claims.name = try options.value("name") ?? ""
    claims.metadata = try options.value("metadata") ?? ""
    claims.video?.roomJoin = !room.isEmpty && !identity.isEmpty
    claims.video?.canPublish = try options.flag("can-publish")
    claims.video?.canSubscribe = try options.flag("can-subscribe")
    claims.video?.canPublishData = try options.flag("can-publish-data")
    claims.video?.hidden = try options.flag("hidden") ?? false
    claims.video?.roomAdmin = try options.flag("admin") ?? false
    claims.video?.roomList = lists
    return claims
  }
}

/// Where a subcommand beside `serve` gets the key from.
enum SigningKeys {
  /// The key of `--data`, or of the environment, or of the default directory.
  static func key(_ options: inout Options) throws -> APIKey {
    let directory = try options.value("data")
    let flags = directory.map { ["--data", $0] } ?? []
    let settings = try Settings(environment: Process.environment(), arguments: flags)
    return try DataDirectory.key(settings, creates: false)
  }
}

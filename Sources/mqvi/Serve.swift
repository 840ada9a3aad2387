// `mqvi serve`: from settings to a running server.

import AccessTokens
import Cryptography
import Demonstration
import Reactor
import Settings
import Telemetry
import WebEdge
import Wire

enum Serve {
  static func run(_ arguments: [String]) -> ExitStatus {
    let settings: Settings
    do throws(SettingError) {
      settings = try Settings(environment: Process.environment(), arguments: arguments)
    } catch {
      Terminal.error("\(error)\n      `mqvi help serve` lists the settings.")
      return .usage
    }
    do {
      try serve(settings)
      return .success
    } catch {
      Terminal.error("\(error)")
      return .failure
    }
  }

  private static func serve(_ settings: Settings) throws {
    let log = Log(level: LogLevel(settings.logLevel) ?? .info)
    // Before any thread starts: they inherit the blocked signals.
    let termination = try Termination()
    Allocator.configure()
    Process.raiseOpenFileLimit()
    Process.keepFilesPrivate()
    let key = try DataDirectory.key(settings, creates: true)
    let files = try WebRoot.load(settings)
    let certificate = try Certificate.selfSigned(at: Clock.wallTime())
    var server = try WebServer(WebServerConfiguration(settings))
    let bridge = try MediaBridge(settings, certificate: certificate)
    let hasPage = !files.isEmpty
    var plane = try ControlPlane(
      settings, key: key, log: log, files: files, termination: termination, bridge: bridge, certificate: certificate,
      at: Clock.moment())
    announce(settings, server.address, isSecure: server.isSecure, key: key, hasPage: hasPage)
    if let code = plane.setupCode { announceSetup(settings, server.address, isSecure: server.isSecure, code: code) }
    announce(plane.bridge, settings)
    for descriptor in plane.watched { try server.watch(descriptor) }
    server.run(&plane)
    plane.stop()
    log.record(.info, "server.stopped")
  }

  /// What a person who has just started the server wants to know.
  private static func announce(
    _ settings: Settings, _ address: SocketAddress, isSecure: Bool, key: APIKey, hasPage: Bool
  ) {
    let scheme = isSecure ? "https" : "http"
    Terminal.print("mqvi \(Version.number)")
    for host in Addresses.browsable(settings) { Terminal.print("  open        \(scheme)://\(host):\(address.port)") }
    if settings.demo, let host = Addresses.browsable(settings).first {
      Terminal.print("  demo        \(scheme)://\(host):\(address.port)/#\(DemoRoom.name)")
    }
    if !isSecure {
      Terminal.print("              (elsewhere than on localhost, browsers give the microphone to https only)")
    }
    if !hasPage { Terminal.print("  web page    not built: run scripts/web, or set MQVI_WEB_ROOT") }
    Terminal.print("  API key     \(key.id)")
    Terminal.print("  data        \(settings.dataDirectory)")
  }

  /// How a new server gets its owner. On this machine the address alone is enough.
  private static func announceSetup(_ settings: Settings, _ address: SocketAddress, isSecure: Bool, code: String) {
    // By itself too: behind a proxy, people reach it under a name that is not known here.
    Terminal.print("  set-up      nobody owns this server yet; from another machine it takes the code \(code)")
    for host in Addresses.browsable(settings) where host != "localhost" {
      Terminal.print("              \(isSecure ? "https" : "http")://\(host):\(address.port)/#/setup/\(code)")
    }
  }

  /// Where media comes in.
  private static func announce(_ bridge: borrowing MediaBridge, _ settings: Settings) {
    let ports = (0..<bridge.count).map { bridge.ports($0) }
    let hosts = ((try? Addresses.advertised(settings)) ?? []).map(\.host).joined(separator: ", ")
    let tcp = ports.compactMap(\.tcp).map { String($0) }.joined(separator: ", ")
    Terminal.print("  media       \(hosts)")
    Terminal.print("              UDP \(ports.map { String($0.udp) }.joined(separator: ", "))")
    if !tcp.isEmpty { Terminal.print("              TCP \(tcp)") }
    Terminal.print("  stop        Ctrl-C")
  }
}

extension WebServerConfiguration {
  init(_ settings: Settings) throws {
    let certificate = settings.tlsCertificate.isEmpty ? nil : (chain: settings.tlsCertificate, key: settings.tlsKey)
    self.init(
      address: try Addresses.bind(settings, port: UInt16(truncatingIfNeeded: settings.httpPort)),
      certificate: certificate)
  }
}

/// Where the built web client lies.
enum WebRoot {
  static func load(_ settings: Settings) throws -> StaticFiles {
    guard settings.webRoot.isEmpty else {
      guard Files.isDirectory(settings.webRoot) else {
        throw SettingProblem(description: "MQVI_WEB_ROOT is \"\(settings.webRoot)\", which is not a directory")
      }
      return try StaticFiles(directory: settings.webRoot)
    }
    guard let directory = candidates.first(where: { Files.mode($0 + "/index.html") != nil }) else {
      return StaticFiles()
    }
    return try StaticFiles(directory: directory)
  }

  /// Beside an installed binary, in its prefix, or in the repository that it was built in; at last where one stands.
  private static var candidates: [String] {
    var result: [String] = []
    if let executable = Files.executablePath(), let slash = executable.lastIndex(of: "/") {
      var folder = String(executable[..<slash])
      result += [folder + "/web", folder + "/../share/mqvi/web"]
      // .build/x86_64-unknown-linux-gnu/release/mqvi is four steps below the repository.
      for _ in 0..<4 {
        folder += "/.."
        result.append(folder + "/Sources/WebClient/dist")
      }
    }
    return result + ["Sources/WebClient/dist"]
  }
}

/// A setting whose value only this machine can show to be wrong.
struct SettingProblem: Error, CustomStringConvertible {
  let description: String
}

// `mqvi doctor`: looks for what would keep people from hearing each other, and says what to do.

import AccessTokens
import Chronology
import EventLoops
import Reactor
import Settings
import WebEdge
import Wire

enum Doctor {
  /// What one check found.
  enum Finding {
    case good(String)
    /// It works, but not as well as it could.
    case advice(String, remedy: String)
    /// It does not work.
    case problem(String, remedy: String)
  }

  private enum Limit {
    static let leastDisk = 100 * 1024 * 1024
    static let goodDisk = 1024 * 1024 * 1024
    /// Connections, sockets and files of a few hundred people with room to spare.
    static let openFiles = 4096
  }

  static func run(_ arguments: [String]) -> ExitStatus {
    let settings: Settings
    do throws(SettingError) {
      settings = try Settings(environment: Process.environment(), arguments: arguments)
    } catch {
      Terminal.error("\(error)")
      return .usage
    }
    let findings =
      [addresses(settings), webPort(settings)] + mediaPorts(settings)
      + [page(settings), secureContext(settings), key(settings), disk(settings), openFiles(), clock()]
    for finding in findings { show(finding) }
    let problems = findings.count {
      if case .problem = $0 { true } else { false }
    }
    Terminal.print(problems == 0 ? "\nNothing is in the way." : "\n\(problems) thing(s) in the way.")
    return problems == 0 ? .success : .failure
  }

  private static func show(_ finding: Finding) {
    switch finding {
    case .good(let text): Terminal.print("ok      \(text)")
    case .advice(let text, let remedy): Terminal.print("advice  \(text)\n        -> \(remedy)")
    case .problem(let text, let remedy): Terminal.print("WRONG   \(text)\n        -> \(remedy)")
    }
  }

  // MARK: The network

  private static func addresses(_ settings: Settings) -> Finding {
    do {
      let addresses = try Addresses.advertised(settings)
      let text = "clients are told to send media to " + addresses.map(\.host).joined(separator: ", ")
      if addresses.allSatisfy(\.isLoopback) {
        return .advice(text, remedy: "only this machine can reach that: set MQVI_ADVERTISED_ADDRESSES for others")
      }
      if !addresses.contains(where: \.isGlobal) {
        return .advice(
          text,
          remedy: "people outside this network cannot reach private addresses: set MQVI_ADVERTISED_ADDRESSES to "
            + "the public one if they should")
      }
      return .good(text)
    } catch {
      return .problem("\(error)", remedy: "correct the setting")
    }
  }

  private static func webPort(_ settings: Settings) -> Finding {
    do {
      let address = try Addresses.bind(settings, port: UInt16(truncatingIfNeeded: settings.httpPort))
      let listener = try Listener(address)
      return .good("web port \(listener.address.port) is free")
    } catch {
      return .problem("\(error)", remedy: occupied("--http-port"))
    }
  }

  private static func mediaPorts(_ settings: Settings) -> [Finding] {
    let shards = settings.shards == 0 ? Process.availableCores() : settings.shards
    var findings: [Finding] = []
    for index in 0..<shards {
      findings += [udpPort(settings, index)]
      if settings.tcpPort != 0 { findings += [tcpPort(settings, index)] }
    }
    return findings
  }

  private static func udpPort(_ settings: Settings, _ index: Int) -> Finding {
    do {
      let port = settings.udpPort == 0 ? 0 : UInt16(truncatingIfNeeded: settings.udpPort + index)
      let wanted = settings.socketBufferKilobytes * 1024
      let socket = try BoundDatagramSocket(try Addresses.bind(settings, port: port), bufferBytes: wanted)
      let text = "media port UDP \(socket.address.port) is free"
      if socket.receiveBufferBytes < wanted {
        return .advice(
          text + ", but its buffer is \(socket.receiveBufferBytes / 1024) KiB instead of \(wanted / 1024)",
          remedy: "bursts will be lost: sysctl -w net.core.rmem_max=\(wanted) net.core.wmem_max=\(wanted)")
      }
      guard socket.canSegment else {
        return .advice(text, remedy: "this kernel has no UDP_SEGMENT: sending costs about three times the CPU")
      }
      return .good(text + ", buffer \(wanted / 1024) KiB, batched sending")
    } catch {
      return .problem("\(error)", remedy: occupied("--udp-port"))
    }
  }

  private static func tcpPort(_ settings: Settings, _ index: Int) -> Finding {
    do {
      let port = UInt16(truncatingIfNeeded: settings.tcpPort + index)
      let listener = try Listener(try Addresses.bind(settings, port: port))
      return .good("media port TCP \(listener.address.port) is free")
    } catch {
      return .problem("\(error)", remedy: occupied("--tcp-port"))
    }
  }

  private static func occupied(_ flag: String) -> String {
    "if mqvi runs already, this is it; otherwise end what uses the port (ss -lnp) or choose another with \(flag)"
  }

  // MARK: The rest of the machine

  private static func page(_ settings: Settings) -> Finding {
    do {
      let files = try WebRoot.load(settings)
      guard files.isEmpty else { return .good("web page with \(files.count) files") }
      return .advice("there is no web page to serve", remedy: "run scripts/web, or set MQVI_WEB_ROOT; the API works")
    } catch {
      return .problem("\(error)", remedy: "correct the setting or the files' permissions")
    }
  }

  private static func secureContext(_ settings: Settings) -> Finding {
    settings.tlsCertificate.isEmpty
      ? .advice(
        "the page is served without TLS",
        remedy: "browsers give microphone and screen only to https:// and localhost: set MQVI_TLS_CERTIFICATE and "
          + "MQVI_TLS_KEY, or put a proxy with a certificate in front")
      : .good("the page is served with TLS")
  }

  private static func key(_ settings: Settings) -> Finding {
    do {
      return .good("API key \(try DataDirectory.key(settings, creates: false).id)")
    } catch {
      guard Files.mode(settings.dataDirectory + "/keys") == nil, settings.apiKey.isEmpty else {
        return .problem("\(error)", remedy: "correct the file")
      }
      return .good("no API key yet: the first start makes one in \(settings.dataDirectory)")
    }
  }

  private static func disk(_ settings: Settings) -> Finding {
    let place = Files.isDirectory(settings.dataDirectory) ? settings.dataDirectory : "."
    guard let free = Process.freeDiskBytes(at: place) else {
      return .problem("the disk of \(place) cannot be looked at", remedy: "check MQVI_DATA")
    }
    let text = "\(free / 1024 / 1024) MiB free for the data directory"
    if free < Limit.leastDisk { return .problem(text, remedy: "make room, or move MQVI_DATA") }
    return free < Limit.goodDisk ? .advice(text, remedy: "make room soon") : .good(text)
  }

  private static func openFiles() -> Finding {
    let limit = Process.raiseOpenFileLimit()
    let text = "\(limit) open files and connections allowed"
    return limit < Limit.openFiles
      ? .advice(text, remedy: "raise the limit (LimitNOFILE= in the service, ulimit -Hn in a shell)") : .good(text)
  }

  private static func clock() -> Finding {
    let now = CivilTime(Clock.wallTime())
    let text = "the clock says \(now.timestamp)"
    // Tokens are valid from and until a time: a machine that starts in 1970 refuses everybody.
    return (2026...2100).contains(now.year)
      ? .good(text) : .problem(text, remedy: "set it, or let it be set by NTP: no token will be valid otherwise")
  }
}

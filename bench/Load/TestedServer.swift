// The server under test: started with fresh data on loopback, read from /proc, ended by its process id.

import Chronology
import Glibc
import Reactor
import Wire

/// What the kernel has counted of a process.
struct ProcessReading {
  /// Seconds.
  var user = 0.0
  var system = 0.0
  var residentKilobytes = 0
  /// Voluntary and forced, over all threads.
  var contextSwitches = 0

  static func - (a: ProcessReading, b: ProcessReading) -> ProcessReading {
    ProcessReading(
      user: a.user - b.user, system: a.system - b.system, residentKilobytes: a.residentKilobytes - b.residentKilobytes,
      contextSwitches: a.contextSwitches - b.contextSwitches)
  }
}

struct LaunchError: Error, CustomStringConvertible {
  let description: String
}

final class ServerProcess {
  static let key = "bench"
  static let secret = "a-secret-for-benchmarks-of-32-bytes-at-least"
  /// Three ports in a row, by the process id: several runs may share a machine.
  static let httpPort = UInt16(20_000 + Int(getpid()) % 4_000 * 3)
  private let process: pid_t
  private let data: String

  /// Starts `binary` and waits until it accepts connections.
  init(_ binary: String, shards: Int) throws {
    data = "/tmp/mqvi-bench-\(getpid())"
    let environment = [
      "MQVI_DATA=\(data)", "MQVI_BIND=127.0.0.1", "MQVI_HTTP_PORT=\(Self.httpPort)",
      "MQVI_UDP_PORT=\(Self.httpPort + 1)",
      "MQVI_TCP_PORT=\(Self.httpPort + 2)", "MQVI_ADVERTISED_ADDRESSES=127.0.0.1", "MQVI_API_KEY=\(Self.key)",
      "MQVI_API_SECRET=\(Self.secret)", "MQVI_SHARDS=\(shards)", "MQVI_LOG_LEVEL=warning", "PATH=/usr/bin:/bin",
    ]
    process = try Self.spawn([binary, "serve"], environment: environment, output: "/dev/null")
    let deadline = Clock.now() + .seconds(20)
    while !Self.accepts(Self.address) {
      var status: Int32 = 0
      guard waitpid(process, &status, WNOHANG) == 0, Clock.now() < deadline else {
        throw LaunchError(description: "\(binary) did not start; run it by hand with MQVI_HTTP_PORT=\(Self.httpPort)")
      }
      usleep(20_000)
    }
  }

  static var address: SocketAddress { SocketAddress(v4: 0x7F00_0001, port: httpPort) }

  /// Ends it in order, waits, and removes its data.
  func stop() {
    kill(process, SIGTERM)
    var status: Int32 = 0
    _ = waitpid(process, &status, 0)
    for name in Files.list(data) { unlink("\(data)/\(name)") }
    rmdir(data)
  }

  func read() -> ProcessReading {
    var reading = ProcessReading()
    // Fields behind the name in parentheses: user and system time are the 12th and 13th, in ticks.
    let fields = Self.text("/proc/\(process)/stat").split(separator: ")").last?.split(separator: " ") ?? []
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    if fields.count > 12 {
      reading.user = (Double(fields[11]) ?? 0) / ticks
      reading.system = (Double(fields[12]) ?? 0) / ticks
    }
    reading.residentKilobytes = Self.value("VmRSS", in: Self.text("/proc/\(process)/status"))
    for thread in Files.list("/proc/\(process)/task") {
      let status = Self.text("/proc/\(process)/task/\(thread)/status")
      reading.contextSwitches +=
        Self.value("voluntary_ctxt_switches", in: status) + Self.value("nonvoluntary_ctxt_switches", in: status)
    }
    return reading
  }

  private static func value(_ name: String, in text: String) -> Int {
    for line in text.split(separator: "\n") where line.hasPrefix("\(name):") {
      return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
    }
    return 0
  }

  private static func text(_ path: String) -> String {
    String(decoding: (try? Files.read(path, limit: 1 << 16)) ?? [], as: UTF8.self)
  }

  private static func accepts(_ address: SocketAddress) -> Bool {
    guard let socket = try? StreamSocket(connectingTo: address) else { return false }
    usleep(10_000)
    var byte = [UInt8](repeating: 0, count: 1)
    // A refused connection fails at once; one that stands has nothing to say yet.
    return socket.read(into: &byte) == .wouldBlock
  }

  /// Starts a program without a shell.
  static func spawn(_ arguments: [String], environment: [String], output: String) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    // Copies that live until the call returns; the lists end in a null pointer, as C wants them.
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var process = pid_t()
    let code = posix_spawn(&process, arguments[0], &actions, nil, &argv, &envp)
    guard code == 0 else { throw LaunchError(description: "cannot start \(arguments[0]): error \(code)") }
    return process
  }
}

/// What the kernel and AES alone cost for the same fan-out, by the program that measures it.
struct FloorReading {
  var plain: Double
  var segmented: Double

  /// Runs `bench/Floor`; nil when it is not there.
  ///
  /// - Parameter wait: called until the program has ended.
  static func measure(
    _ binary: String, _ floor: (burst: Int, byteCount: Int, destinations: Int, rate: Int), while wait: () -> Void
  ) -> FloorReading? {
    let output = "/tmp/mqvi-floor-\(getpid())"
    let arguments = [
      binary, "--burst", "\(floor.burst)", "--bytes", "\(floor.byteCount)", "--destinations", "\(floor.destinations)",
      "--rate", "\(floor.rate)", "--seconds", "1", "--bare",
    ]
    guard let process = try? ServerProcess.spawn(arguments, environment: ["PATH=/usr/bin:/bin"], output: output)
    else { return nil }
    var status: Int32 = 0
    while waitpid(process, &status, WNOHANG) == 0 { wait() }
    let text = String(decoding: (try? Files.read(output, limit: 4_096)) ?? [], as: UTF8.self)
    unlink(output)
    let numbers = text.split(whereSeparator: { $0 == " " || $0 == "\n" }).compactMap { Double($0) }
    return numbers.count == 2 ? FloorReading(plain: numbers[0], segmented: numbers[1]) : nil
  }
}

// A server under test: started with fresh data on loopback, read from /proc, ended by its process id.

import Chronology
import Glibc
import Reactor
import Wire

struct LaunchError: Error, CustomStringConvertible {
  let description: String
}

/// What the kernel has counted of a process.
struct ProcessReading {
  /// Seconds.
  var user = 0.0
  var system = 0.0
  var residentKilobytes = 0
  /// Over all threads: waits, and times that another thread was put in place.
  var voluntarySwitches = 0
  var involuntarySwitches = 0
  /// Seconds of the busiest thread.
  var busiestThread = 0.0

  static func - (a: ProcessReading, b: ProcessReading) -> ProcessReading {
    ProcessReading(
      user: a.user - b.user, system: a.system - b.system, residentKilobytes: a.residentKilobytes - b.residentKilobytes,
      voluntarySwitches: a.voluntarySwitches - b.voluntarySwitches,
      involuntarySwitches: a.involuntarySwitches - b.involuntarySwitches,
      busiestThread: a.busiestThread - b.busiestThread)
  }
}

final class TestedServer {
  static let key = "bench"
  static let secret = "a-secret-for-benchmarks-of-32-bytes-at-least"
  /// Four ports in a row, by the process id: several runs may share a machine.
  static let firstPort = UInt16(20_000 + Int(getpid()) % 3_000 * 4)
  /// Where it takes signalling.
  let address: SocketAddress
  private let process: pid_t
  private let directory: String

  private init(process: pid_t, port: UInt16, directory: String) {
    self.process = process
    self.directory = directory
    address = SocketAddress(v4: 0x7F00_0001, port: port)
  }

  /// Our own.
  static func mqvi(_ binary: String, shards: Int) throws -> TestedServer {
    let directory = "/tmp/mqvi-bench-\(getpid())"
    let environment = [
      "MQVI_DATA=\(directory)", "MQVI_BIND=127.0.0.1", "MQVI_HTTP_PORT=\(firstPort)",
      "MQVI_UDP_PORT=\(firstPort + 1)",
      "MQVI_TCP_PORT=\(firstPort + 2)", "MQVI_ADVERTISED_ADDRESSES=127.0.0.1", "MQVI_API_KEY=\(key)",
      "MQVI_API_SECRET=\(secret)", "MQVI_SHARDS=\(shards)", "MQVI_LOG_LEVEL=warning", "PATH=/usr/bin:/bin",
    ]
    let process = try spawn([binary, "serve"], environment: environment, output: "/dev/null")
    return try TestedServer(process: process, port: firstPort, directory: directory).whenUp(binary)
  }

  /// Debian's Janus with nothing but VideoRoom and its WebSocket API.
  ///
  /// - Parameters:
  ///   - rooms: how many; their numbers begin with 1.
  ///   - eventLoops: threads that carry media; nil: one for each handle, as packaged.
  static func janus(_ binary: String, rooms: Int, eventLoops: Int?) throws -> TestedServer {
    let directory = "/tmp/mqvi-bench-janus-\(getpid())"
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
      throw LaunchError(description: "cannot make \(directory)")
    }
    let port = firstPort + 3
    let files = JanusConfiguration(port: port, rooms: rooms, eventLoops: eventLoops, directory: directory)
    for (name, text) in files.files { try write(text, to: "\(directory)/\(name)") }
    let arguments = [binary, "--configs-folder=\(directory)", "--config=\(directory)/janus.jcfg"]
    let process = try spawn(arguments, environment: ["PATH=/usr/bin:/bin"], output: "/dev/null")
    return try TestedServer(process: process, port: port, directory: directory).whenUp(binary)
  }

  /// Waits until it accepts connections.
  private func whenUp(_ binary: String) throws -> TestedServer {
    let deadline = Clock.now() + .seconds(20)
    while !Self.accepts(address) {
      var status: Int32 = 0
      guard waitpid(process, &status, WNOHANG) == 0, Clock.now() < deadline else {
        kill(process, SIGKILL)
        throw LaunchError(description: "\(binary) did not start to listen at \(address)")
      }
      usleep(20_000)
    }
    return self
  }

  /// Ends it in order, waits, and removes its data.
  func stop() {
    kill(process, SIGTERM)
    var status: Int32 = 0
    let deadline = Clock.now() + .seconds(10)
    while waitpid(process, &status, WNOHANG) == 0 {
      if Clock.now() > deadline { kill(process, SIGKILL) }
      usleep(20_000)
    }
    Self.remove(directory)
  }

  /// A directory that we have made, with all that is in it.
  private static func remove(_ directory: String) {
    for name in Files.list(directory) where name != "." && name != ".." {
      let path = "\(directory)/\(name)"
      if unlink(path) != 0 { remove(path) }
    }
    rmdir(directory)
  }

  // MARK: What it uses

  var residentKilobytes: Int { Self.value("VmRSS", in: Self.text("/proc/\(process)/status")) }

  func read() -> ProcessReading {
    var reading = ProcessReading()
    (reading.user, reading.system) = Self.times("/proc/\(process)/stat")
    reading.residentKilobytes = residentKilobytes
    for thread in Files.list("/proc/\(process)/task") {
      let status = Self.text("/proc/\(process)/task/\(thread)/status")
      reading.voluntarySwitches += Self.value("voluntary_ctxt_switches", in: status)
      reading.involuntarySwitches += Self.value("nonvoluntary_ctxt_switches", in: status)
      let times = Self.times("/proc/\(process)/task/\(thread)/stat")
      reading.busiestThread = max(reading.busiestThread, times.user + times.system)
    }
    return reading
  }

  /// User and system time in seconds. They are the 12th and 13th field behind the name in parentheses, in ticks.
  private static func times(_ path: String) -> (user: Double, system: Double) {
    let fields = text(path).split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12 else { return (0, 0) }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    return ((Double(fields[11]) ?? 0) / ticks, (Double(fields[12]) ?? 0) / ticks)
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

  // MARK: Starting

  private static func accepts(_ address: SocketAddress) -> Bool {
    guard let socket = try? StreamSocket(connectingTo: address) else { return false }
    usleep(10_000)
    var byte = [UInt8](repeating: 0, count: 1)
    // A refused connection fails at once; one that stands has nothing to say yet.
    return socket.read(into: &byte) == .wouldBlock
  }

  static func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "w") else { throw LaunchError(description: "cannot write \(path)") }
    defer { fclose(file) }
    guard fputs(text, file) >= 0 else { throw LaunchError(description: "cannot write \(path)") }
  }

  /// Starts a program without a shell.
  static func spawn(_ arguments: [String], environment: [String], output: String) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The generator waits for signals in its own way; what it starts must be free to be ended by them.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    // Copies that live until the call returns; the lists end in a null pointer, as C wants them.
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var process = pid_t()
    let code = Core.everywhere { posix_spawn(&process, arguments[0], &actions, &attributes, &argv, &envp) }
    guard code == 0 else { throw LaunchError(description: "cannot start \(arguments[0]): error \(code)") }
    return process
  }
}

// What the kernel and AES alone cost for a scenario's fan-out, by the program that measures it.

import Glibc
import Reactor

/// The fan-out of a scenario: datagrams of one burst, their size, destinations, bursts a second.
struct FanOutShape {
  var burst: Int
  var byteCount: Int
  var destinations: Int
  var rate: Int

  var packetsPerSecond: Int { burst * destinations * rate }
}

/// Microseconds for each packet.
struct FloorReading {
  var plain: Double
  var segmented: Double

  /// Runs `bench/Floor`; nil when it is not there.
  ///
  /// - Parameter wait: called until the program has ended.
  static func measure(_ binary: String, _ shape: FanOutShape, while wait: () -> Void) -> FloorReading? {
    let output = "/tmp/mqvi-floor-\(getpid())"
    let arguments = [
      binary, "--burst", "\(shape.burst)", "--bytes", "\(shape.byteCount)", "--destinations",
      "\(shape.destinations)", "--rate", "\(shape.rate)", "--seconds", "1", "--bare",
    ]
    guard let process = try? TestedServer.spawn(arguments, environment: ["PATH=/usr/bin:/bin"], output: output)
    else { return nil }
    var status: Int32 = 0
    while waitpid(process, &status, WNOHANG) == 0 { wait() }
    let text = String(decoding: (try? Files.read(output, limit: 4_096)) ?? [], as: UTF8.self)
    unlink(output)
    let numbers = text.split(whereSeparator: { $0 == " " || $0 == "\n" }).compactMap { Double($0) }
    return numbers.count == 2 ? FloorReading(plain: numbers[0], segmented: numbers[1]) : nil
  }
}

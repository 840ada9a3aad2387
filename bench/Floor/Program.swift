// What the kernel and AES alone cost for a fan-out on this machine: one UDP socket, AES-128-GCM by OpenSSL from one place
// to another, sendmmsg, with and without UDP segmentation. No header is parsed, no state is kept: no SFU can be cheaper
// with the same means.
//
//   Floor [--burst N] [--bytes N] [--destinations N] [--rate N] [--seconds N] [--bare]

import CLinux
import COpenSSL
import Chronology
import Glibc
import Harness
import Reactor
import Wire

struct Options {
  /// Datagrams to one destination at a time, and how many such bursts a second each destination gets.
  var burst = 9
  var byteCount = 1_200
  var destinations = 50
  var rate = 30
  var seconds = 3
  var isBare = false

  init(_ arguments: [String]) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--bare" {
        isBare = true
        continue
      }
      guard let value = rest.popFirst().flatMap({ Int($0) }), value > 0 else { Options.fail(argument) }
      switch argument {
      case "--burst": burst = min(value, 40)
      case "--bytes": byteCount = min(value, 1_400)
      case "--destinations": destinations = min(value, 4_000)
      case "--rate": rate = value
      case "--seconds": seconds = value
      default: Options.fail(argument)
      }
    }
  }

  private static func fail(_ argument: String) -> Never {
    Process.write("floor: '\(argument)' is not an option or has no value\n", toStandardError: true)
    exit(2)
  }
}

@main struct Program {
  static func main() {
    let options = Options(Array(CommandLine.arguments.dropFirst()))
    Process.raiseOpenFileLimit()
    guard let fanOut = FanOut(options) else {
      Process.write("floor: no sockets\n", toStandardError: true)
      exit(1)
    }
    // Interleaved, so that a busy moment of the machine meets both.
    var plain: [Double] = []
    var segmented: [Double] = []
    for _ in 0..<3 {
      plain.append(fanOut.run(segments: false))
      segmented.append(fanOut.run(segments: true))
    }
    let (first, second) = (plain.sorted()[1], segmented.sorted()[1])
    if options.isBare {
      print(first, second)
      return
    }
    var table = Table(["\(options.destinations) destinations, bursts of \(options.burst) x \(options.byteCount) B", ""])
    table.add(["sendmmsg", "\(Table.number(first)) µs a packet"])
    table.add(["sendmmsg with UDP_SEGMENT", "\(Table.number(second)) µs a packet"])
    print(table.text)
  }
}

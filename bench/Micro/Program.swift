// Counts what operations of the packet path cost: allocations, retains, instructions and time for each unit.
//
//   Micro [--only NAME] [--json FILE] [--thresholds FILE] [--no-instructions]
//   Micro --once NAME --turns N      does the work once, for a tool that counts from outside

import Glibc
import Harness
import JSON
import Reactor

@main struct Program {
  struct Options {
    var only: String?
    var once: String?
    var turns = 1
    var json: String?
    var thresholds: String?
    var countsInstructions = true
  }

  static func main() {
    let options = parse(Array(CommandLine.arguments.dropFirst()))
    if let name = options.once {
      guard let units = Catalogue.runOnce(name, turns: options.turns) else { fail("no operation '\(name)'") }
      print("units \(units)")
      return
    }
    let measurements = Catalogue.measure(
      only: options.only, countsInstructions: options.countsInstructions && Instructions.isAvailable)
    if measurements.isEmpty { fail("no operation '\(options.only ?? "")'") }
    show(measurements)
    if let path = options.json { write(measurements, to: path) }
    if let path = options.thresholds { check(measurements, against: path) }
  }

  private static func parse(_ arguments: [String]) -> Options {
    var options = Options()
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--no-instructions" {
        options.countsInstructions = false
        continue
      }
      guard let value = rest.popFirst() else { fail("'\(argument)' needs a value") }
      switch argument {
      case "--only": options.only = value
      case "--once": options.once = value
      case "--turns": options.turns = Int(value) ?? 1
      case "--json": options.json = value
      case "--thresholds": options.thresholds = value
      default: fail("'\(argument)' is not an option")
      }
    }
    return options
  }

  private static func show(_ measurements: [Measurement]) {
    var table = Table(["operation", "per", "ns", "allocations", "retains", "releases", "instructions"])
    for each in measurements {
      table.add([
        each.name, each.unit, Table.number(each.nanoseconds), Table.number(each.allocations),
        Table.number(each.retains), Table.number(each.releases), each.instructions.map { Table.number($0) } ?? "-",
      ])
    }
    print(table.text)
  }

  private static func write(_ measurements: [Measurement], to path: String) {
    let document = JSONValue.array(measurements.map(\.json)).description + "\n"
    guard let file = unsafe fopen(path, "w") else { fail("cannot write \(path)") }
    unsafe fputs(document, file)
    unsafe fclose(file)
  }

  private static func check(_ measurements: [Measurement], against path: String) {
    let thresholds: Thresholds
    do {
      thresholds = try Thresholds(parsing: try Files.read(path, limit: 1 << 20))
    } catch {
      fail("\(path): \(error)")
    }
    let violations = measurements.flatMap { thresholds.violations($0) }
    guard !violations.isEmpty else {
      print("all counts are within \(path)")
      return
    }
    fail("counts have risen above \(path):\n  " + violations.joined(separator: "\n  "))
  }

  private static func fail(_ message: String) -> Never {
    let text = Array("micro: \(message)\n".utf8)
    _ = unsafe Glibc.write(STDERR_FILENO, text, text.count)
    exit(1)
  }
}

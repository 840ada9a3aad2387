// What a fuzz target is: a name, the parser that it exercises, and the inputs that its corpus starts from.
//
// One value of `FuzzEntry` serves three ends: the libFuzzer executable of the same name in Tests/Fuzz/Targets, the tests
// that replay the committed corpora and mutate them, and the generator of those corpora. Tests/Fuzz/README.md says how
// to add one.

/// A parser under attack.
public struct FuzzEntry: Sendable {
  /// The executable's name, and that of its folder in Tests/Fuzz/Corpora.
  public let name: String
  /// Parses the bytes and walks all that comes out. A trap is a finding: either the parser's own or that of an
  /// invariant that `exercise` checks.
  public let exercise: @Sendable ([UInt8]) -> Void
  /// Well-formed inputs by file name, made by our own writers.
  public let seeds: [String: [UInt8]]

  public init(name: String, seeds: [String: [UInt8]], exercise: @escaping @Sendable ([UInt8]) -> Void) {
    self.name = name
    self.seeds = seeds
    self.exercise = exercise
  }
}

/// Stops the process when `condition` does not hold, in release builds too.
public func require(_ condition: Bool, _ message: StaticString = "invariant broken") {
  precondition(condition, "\(message)")
}

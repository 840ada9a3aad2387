// Every operation by its name.

import Harness

enum Catalogue {
  static func measure(only: String?, countsInstructions: Bool) -> [Measurement] {
    var results: [Measurement] = []
    func measure<O: Operation & ~Copyable>(_ type: O.Type) {
      guard only == nil || only == O.name else { return }
      var result = Harness.measure(type)
      if countsInstructions, !O.preparesInTurns {
        result.instructions = Instructions.perUnit(of: O.name, turns: O.turns)
      }
      results.append(result)
    }
    measure(ForwardShare.self)
    measure(ForwardVoice.self)
    measure(AnswerNACK.self)
    measure(TimersShare.self)
    measure(TimersVoice.self)
    measure(Parse.self)
    measure(Open.self)
    measure(Seal.self)
    measure(RewriteVP8.self)
    measure(WriteFeedback.self)
    measure(ReadFeedback.self)
    return results
  }

  /// Nil when there is no such operation.
  static func runOnce(_ name: String, turns: Int) -> Int? {
    var units: Int?
    func run<O: Operation & ~Copyable>(_ type: O.Type) {
      if name == O.name { units = Harness.runOnce(type, turns: turns) }
    }
    run(ForwardShare.self)
    run(ForwardVoice.self)
    run(AnswerNACK.self)
    run(TimersShare.self)
    run(TimersVoice.self)
    run(Parse.self)
    run(Open.self)
    run(Seal.self)
    run(RewriteVP8.self)
    run(WriteFeedback.self)
    run(ReadFeedback.self)
    return units
  }
}

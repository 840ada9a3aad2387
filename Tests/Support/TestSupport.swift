// What every suite shares: properties over many seeded cases.

import Randomness

/// Runs `body` for `cases` seeds. The seed is handed over so that a failing expectation can name it.
public func forEachSeed(_ cases: Int = 100, from first: UInt64 = 1, _ body: (UInt64, inout Random) throws -> Void)
  rethrows
{
  for seed in first..<first + UInt64(cases) {
    var random = Random(seed: seed)
    try body(seed, &random)
  }
}

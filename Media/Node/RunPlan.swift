// Which of the packets for one listener leave as one run, and what padding that takes.
//
// The kernel sends a run of equal datagrams to one address (UDP_SEGMENT) for hardly more than a single one, and only the
// last of a run may be shorter. Packets of speech differ in size, so they are sent largest first and the smaller ones in
// the middle of a run are padded (RFC 3550 §5.1). Padding is bandwidth: a run is only made longer while that is cheaper
// than the run that it saves.

/// One packet that can be part of a run.
struct RunCandidate: BitwiseCopyable, Sendable {
  /// Bytes on the wire without padding.
  var byteCount: UInt16
  /// Packets of one stream must leave in order: 0 for its first of this turn, 1 for its second, …
  var generation: UInt8
  /// Where the packet itself stands in the caller's list.
  var place: UInt8
  /// The plan's answer: bytes of padding.
  var padding: UInt8 = 0

  /// Smallest first: by generation, and within one by size, the largest first.
  fileprivate var rank: UInt32 { UInt32(generation) << 16 | UInt32(UInt16.max &- byteCount) }
}

/// Orders candidates and pads them. Holds nothing between two plans but memory.
struct RunPlan: ~Copyable {
  enum Limit {
    /// Packets of one plan: as many datagrams as the kernel cuts a run into, and the places that `place` can name.
    static let candidates = 64
    /// Bytes of padding that saving one run may cost, and so what a packet is padded by at most. A run costs the kernel
    /// about 2 µs, half of what a single packet of speech costs in all; speech gets 4 to 5 % longer by it. Below 256: the
    /// number of padding bytes stands in one.
    static let bytesPerRun: Int32 = 80
  }

  /// By how many candidates are in runs: what the cheapest way costs, and where its last run begins.
  private var costs: [Int32]
  private var starts: [UInt8]

  init() {
    costs = Array(repeating: 0, count: Limit.candidates + 1)
    starts = Array(repeating: 0, count: Limit.candidates + 1)
  }

  /// Puts at most `Limit.candidates` candidates into the order in which they should leave, and sets their padding.
  ///
  /// Of all ways to cut that order into runs the one is taken that costs least, where a run costs `Limit.bytesPerRun` and
  /// each byte of padding one. So no plan ever pads more bytes than that for each run that it saves.
  mutating func make(_ candidates: inout [RunCandidate]) {
    precondition(candidates.count <= Limit.candidates)
    Self.sort(&candidates)
    // Two packets always are a run: the larger and then the smaller.
    guard candidates.count > 2 else { return }
    findRuns(candidates)
    var end = candidates.count
    while end > 0 {
      let start = Int(starts[end])
      for index in start..<(end - 1) {
        candidates[index].padding = UInt8(
          truncatingIfNeeded: candidates[start].byteCount &- candidates[index].byteCount)
      }
      end = start
    }
  }

  /// A few candidates that are nearly in order most of the time: insertion sort.
  private static func sort(_ candidates: inout [RunCandidate]) {
    for index in candidates.indices.dropFirst() {
      let candidate = candidates[index]
      var place = index
      while place > 0, candidates[place - 1].rank > candidate.rank {
        candidates[place] = candidates[place - 1]
        place -= 1
      }
      candidates[place] = candidate
    }
  }

  /// The cheapest way for the first 1, 2, 3, … candidates; each builds on the ones before.
  private mutating func findRuns(_ candidates: [RunCandidate]) {
    for end in 1...candidates.count { costs[end] = .max }
    for start in candidates.indices {
      let largest = candidates[start].byteCount
      var cost = costs[start] &+ Limit.bytesPerRun
      for last in start..<candidates.count {
        if last > start {
          // The one before is the last no more: it must have the size of the others.
          let difference = largest &- candidates[last - 1].byteCount
          // Padding it by more than a run costs is never cheaper than to let the run end with it.
          guard candidates[last].byteCount <= largest, difference <= UInt16(Limit.bytesPerRun) else { break }
          cost &+= Int32(difference)
        }
        if cost < costs[last + 1] {
          costs[last + 1] = cost
          starts[last + 1] = UInt8(truncatingIfNeeded: start)
        }
      }
    }
  }
}

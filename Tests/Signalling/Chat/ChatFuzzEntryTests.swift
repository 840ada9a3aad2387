// The fuzz entries of chat, replayed: their corpora, and mutations of their seeds.
//
// A trap ends the whole test process, so these tests need few expectations: the entry checks what must hold.

import ChatFuzzEntries
import Foundation
import FuzzSupport
import Randomness
import TestSupport
import Testing

@Suite struct ChatFuzzEntryTests {
  @Test(arguments: FuzzEntry.chat.map(\.name))
  func `nothing traps on text that is cut off or changed anywhere`(name: String) throws {
    let entry = try #require(FuzzEntry.chat.first { $0.name == name })
    forEachSeed(300) { _, random in
      for seed in entry.seeds.values {
        var bytes = Array(seed.prefix(Int.random(in: 1...seed.count, using: &random)))
        for _ in 0..<3 { bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random) }
        entry.exercise(bytes)
      }
    }
  }

  /// `MQVI_WRITE_CORPORA=1 swift test` writes the seeds anew after a change of them.
  @Test(arguments: FuzzEntry.chat.map(\.name))
  func `the committed corpus holds the seeds and is survived`(name: String) throws {
    let entry = try #require(FuzzEntry.chat.first { $0.name == name })
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Fuzz/Corpora/\(name)")
    if ProcessInfo.processInfo.environment["MQVI_WRITE_CORPORA"] != nil {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (file, bytes) in entry.seeds { try Data(bytes).write(to: folder.appendingPathComponent(file)) }
    }
    for (file, bytes) in entry.seeds {
      #expect([UInt8](try Data(contentsOf: folder.appendingPathComponent(file))) == bytes, "\(name)/\(file)")
    }
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      entry.exercise([UInt8](try Data(contentsOf: folder.appendingPathComponent(file))))
    }
  }
}

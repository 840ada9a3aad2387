// The fuzz entry of credentials, replayed: its corpus, and mutations of its seeds.
//
// A trap ends the whole test process, so these tests need few expectations: the entry checks what must hold.

import API
import Chronology
import Foundation
import FuzzSupport
import IdentityFuzzEntries
import Randomness
import TestSupport
import Testing

@testable import Identity

@Suite struct HostileInputTests {
  @Test func `the token of the seeds is the one that the server makes`() {
    let token = SignedToken(
      .access, user: Door.user, session: Door.session, at: Door.time, life: Limit.accessLife, nonce: Door.nonce)
    #expect(token.signed(Door.keys) == Door.token)
    var authenticator = Authenticator(Door.keys)
    authenticator.apply(
      .sessionOpened(Door.session, user: Door.user, expires: .init(milliseconds: .max)), at: Door.time)
    let found = authenticator.authenticate(
      authorization: "bearer " + Door.token, cookie: nil, queryToken: nil, at: Door.time)
    #expect(found?.caller.session == Door.session)
  }

  @Test(arguments: FuzzEntry.identity.map(\.name))
  func `nothing traps on input that is cut off anywhere`(name: String) throws {
    for seed in try entry(name).seeds.values {
      for count in 0...seed.count { try entry(name).exercise(Array(seed.prefix(count))) }
    }
  }

  @Test(arguments: FuzzEntry.identity.map(\.name))
  func `nothing traps on input with changed bytes`(name: String) throws {
    let entry = try entry(name)
    forEachSeed(100) { _, random in
      for seed in entry.seeds.values {
        var bytes = seed
        for _ in 0..<3 { bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random) }
        entry.exercise(bytes)
      }
    }
  }

  @Test(arguments: FuzzEntry.identity.map(\.name))
  func `nothing traps on noise`(name: String) throws {
    let entry = try entry(name)
    forEachSeed(200) { _, random in
      entry.exercise((0..<Int.random(in: 0..<200, using: &random)).map { _ in .random(in: 0...255, using: &random) })
    }
  }

  /// `MQVI_WRITE_CORPORA=1 swift test` writes the seeds anew after a change of the encoders.
  @Test(arguments: FuzzEntry.identity.map(\.name))
  func `the committed corpus holds the seeds and is survived`(name: String) throws {
    let entry = try entry(name)
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

  private func entry(_ name: String) throws -> FuzzEntry {
    try #require(FuzzEntry.identity.first { $0.name == name })
  }
}

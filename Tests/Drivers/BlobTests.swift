// Content under its digest: kept once, whole or not at all, and never under a name that a client chose.

import Blobs
import Chronology
import Foundation
import Reactor
import TestSupport
import Testing

@Suite struct BlobTests {
  private func inFolder(reserve: Int = 0, _ body: (DiskBlobs) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mqvi-blobs-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(try DiskBlobs(directory: folder, reserve: reserve))
  }

  @Test func `content comes back under its SHA-256`() throws {
    try inFolder { blobs in
      let name = try blobs.put(Array("abc".utf8))
      // FIPS 180-4, the example of one block.
      #expect(name.description == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
      #expect(try blobs.read(name) == Array("abc".utf8))
      #expect(blobs.size(of: name) == 3)
      #expect(blobs.path(of: name) == "\(blobs.directory)/ba/78/\(name)")
      #expect(Reactor.Files.mode(blobs.path(of: name)) == 0o600)
    }
  }

  @Test func `any content comes back, equal content is kept once`() throws {
    try inFolder { blobs in
      var expected: [BlobName: [UInt8]] = [:]
      try forEachSeed(40) { _, random in
        var generator = random
        let count = Int.random(in: 0...300, using: &generator)
        let content = (0..<count).map { _ in UInt8.random(in: 0...1, using: &generator) }
        expected[try blobs.put(content)] = content
        #expect(try blobs.put(content) == BlobName(of: content))
      }
      for (name, content) in expected { #expect(try blobs.read(name) == content) }
      #expect(blobs.totalBytes() == expected.values.reduce(0) { $0 + $1.count })
      #expect(Reactor.Files.list(blobs.directory + "/incoming").isEmpty)
    }
  }

  @Test(arguments: [
    "", "..", "../../etc/passwd", "/etc/passwd", String(repeating: "a", count: 63), String(repeating: "A", count: 64),
    String(repeating: "a", count: 63) + "/", String(repeating: "a", count: 63) + "\u{0}",
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad ",
  ])
  func `nothing but a digest is a name`(text: String) {
    #expect(BlobName(text) == nil)
  }

  @Test func `what is removed is gone, and removing it again is no error`() throws {
    try inFolder { blobs in
      let name = try blobs.put([1])
      try blobs.remove(name)
      try blobs.remove(name)
      #expect(blobs.size(of: name) == nil)
      #expect(throws: BlobError.missing(name)) { try blobs.read(name) }
    }
  }

  @Test func `the reserve of the disk is left alone and nothing stays behind`() throws {
    try inFolder(reserve: .max / 2) { blobs in
      #expect(throws: BlobError.self) { try blobs.put([1, 2, 3]) }
      #expect(Reactor.Files.list(blobs.directory) == ["incoming"])
      #expect(Reactor.Files.list(blobs.directory + "/incoming").isEmpty)
    }
  }

  @Test func `what a crash left half written is cleared away at the start`() throws {
    try inFolder { blobs in
      try Reactor.Files.createPrivate(blobs.directory + "/incoming/half", [1, 2])
      let name = try blobs.put([9])
      let again = try DiskBlobs(directory: blobs.directory, reserve: 0)
      #expect(Reactor.Files.list(blobs.directory + "/incoming").isEmpty)
      #expect(again.size(of: name) == 1)
    }
  }

  @Test func `putting content again makes it young`() throws {
    try inFolder { blobs in
      let name = try blobs.put(Array("abc".utf8))
      let old = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1_000_000)]
      try FileManager.default.setAttributes(old, ofItemAtPath: blobs.path(of: name))
      let then = WallTime(milliseconds: 2_000_000_000)
      #expect(blobs.names(first: 0xBA, untouchedSince: then) == [name])
      try blobs.remove(name, untouchedSince: WallTime(milliseconds: 999_000_000))
      #expect(blobs.size(of: name) == 3)
      #expect(blobs.names(first: 0xBB, untouchedSince: then).isEmpty)
      _ = try blobs.put(Array("abc".utf8))
      #expect(blobs.names(first: 0xBA, untouchedSince: then).isEmpty)
      #expect(blobs.names(first: 0xBA) == [name])
    }
  }
}

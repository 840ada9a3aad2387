import Bytes
import FuzzSupport
import Glibc
import Randomness
import TestSupport
import Testing
import WireFuzzEntries

// A trap ends the whole test process, so these tests need no expectation of their own: the entries check what must hold.

@Suite struct `Hostile input` {
  @Test(arguments: FuzzEntry.wire.map(\.name))
  func `no parser traps on a message that is cut off anywhere`(name: String) throws {
    let entry = try #require(FuzzEntry.wire.first { $0.name == name })
    #expect(!entry.seeds.isEmpty)
    for seed in entry.seeds.values {
      for count in 0...seed.count { entry.exercise(Array(seed.prefix(count))) }
    }
  }

  @Test(arguments: FuzzEntry.wire.map(\.name))
  func `no parser traps on a message with changed bytes`(name: String) throws {
    let entry = try #require(FuzzEntry.wire.first { $0.name == name })
    forEachSeed(200) { _, random in
      for seed in entry.seeds.values {
        var bytes = seed
        for _ in 0...random.next() % 4 where !bytes.isEmpty {
          bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
        }
        entry.exercise(bytes)
      }
    }
  }

  @Test(arguments: FuzzEntry.wire.map(\.name))
  func `no parser traps on noise`(name: String) throws {
    let entry = try #require(FuzzEntry.wire.first { $0.name == name })
    forEachSeed(300) { _, random in entry.exercise(random.bytes(Int(random.next() % 200))) }
  }

  /// `MQVI_WRITE_CORPORA=1 swift test` writes the seeds anew after a change of the writers.
  @Test(arguments: FuzzEntry.wire.map(\.name))
  func `the committed corpus holds the seeds and is survived`(name: String) throws {
    let entry = try #require(FuzzEntry.wire.first { $0.name == name })
    let folder = Corpus.folder(entry.name)
    if getenv("MQVI_WRITE_CORPORA") != nil {
      for (file, bytes) in entry.seeds { Corpus.write(bytes, to: "\(folder)/\(file)") }
    }
    let files = Corpus.files(in: folder)
    for (file, bytes) in entry.seeds { #expect(files[file] == bytes, "\(folder)/\(file)") }
    for bytes in files.values { entry.exercise(bytes) }
  }
}

/// Files of Tests/Fuzz/Corpora, with no more than the C library.
private enum Corpus {
  static func folder(_ name: String) -> String {
    let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return "/\(tests)/Fuzz/Corpora/\(name)"
  }

  static func files(in folder: String) -> [String: [UInt8]] {
    guard let directory = opendir(folder) else { return [:] }
    defer { closedir(directory) }
    var files: [String: [UInt8]] = [:]
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { files[name] = read("\(folder)/\(name)") }
    }
    return files
  }

  private static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes.prefix(count))
  }

  static func write(_ bytes: [UInt8], to path: String) {
    for end in path.indices where path[end] == "/" && end > path.startIndex { mkdir(String(path[..<end]), 0o755) }
    guard let file = fopen(path, "wb") else { return }
    defer { fclose(file) }
    fwrite(bytes, 1, bytes.count, file)
  }
}

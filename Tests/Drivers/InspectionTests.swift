// Looking at strangers' files: what a child gets, what is believed of it, and what a file is taken for without one.
// The real child with the real libraries is at work in Tests/Interoperability/test_files.py.

import Blobs
import Bytes
import Chronology
import FilesFuzzEntries
import Foundation
import ImageMetadata
import Randomness
import Reactor
import Synchronization
import TestSupport
import Testing

@testable import Inspection

/// A child that is a line of shell.
private func shell(_ script: String, patience: Interval = InspectionLimit.time) -> Inspector {
  Inspector(program: "/bin/sh", arguments: ["sh", "-c", script], patience: patience)
}

@Suite struct InspectorTests {
  private func text(_ inspector: Inspector, _ content: [UInt8] = [1]) throws -> String? {
    try inspector.answer(to: content, .type).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `a child reads the file on its standard input and nothing else is open`() throws {
    let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 >> 3) }
    #expect(try shell("cat").answer(to: content, .type) == content)
    // A descriptor that other programs would inherit.
    let careless = Descriptor(owning: dup(0))
    let script = "for n in 0 1 2 \(careless.rawValue); do [ ! -e /proc/$$/fd/$n ] || echo $n; done"
    #expect(try text(shell(script)) == "0\n1\n2\n")
  }

  @Test func `the file cannot be changed by the child`() throws {
    #expect(try text(shell("(echo x >&0) 2>/dev/null || echo refused")) == "refused\n")
  }

  @Test func `a child knows nothing of our environment and stands at the root`() throws {
    setenv("MQVI_API_SECRET", "hush", 1)
    let environment = try #require(try text(shell("tr '\\0' '\\n' </proc/self/environ; /bin/pwd")))
    #expect(!environment.contains("hush"))
    #expect(environment.contains("VIPS_BLOCK_UNTRUSTED=1\n"))
    #expect(environment.hasSuffix("\n/\n"))
  }

  @Test func `a wish comes as arguments`() throws {
    let inspector = shell("echo $0 $*")
    let answer = try inspector.answer(to: [], .thumbnail(width: 400, height: 300))
    #expect(answer == Array("thumbnail 400 300\n".utf8))
  }

  @Test func `a child that takes too long is ended`() throws {
    #expect(try shell("exec sleep 1000", patience: .milliseconds(50)).look(at: [1], .type) == nil)
  }

  @Test func `a child that says too much is ended`() throws {
    #expect(try shell("exec yes").look(at: [1], .type) == nil)
  }

  @Test(arguments: ["exit 1", "kill -SEGV $$", "echo hello", "printf 'mqvi inspection\\n'", ":"])
  func `a child that fails or speaks nonsense has said nothing`(script: String) throws {
    #expect(try shell(script).look(at: [1], .type) == nil)
  }

  @Test func `a program that is not there is an error of ours`() {
    #expect(throws: SystemError.self) { try Inspector(program: "/nowhere").look(at: [1], .type) }
  }
}

@Suite struct InspectionReportTests {
  @Test func `a report is read as it was written`() {
    forEachSeed(100) { seed, random in
      var report = InspectionReport()
      if random.chance(0.5) {
        report.type = ["image/png", "application/x-tar", "text/x-c++"].randomElement(using: &random)
      }
      if random.chance(0.5) {
        let bytes = (0..<Int.random(in: 1...50, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        report.picture = .init(
          width: .random(in: 1...1024, using: &random), height: .random(in: 1...1024, using: &random), bytes: bytes)
      }
      if random.chance(0.5) { report.missing = ["libvips", "libmagic"] }
      #expect(InspectionReport(report.serialized) == report, "seed \(seed)")
      // Any other length of the picture is a lie.
      if report.picture != nil { #expect(InspectionReport(report.serialized + [0]) == nil, "seed \(seed)") }
    }
  }

  @Test(arguments: [
    "", "mqvi inspection", "mqvi inspection\npicture 0 1 1\n\0x", "mqvi inspection\npicture 1 1 2\n\0x",
    "mqvi inspection\npicture -1 1 1\n\0x", "mqvi inspection\npicture 99999 1 1\n\0x", "mqvi inspection\nelse\n\0",
  ])
  func `what is no report is none`(text: String) {
    #expect(InspectionReport(Array(text.utf8)) == nil)
  }

  @Test(arguments: ["text", "text/", "/plain", "text/plain; x=y", "te xt/plain", "text/html\r\nX: y", "a/b/c"])
  func `a type that is none is not passed on`(text: String) {
    #expect(InspectionReport.mediaType(text) == nil)
  }

  @Test func `wishes are read as they were written, and none beyond the limits`() {
    for wish: InspectionWish in [.type, .thumbnail(width: 1, height: 1024), .square(256)] {
      #expect(InspectionWish(wish.arguments) == wish)
    }
    for wrong in [[], ["square"], ["square", "0"], ["square", "1025"], ["thumbnail", "1"], ["type", "1"], ["x"]] {
      #expect(InspectionWish(wrong) == nil)
    }
  }
}

@Suite struct SignatureTests {
  private func type(_ bytes: [UInt8]) -> String? { Signature.type(of: bytes.rawSpan) }

  @Test func `the kinds that are shown are known by their signatures`() {
    let box: [UInt8] = [0, 0, 0, 24]
    #expect(type(Array("%PDF-1.7\n".utf8)) == "application/pdf")
    #expect(type(box + Array("ftypisom".utf8)) == "video/mp4")
    #expect(type(box + Array("ftypM4A ".utf8)) == "audio/mp4")
    #expect(type(box + Array("ftypqt  ".utf8)) == nil)
    #expect(type(Array("RIFF____WAVEfmt ".utf8)) == "audio/wav")
    #expect(
      type([0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x86, 0x81, 1, 0x42, 0x82, 0x84] + Array("webm".utf8)) == "video/webm")
    #expect(type([0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x82, 0x88] + Array("matroska".utf8)) == nil)
    let page = Array("OggS".utf8) + [UInt8](repeating: 0, count: 22) + [1, 19]
    #expect(type(page + Array("OpusHead\u{1}\u{2}".utf8)) == "audio/ogg")
    #expect(type(page + Array("\u{0}theora...".utf8)) == nil)
    #expect(type(page + [0x80] + Array("theora....".utf8)) == "video/ogg")
    #expect(type(Array("ID3\u{4}".utf8)) == "audio/mpeg")
    // MPEG-1 layer III, 128 kbit/s, 44.1 kHz: frames of 417 bytes.
    let frame: [UInt8] = [0xFF, 0xFB, 0x90, 0x00] + [UInt8](repeating: 0, count: 413)
    #expect(type(frame + frame) == "audio/mpeg")
    #expect(type(frame + [1, 2, 3, 4]) == nil)
    #expect(type(Array("günaydın\n".utf8)) == "text/plain")
    #expect(type([0x4D, 0x5A, 0, 0]) == nil)
    #expect(type([]) == nil)
  }

  @Test func `any bytes have at most one kind and no bytes trap`() {
    let magics =
      ["OggS", "RIFF", "\u{1A}E", "ftyp", "ID3"].map { Array($0.utf8) } + [[0x1A, 0x45, 0xDF, 0xA3], [0xFF, 0xFB]]
    forEachSeed(500) { _, random in
      var bytes = magics.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 0...60, using: &random) { bytes.append(.random(in: 0...255, using: &random)) }
      _ = type(bytes)
    }
  }
}

@Suite struct FileKeeperTests {
  private final class Lines: Sendable {
    let all = Mutex<[String]>([])
  }

  private func keep(
    _ inspector: Inspector, reserve: Int = 0, _ body: (FileKeeper<DiskBlobs>, DiskBlobs, Lines) throws -> Void
  ) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mqvi-keep-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let blobs = try DiskBlobs(directory: folder, reserve: reserve)
    let lines = Lines()
    let keeper = FileKeeper(store: blobs, inspector: inspector) { line in lines.all.withLock { $0.append(line) } }
    try body(keeper, blobs, lines)
  }

  /// A child that reports this about every file, and draws `picture`.
  private func saying(_ lines: String, _ picture: [UInt8] = []) -> Inspector {
    let octal = picture.map { "\\" + String($0 / 64) + String($0 / 8 % 8) + String($0 % 8) }.joined()
    let line = picture.isEmpty ? "" : "picture 32 16 \(picture.count)\\n"
    return shell("printf 'mqvi inspection\\n\(lines)\(line)\\0\(octal)'")
  }

  /// What a child's picture is once it has lost what stands beside it.
  private func drawn() throws -> [UInt8] {
    let bytes = SmallImages.webp
    return try CleanImage(bytes.rawSpan).bytes
  }

  @Test func `an image is kept without its metadata, with its size and a thumbnail`() throws {
    try keep(saying("type image/png\\n", SmallImages.webp)) { keeper, blobs, _ in
      let kept = try keeper.keepFile(SmallImages.png)
      #expect(kept.type == "image/png")
      #expect(kept.width == 32 && kept.height == 16)
      let stored = try blobs.read(kept.blob)
      #expect(stored.count == kept.size && stored.count < SmallImages.png.count)
      let thumbnail = try #require(kept.thumbnail)
      let drawn = try drawn()
      let stored1 = try blobs.read(thumbnail.blob)
      #expect(stored1 == drawn)
      #expect(thumbnail.width == 32 && thumbnail.type == "image/webp")
    }
  }

  @Test func `where pictures cannot be made smaller they are kept all the same, and the log says why`() throws {
    try keep(saying("missing libvips\\n")) { keeper, _, lines in
      let kept = try keeper.keepFile(SmallImages.jpeg)
      #expect(kept.type == "image/jpeg")
      #expect(kept.thumbnail == nil)
      #expect(lines.all.withLock { $0 } == ["not installed: libvips"])
      #expect(throws: KeepingProblem.unavailable) { try keeper.keepAvatar(SmallImages.jpeg) }
    }
  }

  @Test func `of an avatar only the square is kept`() throws {
    try keep(saying("", SmallImages.webp)) { keeper, blobs, _ in
      let kept = try keeper.keepAvatar(SmallImages.gif)
      let drawn = try drawn()
      let stored2 = try blobs.read(kept.blob)
      #expect(stored2 == drawn)
      #expect(blobs.totalBytes() == drawn.count)
    }
  }

  @Test func `what a child draws is a WebP or nothing`() throws {
    try keep(saying("", Array("<html>".utf8))) { keeper, _, _ in
      let kept = try keeper.keepFile(SmallImages.png)
      #expect(kept.thumbnail == nil)
      #expect(throws: KeepingProblem.noPicture) { try keeper.keepAvatar(SmallImages.png) }
    }
  }

  @Test func `what is no picture is no avatar`() throws {
    try keep(saying("", SmallImages.webp)) { keeper, blobs, _ in
      #expect(throws: KeepingProblem.noPicture) { try keeper.keepAvatar(Array("<svg/>".utf8)) }
      #expect(blobs.totalBytes() == 0)
    }
  }

  @Test(arguments: [
    ("<!DOCTYPE html><script>alert(1)</script>", "text/html", "text/html"),
    ("GIF89a<script>alert(1)</script>", "image/gif", "text/html"),
    ("<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "image/svg+xml", "image/svg+xml"),
    ("hello <b>you</b>", "text/plain", "text/plain"), ("int main() {}", "text/x-c", "text/plain"),
    ("WEBVTT\n", "text/vtt", "text/vtt"), ("hello", "image/png", "application/octet-stream"),
    ("{}", "application/json", "application/json"),
    ("\u{0}\u{1}binary", "image/png", "application/octet-stream"),
    ("PK\u{3}\u{4}\u{0}", "application/zip", "application/zip"),
    ("\u{0}", "video/quicktime", "application/octet-stream"),
    ("\u{0}pdf?", "application/pdf", "application/octet-stream"),
  ])
  func `a file is what we see in it, and what others see in it only for a download`(
    content: String, claimed: String, expected: String
  ) throws {
    try keep(saying("type \(claimed)\\n")) { keeper, blobs, _ in
      let kept = try keeper.keepFile(Array(content.utf8))
      #expect(kept.type == expected)
      let stored3 = try blobs.read(kept.blob)
      #expect(stored3 == Array(content.utf8))
    }
  }

  @Test func `without any help an active text is still none that is shown`() throws {
    try keep(shell("exit 1")) { keeper, _, _ in
      let kept1 = try keeper.keepFile(Array("<html>".utf8)).type
      #expect(kept1 == "text/html")
      let kept2 = try keeper.keepFile(Array("plain".utf8)).type
      #expect(kept2 == "text/plain")
      let kept3 = try keeper.keepFile([0, 1, 2]).type
      #expect(kept3 == "application/octet-stream")
    }
  }

  @Test func `an image of too many pixels is a file like any other`() throws {
    var bomb = SmallImages.png
    // Width and height of 20,000.
    bomb.replaceSubrange(16..<24, with: [0, 0, 0x4E, 0x20, 0, 0, 0x4E, 0x20])
    try keep(saying("type image/png\\n")) { keeper, _, _ in
      let kept4 = try keeper.keepFile(bomb).type
      #expect(kept4 == "application/octet-stream")
      #expect(throws: KeepingProblem.noPicture) { try keeper.keepAvatar(bomb) }
    }
  }

  @Test func `an empty file and a full disk are refused`() throws {
    try keep(shell("exit 1"), reserve: .max / 2) { keeper, _, _ in
      #expect(throws: KeepingProblem.empty) { try keeper.keepFile([]) }
      #expect(throws: KeepingProblem.self) { try keeper.keepFile([1]) }
    }
  }
}

@Suite struct WorkPoolTests {
  @Test func `every job that was taken is done, and a full queue takes no more`() throws {
    let done = try Mailbox<Int>(capacity: 1000)
    let gate = Mutex<Void>(())
    let pool = try WorkPool<Int>(name: "test-pool", threads: 2, capacity: 10) { job in
      gate.withLock { _ in }
      _ = done.post(job)
    }
    var taken: Set<Int> = []
    gate.withLock { _ in
      for job in 0..<50 where pool.submit(job) { taken.insert(job) }
    }
    // Two may be under way beside the ten that wait.
    #expect((10...12).contains(taken.count))
    var seen: Set<Int> = []
    var poller = try Poller()
    try poller.add(done.signal.readable, token: 1)
    while seen.count < taken.count, poller.wait(patience) > 0 { seen.formUnion(done.takeAll()) }
    #expect(seen == taken)
    pool.stop()
    #expect(!pool.submit(99))
  }
}

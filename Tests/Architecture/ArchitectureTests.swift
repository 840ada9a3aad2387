// The house rules, read from the source: which module may import which, how long a file may be, what may not be said.

import Foundation
import Testing

/// The repository's root and its Swift files.
private enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  struct File {
    /// Relative to the root: `Media/Wire/RTP/RTPHeader.swift`.
    var path: String
    var text: String
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  }

  static func swiftFiles(under folders: [String]) throws -> [File] {
    var files: [File] = []
    for folder in folders {
      let base = root.appendingPathComponent(folder)
      guard let walk = FileManager.default.enumerator(atPath: base.path) else { continue }
      for case let name as String in walk where name.hasSuffix(".swift") {
        let text = try String(contentsOf: base.appendingPathComponent(name), encoding: .utf8)
        files.append(File(path: "\(folder)/\(name)", text: text))
      }
    }
    return files
  }

  static func imports(of file: File) -> [String] {
    file.lines.compactMap { line in
      var words = line.split(separator: " ")
      while let first = words.first, first.hasPrefix("@") || first == "public" || first == "internal" {
        words.removeFirst()
      }
      guard words.first == "import", words.count > 1 else { return nil }
      return String(words[words.count > 2 && ["struct", "enum", "func", "class"].contains(words[1]) ? 2 : 1])
    }
  }
}

/// Folder → what its files may import. An edge that is not here is an error; so is a folder that is not here.
private let allowed: [(folder: String, imports: Set<String>)] = {
  let foundations: Set<String> = [
    "Bytes", "Chronology", "Randomness", "Telemetry", "Settings", "JSON", "MediaContract", "Identifiers",
  ]
  let system: Set<String> = ["Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch"]
  let streams: Set<String> = ["Wire", "Connectivity", "Congestion", "Streams", "DataChannels", "Cryptography"]
  let signalling: Set<String> = ["LiveKitProtocol", "AccessTokens", "SessionDescriptions", "Cryptography"]
  return [
    ("Sources/Foundations", foundations),
    ("Sources/Cryptography", foundations.union(["COpenSSL", "CSRTP", "CCrypt"])),
    ("Media/Wire", foundations),
    ("Media/Connectivity", foundations.union(["Wire", "Cryptography"])),
    ("Media/Congestion", foundations.union(["Wire"])),
    ("Media/Streams", foundations.union(["Wire"])),
    ("Media/DataChannels", foundations),
    ("Media/Forwarding", foundations.union(["Wire", "Congestion", "Streams"])),
    ("Media/Node", foundations.union(streams).union(["Forwarding"])),
    ("Media/Peer", foundations.union(streams)),
    ("Signalling/RTC", foundations.union(signalling)),
    ("Signalling/Schema", ["SQL"]),
    ("Signalling/Problems", []),
    (
      "Signalling/Integrations",
      foundations.union(["Cryptography", "Problems", "Access", "API", "SQL", "Identity", "Chat"])
    ),
    (
      "Signalling/Endpoints",
      foundations.union([
        "Problems", "API", "Identity", "Community", "Attachments", "Chat", "Integrations", "Voice",
      ])
    ),
    ("Signalling/Access", foundations.union(["Problems", "SQL"])),
    ("Signalling/API", foundations.union(["Cryptography", "Problems", "Access", "SQL"])),
    ("Signalling/Identity", foundations.union(["Cryptography", "Problems", "Access", "API", "SQL"])),
    (
      "Signalling/Community", foundations.union(["Cryptography", "Problems", "Access", "API", "SQL", "Identity"])
    ),
    ("Signalling/Attachments", foundations.union(["Multipart", "Problems", "Access", "API", "SQL", "Identity"])),
    ("Signalling/Chat", foundations.union(["Problems", "Access", "API", "SQL", "Attachments"])),
    (
      "Signalling/Import",
      foundations.union(["Problems", "Access", "API", "SQL", "Community", "Attachments", "Chat"])
    ),
    (
      "Signalling/Voice",
      foundations.union(signalling).union(["Rooms", "Problems", "Access", "API", "SQL"])
    ),
    (
      "Signalling/Gateway",
      foundations.union(["Problems", "Access", "API", "SQL", "Identity", "Community", "Chat"])
    ),
    (
      "Sources/Drivers",
      foundations.union(streams).union(system).union([
        "Node", "Reactor", "Compression", "CLinux", "COpenSSL", "CCurl", "COpus", "CVPX", "CZlib", "CSQLite",
        "CInspection", "SQL", "Blobs", "ImageMetadata",
      ])
    ),
    (
      "Sources/Demonstration",
      foundations.union(streams).union(signalling).union(system).union([
        "Peer", "Rooms", "Reactor", "EventLoops", "MediaCodecs",
      ])
    ),
    (
      "Sources/mqvi",
      foundations.union(streams).union(signalling).union(system).union([
        "Node", "Peer", "Rooms", "Reactor", "EventLoops", "WebEdge", "Fetch", "Compression", "MediaCodecs",
        "Demonstration", "CLinux", "SQL", "Schema", "Store", "Problems", "Access", "API",
        "Identity", "Community", "Attachments", "Chat", "Integrations", "Gateway", "Voice", "Passwords", "Import",
        "Endpoints",
        "Blobs", "Inspection",
      ])
    ),
  ]
}()

private let production = ["Sources", "Media", "Signalling"]

@Suite struct ArchitectureTests {
  @Test func `imports follow the arrows of the architecture`() throws {
    let files = try Repository.swiftFiles(under: production)
    #expect(files.count > 50)
    for file in files {
      guard let rule = allowed.first(where: { file.path.hasPrefix($0.folder + "/") }) else {
        Issue.record("\(file.path) stands in a folder without a rule")
        continue
      }
      for name in Repository.imports(of: file) {
        #expect(rule.imports.contains(name), "\(file.path) imports \(name)")
      }
    }
  }

  @Test func `the media plane and the control plane meet only in the bridge`() throws {
    let media: Set<String> = ["Node", "Forwarding", "Streams", "Congestion", "Connectivity", "DataChannels", "Wire"]
    for file in try Repository.swiftFiles(under: ["Signalling"]) {
      #expect(media.isDisjoint(with: Repository.imports(of: file)), "\(file.path)")
    }
    for file in try Repository.swiftFiles(under: ["Media"]) {
      #expect(!Repository.imports(of: file).contains("Rooms"), "\(file.path)")
    }
  }

  @Test func `unsafe code stands only where memory, C and the kernel are`() throws {
    let homes = ["Sources/Foundations/Bytes/", "Sources/Cryptography/", "Sources/Drivers/"]
    for file in try Repository.swiftFiles(under: production) where !homes.contains(where: file.path.hasPrefix) {
      for (number, line) in file.lines.enumerated() {
        let code = line.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        let words = code.split(whereSeparator: { !$0.isLetter && $0 != "_" })
        #expect(!words.contains("unsafe"), "\(file.path):\(number + 1)")
      }
    }
  }

  @Test func `nothing that the network reaches forces an optional or a cast`() throws {
    for file in try Repository.swiftFiles(under: ["Media", "Signalling"]) {
      for (number, line) in file.lines.enumerated() {
        let code = line.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        for trap in ["try!", "as!", "fatalError(", ".first!", ".last!"] {
          #expect(!code.contains(trap), "\(file.path):\(number + 1) has \(trap)")
        }
      }
    }
  }

  @Test func `files fit in a head`() throws {
    for file in try Repository.swiftFiles(under: production + ["bench"]) {
      #expect(file.lines.count <= 501, "\(file.path) has \(file.lines.count) lines")
    }
  }

  @Test func `every file says what it is for before its first declaration`() throws {
    for file in try Repository.swiftFiles(under: production) {
      let first = file.lines.first { !$0.isEmpty } ?? ""
      #expect(first.hasPrefix("//"), "\(file.path)")
      #expect(!first.hasPrefix("// Replaced by"), "\(file.path) is still a placeholder")
    }
  }

  @Test func `nothing unfinished is left in the source`() throws {
    for file in try Repository.swiftFiles(under: production) {
      for (number, line) in file.lines.enumerated() {
        for word in ["TODO", "FIXME", "XXX", "HACK"] {
          #expect(!line.contains(word), "\(file.path):\(number + 1)")
        }
      }
    }
  }

  @Test func `tests wait for events, they do not sleep`() throws {
    let own = "Tests/Architecture/"
    for file in try Repository.swiftFiles(under: ["Tests"]) where !file.path.hasPrefix(own) {
      for (number, line) in file.lines.enumerated() {
        for call in ["Task.sleep", "usleep(", "Thread.sleep", "nanosleep("] {
          #expect(!line.contains(call), "\(file.path):\(number + 1)")
        }
      }
    }
  }
}

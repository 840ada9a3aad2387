// `mqvi import discord`: takes over what DiscordChatExporter saved of a server.

import API
import Access
import Blobs
import Chronology
import Import
import Inspection
import JSON
import Problems
import Reactor
import SQL
import Schema
import Settings
import Store

enum ImportCommand {
  enum Limit {
    /// Bytes of one file of an export: years of a busy channel. Larger ones can be exported in parts (`--partition`).
    static let export = 2 * 1024 * 1024 * 1024
    /// Bytes of one attachment: what people may upload.
    static let attachment = 25 * 1024 * 1024
    /// Messages in one transaction.
    static let batch = 500
    /// Folders below the one that is named.
    static let depth = 8
  }

  static func run(_ arguments: [String]) -> ExitStatus {
    do {
      var options = Options(arguments)
      let settings = try options.settings()
      let areVisible = try options.flag("visible") ?? false
      guard options.operand() == "discord" else {
        throw OptionError(description: "say where it comes from: `mqvi import discord DIRECTORY`")
      }
      guard let directory = options.operand() else {
        throw OptionError(description: "the export's directory is missing")
      }
      try options.finish()
      guard Files.isDirectory(directory) else {
        throw OptionError(description: "\(directory) is no directory")
      }
      var run = try ImportRun(settings, areVisible: areVisible)
      try run.importAll(in: directory)
      Terminal.print(run.report.lines.joined(separator: "\n"))
      return .success
    } catch let error as OptionError {
      Terminal.error("\(error)\n      `mqvi help import` tells how it is used.")
      return .usage
    } catch let problem as Problem {
      Terminal.error("\(problem.message). What was imported before stays; the same command goes on from there.")
      return .failure
    } catch {
      Terminal.error("\(error)")
      return .failure
    }
  }
}

/// One import: the database, where files go, and what has been done.
private struct ImportRun: ~Copyable {
  private let held: ExclusiveDatabase
  private let keeper: FileKeeper<DiskBlobs>
  private var state: WriterState
  private var importer: DiscordImporter

  var report: ImportReport { importer.report }

  init(_ settings: Settings, areVisible: Bool) throws {
    let held = try ExclusiveDatabase(DataDirectory.database(settings), knowing: Schema.migrations)
    let state = try WriterState(reading: held.database)
    guard state.directory.everyone != nil else {
      throw OptionError(description: "the server has not been set up: start `mqvi serve` and make the first account")
    }
    let blobs = try DiskBlobs(settings)
    self.held = held
    self.state = state
    keeper = FileKeeper(store: blobs, inspector: Inspector()) { Terminal.error($0) }
    importer = DiscordImporter(areVisible: areVisible)
  }

  mutating func importAll(in directory: String) throws {
    var files: [(path: String, export: DiscordExport)] = []
    for path in Self.exports(below: directory, depth: 0) {
      do {
        files.append(
          (path, try DiscordExport(try ExportScanner(try Files.read(path, limit: ImportCommand.Limit.export)).header)))
      } catch let error as ExportError {
        importer.note("file that \(error): \(path)")
      }
    }
    guard !files.isEmpty else {
      throw OptionError(description: "\(directory) has no JSON of DiscordChatExporter (`--format Json`)")
    }
    // Threads after the channels that they hang on, parts of one channel in the order of their names.
    for file in files.filter({ !$0.export.isThread }) + files.filter({ $0.export.isThread }) {
      Terminal.print("\(file.export.name)  \(file.path)")
      try importFile(file.path, file.export)
    }
    let report = importer.report
    try write { (writing, _) throws(Problem) in
      let call = Call(directory: writing.directory, at: Moment(instant: Clock.now(), wall: writing.at))
      try writing.record(
        AuditEntry(
          "import", "community", record: ("import", "discord"),
          new: ["messages": .integer(Int64(report.messages)), "channels": .integer(Int64(report.channels))]), call)
    }
  }

  private static func exports(below directory: String, depth: Int) -> [String] {
    Files.list(directory).flatMap { name -> [String] in
      let path = directory + "/" + name
      if name.lowercased().hasSuffix(".json") { return [path] }
      // Folders of media hold nothing else, and thousands of it.
      guard depth < ImportCommand.Limit.depth, !name.hasSuffix("_Files"), Files.isDirectory(path) else { return [] }
      return exports(below: path, depth: depth + 1)
    }
  }

  private mutating func importFile(_ path: String, _ export: DiscordExport) throws {
    let bytes = try Files.read(path, limit: ImportCommand.Limit.export)
    let scanned = try ExportScanner(bytes)
    let channel = try write { (writing, importer) throws(Problem) in try importer.open(export, &writing) }
    guard let channel else { return }
    // The oldest first, so that answers find what they answer: the exporter can write both ways.
    var ranges = scanned.messages[...]
    if let first = ranges.first, let last = ranges.last, Self.isYounger(first, than: last, bytes) {
      ranges = Array(ranges.reversed())[...]
    }
    while !ranges.isEmpty {
      let batch = ranges.prefix(ImportCommand.Limit.batch).compactMap { range -> DiscordMessage? in
        ExportScanner.message(range, of: bytes).flatMap { DiscordMessage($0) }
      }
      importer.note("message that could not be read", min(ranges.count, ImportCommand.Limit.batch) - batch.count)
      ranges = ranges.dropFirst(ImportCommand.Limit.batch)
      let files = try keepFiles(of: batch, beside: path)
      try write { (writing, importer) throws(Problem) in
        for message in batch {
          try importer.store(message, in: channel, files: files[message.id] ?? [:], &writing)
        }
      }
    }
  }

  private static func isYounger(_ a: Range<Int>, than b: Range<Int>, _ bytes: [UInt8]) -> Bool {
    guard let a = ExportScanner.message(a, of: bytes).flatMap({ DiscordMessage($0) }),
      let b = ExportScanner.message(b, of: bytes).flatMap({ DiscordMessage($0) })
    else { return false }
    return a.time > b.time
  }

  // MARK: Files

  /// Files that lie beside the export, by message and address.
  private func keepFiles(of batch: [DiscordMessage], beside path: String) throws -> [Snowflake: [String: KeptFile]] {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let tables = Tables(held.database)
    var found: [Snowflake: [String: KeptFile]] = [:]
    for message in batch where !message.attachments.isEmpty {
      if try importer.knows(message, tables) { continue }
      for attachment in message.attachments {
        guard let local = Self.localPath(attachment.url, in: folder),
          let content = try? Files.read(local, limit: ImportCommand.Limit.attachment)
        else { continue }
        found[message.id, default: [:]][attachment.url] = KeptFile(try keeper.keepFile(content))
      }
    }
    return found
  }

  /// A relative path below the export's folder; nil for addresses, and for paths that lead out of it: exports may come
  /// from others.
  private static func localPath(_ url: String, in folder: String) -> String? {
    guard !url.contains("://"), !url.hasPrefix("/"), !url.hasPrefix("\\") else { return nil }
    let path = (PercentEncoding.decode(url) ?? url).replacing("\\", with: "/")
    guard !path.split(separator: "/").contains("..") else { return nil }
    return folder.isEmpty ? path : folder + "/" + path
  }

  // MARK: Writing

  /// One transaction. A failure leaves neither rows nor memory of it.
  private mutating func write<Output>(
    _ job: (inout Writing, inout DiscordImporter) throws(Problem) -> Output
  ) throws -> Output {
    var changed = importer
    var writing = Writing(held.database, state, at: Clock.wallTime())
    let output = try held.database.transaction(failing: Problem.self) { () throws(Problem) -> Output in
      try job(&writing, &changed)
    }
    state = writing.state
    importer = changed
    return output
  }
}

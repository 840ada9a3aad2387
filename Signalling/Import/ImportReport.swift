// What an import did, and what it could not: people check a move by it.

public struct ImportReport: Hashable, Sendable {
  public internal(set) var categories = 0
  public internal(set) var channels = 0
  public internal(set) var authors = 0
  public internal(set) var messages = 0
  public internal(set) var attachments = 0
  public internal(set) var reactions = 0
  /// Messages that an earlier import brought.
  public internal(set) var known = 0
  /// What was left out or changed, by what it is, with how often.
  public private(set) var notes: [String: Int] = [:]

  public init() {}

  public mutating func note(_ what: String, _ count: Int = 1) {
    if count > 0 { notes[what, default: 0] += count }
  }

  /// Lines for a person: counts first, then what to know.
  public var lines: [String] {
    var lines = [
      "messages      \(messages) new, \(known) there before", "attachments   \(attachments)",
      "reactions     \(reactions)",
      "channels      \(channels) new", "categories    \(categories) new", "authors       \(authors) new placeholders",
    ]
    if !notes.isEmpty { lines.append("not as it was:") }
    for (what, count) in notes.sorted(by: { $0.key < $1.key }) { lines.append("  \(count) × \(what)") }
    return lines
  }
}

// A large community that talks: who is in it, where, and with which words.

import API
import Access
import Chat
import Chronology
import Identifiers
import Problems
import Randomness
import SQL
import Schema

/// A database with people and channels, and a writer that posts like the server does: every message in a savepoint of
/// its own, some of them in one durable transaction.
struct Town {
  let database: Database
  private var state: WriterState
  private var random = Random(seed: 1)
  private var now: Int64 = 1_800_000_000_000
  private let vocabulary: Vocabulary
  private(set) var people: [Identifier] = []
  private(set) var channels: [Identifier] = []
  /// Sees everything, everything but a fifth, one small channel only.
  private(set) var readers: [(name: String, id: Identifier)] = []
  /// Where next to nothing is written.
  private(set) var quiet = Identifier(rawValue: 0)

  static let channelCount = 100

  init(_ database: Database) throws {
    self.database = database
    try Migrations.run(Schema.migrations, on: database)
    state = WriterState(directory: Directory(), identifiers: IdentifierSource(), auditTip: [])
    vocabulary = Vocabulary(&random)
    try settle()
  }

  var directory: Directory { state.directory }
  var time: WallTime { WallTime(milliseconds: now) }

  private mutating func settle() throws {
    try database.transaction(failing: Problem.self) { () throws(Problem) in
      var writing = Writing(database, state, at: time)
      let tables = writing.tables
      let everyone = writing.newIdentifier()
      try tables.execute(
        "INSERT INTO roles (id, kind, name, permissions, created_at) VALUES (?1, 1, 'Member', ?2, 0)", everyone,
        Permissions.memberDefault.rawValue)
      let admin = writing.newIdentifier()
      try tables.execute(
        "INSERT INTO roles (id, kind, name, position, permissions, created_at) VALUES (?1, 0, 'Admin', 1, ?2, 0)",
        admin,
        Permissions.all.rawValue)
      for index in 0..<1_000 {
        let id = writing.newIdentifier()
        people.append(id)
        try tables.execute(
          "INSERT INTO users (id, username_key, username, created_at) VALUES (?1, ?2, ?2, 0)", id, "kisi\(index)")
      }
      try tables.execute("INSERT INTO user_roles (user_id, role_id) VALUES (?1, ?2)", people[0], admin)
      for index in 0...Town.channelCount {
        let id = writing.newIdentifier()
        try tables.execute(
          "INSERT INTO channels (id, name, type, created_at) VALUES (?1, ?2, 'text', 0)", id, "kanal\(index)")
        // A fifth is hidden from all but administrators; one member sees nothing but the last, quiet one.
        let hides = index < Town.channelCount / 5
        try tables.execute(
          "INSERT INTO channel_permissions (channel_id, role_id, deny) VALUES (?1, ?2, ?3)", id, everyone,
          hides ? Permissions.viewChannel.rawValue : 0)
        if index < Town.channelCount {
          try tables.execute(
            "INSERT INTO channel_permissions (channel_id, user_id, deny) VALUES (?1, ?2, ?3)", id, people[2],
            Permissions.viewChannel.rawValue)
          channels.append(id)
        } else {
          quiet = id
        }
      }
      readers = [("everything", people[0]), ("four fifths", people[1]), ("one quiet channel", people[2])]
      try writing.directoryChanged()
      state = writing.state
    }
  }

  /// Posts so many messages, `group` to a transaction.
  mutating func post(_ count: Int, group: Int) throws {
    var left = count
    while left > 0 {
      let size = min(left, group)
      left -= size
      try database.script("BEGIN IMMEDIATE")
      for _ in 0..<size { try postOne() }
      try database.script("COMMIT")
    }
  }

  /// What the server does beside the requests.
  mutating func keepUp() throws {
    var hasMore = true
    while hasMore {
      hasMore = try database.transaction(failing: Problem.self) { () throws(Problem) in
        var writing = Writing(database, state, at: time)
        let hasMore = try Chat.upkeep(&writing)
        state = writing.state
        return hasMore
      }
    }
  }

  private mutating func postOne() throws {
    now += 20
    let channel = random.chance(0.0005) ? quiet : channels[Int.random(in: 0..<channels.count, using: &random)]
    var draft = Draft(
      channel: channel, author: people[Int.random(in: 0..<people.count, using: &random)],
      content: vocabulary.sentence(&random))
    draft.nonce = String(random.next() >> 8)
    draft.mayMentionAll = false
    try database.script("SAVEPOINT job")
    var writing = Writing(database, state, at: time)
    _ = try Chat.post(draft, &writing)
    state = writing.state
    try database.script("RELEASE job")
  }

  func word(_ rank: Int) -> String { vocabulary.words[rank] }
}

/// Words as languages have them: a few are everywhere, most are rare (Zipf).
struct Vocabulary {
  let words: [String]
  private let sums: [Double]

  init(_ random: inout Random) {
    let syllables = [
      "ka", "le", "mi", "şe", "ğı", "to", "rü", "ba", "yı", "sa", "çe", "no", "vi", "lar", "ler", "dan", "in", "ça",
      "mu",
      "gö", "zi", "par", "tek", "hâ",
    ]
    var words: [String] = []
    var known: Set<String> = []
    while words.count < 50_000 {
      var word = ""
      for _ in 0..<Int.random(in: 1...5, using: &random) { word += syllables.randomElement(using: &random) ?? "" }
      if known.insert(word).inserted { words.append(word) }
    }
    self.words = words
    var sum = 0.0
    sums = (0..<words.count).map { rank in
      sum += 1 / Double(rank + 3)
      return sum
    }
  }

  func sentence(_ random: inout Random) -> String {
    let count = Int.random(in: 3...20, using: &random)
    var text = (0..<count).map { _ in word(&random) }.joined(separator: " ")
    if random.chance(0.03) { text += " https://ornek.com/\(random.next())" }
    return text
  }

  private func word(_ random: inout Random) -> String {
    let target = random.unit() * (sums.last ?? 0)
    var low = 0
    var high = sums.count - 1
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] < target { low = middle + 1 } else { high = middle }
    }
    return words[low]
  }
}

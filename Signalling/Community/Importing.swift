// Places that come from elsewhere: categories and channels as another server had them, within the limits of this one.

public import API
public import Access
public import Chronology
public import Identifiers
public import Problems
import SQL

extension Writing {
  /// A category with this name, as far as a name of ours can say it. Nil when there are as many as there may be.
  public mutating func importCategory(named name: String) throws(Problem) -> Identifier? {
    let count = try tables.first("SELECT count(*) FROM categories") { $0.int(0) } ?? 0
    guard count < Limit.categories else { return nil }
    let id = newIdentifier()
    try tables.execute(
      "INSERT INTO categories (id, name, position, created_at) VALUES (?1, ?2, ?3, ?4)", id, Names.made(of: name),
      count, at)
    return id
  }

  /// A channel below the others. Nil when there are as many as there may be.
  ///
  /// - Parameter isHidden: whether only administrators see it until somebody opens it.
  public mutating func importChannel(
    named name: String, kind: Channel.Kind, topic: String?, category: Identifier?, createdAt: WallTime, isHidden: Bool
  ) throws(Problem) -> Identifier? {
    let count = try tables.first("SELECT count(*) FROM channels WHERE type IN ('text', 'voice')") { $0.int(0) } ?? 0
    guard count < Limit.channels else { return nil }
    let id = newIdentifier()
    var fields = ChannelFields(name: Names.made(of: name), kind: kind)
    fields.category = category
    fields.topic = topic.flatMap { $0.isEmpty ? nil : String($0.unicodeScalars.prefix(Limit.topic)) }
    try fields.insert(id, &self)
    try tables.execute("UPDATE channels SET created_at = ?2 WHERE id = ?1", id, createdAt)
    if isHidden, let everyone = directory.everyone {
      try OverrideTable.channel.write(Override(deny: .viewChannel), for: .role(everyone), of: id, tables)
    }
    try directoryChanged()
    return id
  }
}

// The members of a JSON object, in the order in which they were written.

/// An ordered collection of named values. Names are unique.
///
/// Lookup is a linear search: protocol objects have a handful of members, where it beats hashing.
public struct JSONObject: Sendable, Hashable {
  public struct Member: Sendable, Hashable {
    public let key: String
    public var value: JSONValue

    public init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  public private(set) var members: [Member]

  public init() { members = [] }

  /// The parser has checked that the names are unique.
  init(uniqueMembers: [Member]) { members = uniqueMembers }

  public var count: Int { members.count }
  public var isEmpty: Bool { members.isEmpty }

  /// The value of the member `key`. Assigning replaces in place or appends; assigning nil removes.
  ///
  /// - Complexity: O(n) in the number of members.
  public subscript(key: String) -> JSONValue? {
    get {
      for member in members where member.key == key { return member.value }
      return nil
    }
    set {
      let index = members.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }
}

// What an update changed, for the audit log: the members that differ, before and after.

import JSON

enum Difference {
  /// Two objects of the members whose values differ; nil when none does.
  static func between(_ old: JSONValue, _ new: JSONValue) -> (old: JSONValue, new: JSONValue)? {
    var before = JSONObject()
    var after = JSONObject()
    for member in new.object?.members ?? [] where old[member.key] != member.value {
      before[member.key] = old[member.key] ?? .null
      after[member.key] = member.value
    }
    return after.isEmpty ? nil : (.object(before), .object(after))
  }
}

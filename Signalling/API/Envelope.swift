// How an answer is written: `{success: true, …}` or `{success: false, error, code}` (UN-002, UN-003).

import JSON
public import Problems

extension Reply {
  /// The JSON body: the members of `body` after `success: true`.
  public var envelope: [UInt8] {
    var object = JSONObject()
    object["success"] = true
    for member in body.object?.members ?? [] { object[member.key] = member.value }
    return JSONValue.object(object).serialized
  }
}

extension Problem {
  /// The JSON body. `request` names the record in the log, for failures of ours.
  public func envelope(request: String? = nil) -> [UInt8] {
    var object = JSONObject()
    object["success"] = false
    object["error"] = .string(message)
    object["code"] = .string(code.rawValue)
    if let reason { object["reason"] = .string(reason) }
    if let pointer { object["pointer"] = .string(pointer) }
    if let retryAfter { object["retry_after"] = .decimal(retryAfter) }
    if let ticket { object["ticket"] = .string(ticket) }
    if code == .internal, let request { object["request"] = .string(request) }
    return JSONValue.object(object).serialized
  }

  /// Header fields that go with it.
  public var headers: [(name: String, value: String)] {
    guard let retryAfter else { return [] }
    return [("Retry-After", String(Int64(retryAfter.rounded(.up))))]
  }
}

// A file of DiscordChatExporter, taken apart without holding it as one tree: an export of years has millions of values.

public import JSON

/// Why a file is no export that can be read.
public enum ExportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No JSON, or broken off.
  case malformed
  /// JSON, but not of DiscordChatExporter.
  case foreign

  public var description: String {
    switch self {
    case .malformed: "is not whole JSON"
    case .foreign: "is JSON, but no export of a channel"
    }
  }
}

/// What stands in an export: everything but the messages as one value, and where each message is.
public struct ExportScanner: Sendable {
  public enum Limit {
    /// Bytes of everything in a file beside its messages.
    public static let header = 1024 * 1024
    /// Bytes of one message: reactions name everybody who chose them.
    public static let message = 16 * 1024 * 1024
  }

  public let header: JSONValue
  /// The messages in the order of the file, as places in its bytes.
  public let messages: [Range<Int>]

  public init(_ bytes: [UInt8]) throws(ExportError) {
    var scan = Scan(bytes)
    let list = try scan.messages()
    messages = list.elements
    let head = bytes[scan.start..<list.array.lowerBound] + Array("[]".utf8) + bytes[list.array.upperBound...]
    guard head.count <= Limit.header else { throw .foreign }
    guard let value = try? JSONValue(parsing: Array(head)) else { throw .malformed }
    header = value
  }

  /// The message at `range`; nil when it is no JSON or longer than any message is.
  public static func message(_ range: Range<Int>, of bytes: [UInt8]) -> JSONValue? {
    guard range.count <= Limit.message else { return nil }
    return try? JSONValue(parsing: Array(bytes[range]), limits: JSONLimits(bytes: Limit.message, values: 1 << 20))
  }
}

/// One pass over the bytes that knows strings from structure, and nothing else of JSON.
private struct Scan {
  let bytes: [UInt8]
  let start: Int
  private var position: Int
  private var depth = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // A byte order mark, as .NET may write.
    start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    position = start
  }

  /// The array behind the key "messages" of the outermost object, and the objects in it.
  mutating func messages() throws(ExportError) -> (array: Range<Int>, elements: [Range<Int>]) {
    var key: ArraySlice<UInt8> = []
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        let text = try string()
        if depth == 1 { key = text }
        continue
      case UInt8(ascii: "["):
        if depth == 1, key.elementsEqual("messages".utf8) { return try elements() }
        depth += 1
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      position += 1
    }
    throw start < bytes.count && bytes[start] == UInt8(ascii: "{") && depth == 0 ? .foreign : .malformed
  }

  private mutating func elements() throws(ExportError) -> (array: Range<Int>, elements: [Range<Int>]) {
    let opening = position
    var found: [Range<Int>] = []
    var element = position
    var nested = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        _ = try string()
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        if nested == 1 { element = position }
        nested += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        nested -= 1
        if nested == 1 { found.append(element..<position + 1) }
        if nested == 0 { return (opening..<position + 1, found) }
      default: break
      }
      position += 1
    }
    throw .malformed
  }

  /// Past the string that begins here; returns what stands between its quotation marks.
  private mutating func string() throws(ExportError) -> ArraySlice<UInt8> {
    position += 1
    let opening = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\\"): position += 2
      case UInt8(ascii: "\""):
        position += 1
        return bytes[opening..<position - 1]
      default: position += 1
      }
    }
    throw .malformed
  }
}

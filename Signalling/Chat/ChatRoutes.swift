// The endpoints of chat.

public import API
import Access
import Identifiers
import JSON
import Problems

public enum ChatRoutes {
  public static var all: [Route] {
    messages + removing + reactions + pins + readStates + conversations + blocks + search
  }

  /// Scopes of bots' tokens.
  static let reading = "messages.read"
  static let writing = "messages.write"
}

extension Call {
  /// The ids in the member `name` of the body.
  func bodyIDs(_ name: String) -> [Identifier] {
    (body[name]?.array ?? []).compactMap { $0.string.flatMap { Identifier($0) } }
  }
}

/// Shapes of the answers.
enum Answers {
  static let message: [Shape.Field] = [Shape.Field("message", .reference("Message"))]
  static let messages: [Shape.Field] = [Shape.Field("messages", .array(.reference("Message"), 0...Limit.page))]
  static let readState: [Shape.Field] = [Shape.Field("read_state", .reference("ReadState"))]
  static let channel: [Shape.Field] = [Shape.Field("channel", .reference("Conversation"))]
}

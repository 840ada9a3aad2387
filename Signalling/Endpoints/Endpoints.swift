// Every route of the API in one table, and what the modules behind them do for each other.

public import API
import Attachments
import Chat
import Chronology
import Community
import Identifiers
public import Identity
import Integrations
import JSON
import Problems
import Voice

public enum Endpoints {
  /// All routes, in the order in which the documentation shows them. `keys` sign what the accounts' routes give out.
  public static func all(_ keys: AccountKeys) -> [Route] {
    IdentityRoutes(keys, holders: [messages]).all
      + CommunityRoutes.all(hooks: CommunityHooks(purgeMessages: purge)) + ChatRoutes.all + AttachmentRoutes.all
      + VoiceRoutes.all + IntegrationRoutes(keys).all
  }

  /// Objects that answers are made of.
  public static let components: Components =
    IdentityRoutes.components + CommunityRoutes.schemas + AttachmentRoutes.components + ChatRoutes.schemas
    + VoiceRoutes.schemas + IntegrationRoutes.components

  /// What chat keeps of people, for who hands it over or erases it.
  private static let messages = DataHolder(
    "chat",
    export: { reading, user throws(Problem) in
      var messages: [JSONValue] = []
      var position: Identifier?
      while true {
        let page = try ChatEraser.messages(of: user, after: position, limit: 500, reading)
        guard let last = page.last?["id"]?.string.flatMap({ Identifier($0) }) else { break }
        messages += page
        position = last
      }
      return ["messages": .array(messages), "other": try ChatEraser.remainder(of: user, reading)]
    },
    erase: { writing, user, choice throws(Problem) in
      // Messages that stay have a deleted account for an author.
      guard choice == .remove else { return }
      while try ChatEraser.erase(user, &writing) {}
    })

  private static let purge: CommunityHooks.Purge = { user, since, writing throws(Problem) in
    _ = try Chat.deleteRecent(of: user, since: since, &writing)
  }
}

// Sending, reading, editing and deleting messages over the routes.

import API
import Access
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

@Suite struct MessageTests {
  @Test func `a sent message is answered, told and listed`() throws {
    let talk = try Talk()
    let message = try talk.send("  selam  ")
    #expect(message.content == "selam")
    #expect(message["author"]?["username"] == "member")
    #expect(message["type"] == "default")
    #expect(message["attachments"] == [])
    let events = try talk.events()
    #expect(events.map(\.op) == ["message_create"])
    #expect(events[0].data["message"]?["id"] == message["id"])
    #expect(events[0].audience == .channel(talk.text))
    #expect(talk.get("/channels/\(talk.text)/messages").ids == [message.key])
    #expect(talk.get("/channels/\(talk.text)/messages/\(message.key)")["message"].content == "selam")
  }
}

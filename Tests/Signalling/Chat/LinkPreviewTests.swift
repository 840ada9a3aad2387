// Looking up previews: the steps behind a message with links.

import API
import Access
import Chat
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

@Suite struct LinkPreviewTests {
  /// A community whose workers answer for the web, and a route that looks up a message's previews.
  private func talk(_ pages: [String: String]) throws -> Talk {
    let lookup = Route(.post, "/lookup/{message_id}", "lookUp", "", tag: "", access: .anyone) { call throws(Problem) in
      Chat.previews(of: try call.id("message_id"))
    }
    let talk = try Talk(ChatRoutes.all + [lookup])
    talk.community.worker = { work in
      guard case .fetch(let request) = work, request.method == "GET", let page = pages[request.url] else {
        return .failed(Problem(.unavailable, "no answer"))
      }
      return .fetched(status: 200, type: "text/html; charset=utf-8", body: Array(page.utf8))
    }
    return talk
  }

  private func lookUp(_ message: JSONValue, _ talk: Talk) throws {
    #expect(talk.call("POST", "/lookup/\(message.key)").status == 200)
  }

  @Test func `a link gets a preview, which is told`() throws {
    let talk = try talk(["https://a.b/c?d": "<title>Başlık</title><meta property=og:image content=/e.png>"])
    let message = try talk.send("bak: https://a.b/c?d, ve https://yok.b")
    #expect(talk.community.takeConsequences() == [.linksPosted(message: try #require(message.id))])
    _ = try talk.events()
    try lookUp(message, talk)
    let embed: JSONValue = [
      "url": "https://a.b/c?d", "title": "Başlık", "description": nil, "site_name": nil,
      "image_url": "https://a.b/e.png",
    ]
    let events = try talk.events()
    #expect(events.map(\.op) == ["message_update"])
    #expect(events[0].data["message"]?["embeds"] == [embed])
    #expect(events[0].data["message"]?["edited_at"] == .some(.null))
    #expect(talk.search("has:embed").ids == [message.key])
    // Another text, and they are gone.
    let edited = talk.call("PATCH", "/messages/\(message.key)", ["content": "bakma"])
    #expect(edited["message"]["embeds"] == .some([]))
    #expect(talk.search("has:embed").ids.isEmpty)
  }

  @Test func `a message that changed or went meanwhile keeps what it has`() throws {
    let pages = ["https://a.b": "<title>x</title>"]
    let changed = try talk(pages)
    let message = try changed.send("https://a.b")
    let answer = changed.community.worker
    changed.community.worker = { work in
      _ = changed.call("PATCH", "/messages/\(message.key)", ["content": "https://a.b değil"])
      return answer(work)
    }
    _ = try changed.events()
    try lookUp(message, changed)
    #expect(try changed.events().map(\.op) == ["message_update"])
    let path = "/channels/\(changed.text)/messages/\(message.key)"
    #expect(changed.get(path)["message"]["embeds"] == .some([]))
    #expect(changed.call("DELETE", "/messages/\(message.key)").status == 200)
    try lookUp(message, changed)
  }

  @Test func `a page that cannot be had changes nothing`() throws {
    let talk = try talk([:])
    let message = try talk.send("https://a.b")
    _ = try talk.events()
    try lookUp(message, talk)
    #expect(try talk.events().isEmpty)
  }
}

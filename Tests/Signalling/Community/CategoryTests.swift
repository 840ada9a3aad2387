// Categories: headings that everybody sees.

import API
import Access
import Community
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL
import Testing

@Suite struct CategoryTests {
  @Test func `they are made, listed in order and told to everybody`() throws {
    let asking = try Asking()
    _ = asking.category("Birinci")
    _ = asking.category("İkinci")
    let events = asking.community.takeEvents()
    #expect(events.map(\.op) == ["category_create", "category_create"])
    #expect(events.allSatisfy { $0.audience == .everyone })
    #expect(asking.get("/categories", as: asking.ids.member)["categories"].all("name") == ["Birinci", "İkinci"])
    #expect(asking.get("/channels", as: asking.ids.member)["categories"].all("name") == ["Birinci", "İkinci"])
  }

  @Test func `only who manages channels touches them`() throws {
    let asking = try Asking()
    let id = asking.category("Birinci")
    let path = "/categories/\(id)"
    #expect(asking.post("/categories", ["name": "x"], as: asking.ids.moderator).status == 403)
    #expect(asking.patch(path, ["name": "x"], as: asking.ids.moderator).status == 403)
    #expect(asking.delete(path, as: asking.ids.moderator).status == 403)
    #expect(
      asking.put("/categories/positions", ["categories": [.string(id.description)]], as: asking.ids.member).status
        == 403)
  }

  @Test func `renaming keeps the place`() throws {
    let asking = try Asking()
    _ = asking.category("Birinci")
    let id = asking.category("İkinci")
    _ = asking.ops()
    let answer = asking.patch("/categories/\(id)", ["name": "Son"], as: asking.ids.admin)
    #expect(answer["category"]["name"]?.string == "Son")
    #expect(answer["category"]["position"]?.integer == 1)
    #expect(asking.ops() == ["category_update"])
    #expect(asking.patch("/categories/0000000000000001", ["name": "x"], as: asking.ids.admin).status == 404)
  }

  @Test func `the channels of a deleted category stay, without one`() throws {
    let asking = try Asking()
    let category = asking.category("Geçici")
    let channel = asking.channel(["name": "kalan", "category_id": .string(category.description)])
    _ = asking.ops()
    #expect(asking.delete("/categories/\(category)", as: asking.ids.admin).status == 200)
    #expect(asking.ops() == ["channel_update", "category_delete"])
    #expect(asking.get("/channels/\(channel)", as: asking.ids.member)["channel"]["category_id"] == .null)
    #expect(asking.get("/categories", as: asking.ids.member)["categories"].array?.isEmpty == true)
  }

  @Test func `the order names every category once`() throws {
    let asking = try Asking()
    let ids = ["a", "b", "c"].map { JSONValue.string(asking.category($0).description) }
    let turned: JSONValue = ["categories": [ids[2], ids[0], ids[1]]]
    #expect(
      asking.put("/categories/positions", turned, as: asking.ids.admin)["categories"].all("name") == ["c", "a", "b"])
    let short: JSONValue = ["categories": [ids[2], ids[0]]]
    #expect(asking.put("/categories/positions", short, as: asking.ids.admin)["reason"].string == "order_incomplete")
    let twice: JSONValue = ["categories": [ids[2], ids[0], ids[0]]]
    #expect(asking.put("/categories/positions", twice, as: asking.ids.admin).status == 409)
  }

  @Test func `there are at most fifty`() throws {
    let asking = try Asking()
    for n in 0..<50 { _ = asking.category("\(n)") }
    #expect(asking.post("/categories", ["name": "x"], as: asking.ids.owner)["reason"].string == "limit_categories")
  }
}

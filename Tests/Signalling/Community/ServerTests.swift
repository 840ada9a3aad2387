// The community's name and icon.

import API
import Access
import Community
import CommunitySupport
import JSON
import Problems
import Testing

@Suite struct ServerTests {
  @Test func `every member reads it`() throws {
    let asking = try Asking()
    let answer = asking.get("/server", as: asking.ids.member)
    #expect(answer.status == 200)
    #expect(answer["server"]["name"]?.string == "Deneme")
    #expect(answer["server"]["icon_url"] == .null)
    #expect(asking.get("/server", as: nil).status == 401)
  }

  @Test func `administrators rename it, and everybody hears of it`() throws {
    let asking = try Asking()
    let answer = asking.patch("/server", ["name": "  Çay Ocağı "], as: asking.ids.admin)
    #expect(answer["server"]["name"]?.string == "Çay Ocağı")
    let events = asking.community.takeEvents()
    #expect(events.map(\.op) == ["server_update"])
    #expect(events.first?.audience == .everyone)
    #expect(try asking.actions() == ["server_update"])
  }

  @Test func `nobody else renames it`() throws {
    let asking = try Asking()
    #expect(asking.patch("/server", ["name": "Bizim"], as: asking.ids.moderator).status == 403)
    #expect(asking.get("/server", as: asking.ids.owner)["server"]["name"]?.string == "Deneme")
    #expect(try asking.actions().isEmpty)
  }

  @Test func `the same name again is neither an event nor a row of the log`() throws {
    let asking = try Asking()
    #expect(asking.patch("/server", ["name": "Deneme"], as: asking.ids.owner).status == 200)
    #expect(asking.ops().isEmpty)
    #expect(try asking.actions().isEmpty)
  }

  @Test(arguments: ["", "   ", "\u{200B}", "two\nlines", "turned \u{202E}around", String(repeating: "x", count: 101)])
  func `names that show nothing, break lines or turn around are refused`(name: String) throws {
    let asking = try Asking()
    #expect(asking.patch("/server", ["name": .string(name)], as: asking.ids.owner).code == "VALIDATION_ERROR")
  }

  @Test func `an icon is kept, served to anybody, and taken away`() throws {
    let asking = try Asking()
    #expect(asking.get("/server/icon", as: nil).status == 404)
    asking.community.worker = { work in
      guard case .keep(let bytes, _, _, .avatar) = work else { return .failed(.internal) }
      return .kept(KeptFile(blob: "0123456789abcdef", size: bytes.count, type: "image/png"))
    }
    let answer = asking.community.call("PUT", "/api/server/icon", as: asking.ids.owner, bytes: [1, 2, 3])
    #expect(answer["server"]["icon_url"]?.string == "/api/server/icon?v=01234567")
    let file = asking.get("/server/icon", as: nil).file
    #expect(file == FileBody(blob: "0123456789abcdef", size: 3, type: "image/png", disposition: "inline"))
    #expect(asking.patch("/server", ["icon": nil], as: asking.ids.owner)["server"]["icon_url"] == .null)
    #expect(asking.get("/server/icon", as: nil).status == 404)
  }
}

// Muting, deafening, moving and disconnecting people in voice.

import API
import Access
import Community
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

@Suite struct VoiceModerationTests {
  /// A community in which the member is in the voice channel, and the places where people are moved to.
  private final class Life {
    let asking: Asking
    var place: Identifier?
    var refusal: Problem?

    init() throws {
      asking = try Asking()
      place = asking.ids.voice
      asking.community.life = { [unowned self] request in
        switch request {
        case .voiceChannel(let user):
          return .json(user == asking.ids.member ? place.map { .string($0.description) } ?? .null : .null)
        case .moveVoice(_, let to):
          if let refusal { return .refused(refusal) }
          place = to
          return .json(nil)
        default: return .refused(.internal)
        }
      }
    }

    func patch(_ body: JSONValue, as user: Identifier) -> Answer {
      asking.patch("/users/\(asking.ids.member)/voice", body, as: user)
    }
  }

  @Test func `a moderator mutes and deafens, and the process hears of it by the directory`() throws {
    let life = try Life()
    let answer = life.patch(["muted": true], as: life.asking.ids.moderator)
    #expect(answer["muted"].bool == true)
    #expect(answer["deafened"].bool == false)
    #expect(answer["channel_id"].string == life.asking.ids.voice.description)
    #expect(life.asking.community.directory.members[life.asking.ids.member]?.isServerMuted == true)
    #expect(life.patch(["muted": false, "deafened": true], as: life.asking.ids.moderator)["deafened"].bool == true)
    #expect(life.asking.community.directory.members[life.asking.ids.member]?.isServerMuted == false)
    #expect(try life.asking.actions() == ["member_voice_update", "member_voice_update"])
  }

  @Test func `a member is moved, and disconnected with null`() throws {
    let life = try Life()
    let other = life.asking.channel(["name": "Oda", "type": "voice"])
    #expect(life.patch(["channel_id": .string(other.description)], as: life.asking.ids.moderator).status == 200)
    #expect(life.place == other)
    #expect(life.patch(["channel_id": nil], as: life.asking.ids.moderator)["channel_id"] == .null)
    #expect(life.place == nil)
    #expect(life.patch(["channel_id": nil], as: life.asking.ids.moderator)["reason"].string == "not_in_voice")
  }

  @Test func `it takes the permission in the channel where the member is`() throws {
    let life = try Life()
    let asking = life.asking
    #expect(life.patch(["muted": true], as: asking.ids.member).status == 403)
    let deny: JSONValue = ["deny": .integer(Permissions.muteMembers.rawValue)]
    let path = "/channels/\(asking.ids.voice)/permissions/members/\(asking.ids.moderator)"
    #expect(asking.put(path, deny, as: asking.ids.owner).status == 200)
    #expect(life.patch(["muted": true], as: asking.ids.moderator).status == 403)
    #expect(asking.community.directory.members[asking.ids.member]?.isServerMuted == false)
    #expect(life.patch(["channel_id": nil], as: asking.ids.moderator).status == 200)
  }

  @Test func `nobody is moved to where they, or their mover, may not be`() throws {
    let life = try Life()
    let asking = life.asking
    let closed = asking.channel(["name": "Kapalı", "type": "voice"])
    let hidden = asking.channel(["name": "Gizli", "type": "voice"])
    let everyone = "permissions/\(asking.ids.everyoneRole)"
    _ = asking.put("/channels/\(closed)/\(everyone)", ["deny": 64], as: asking.ids.owner)
    _ = asking.put("/channels/\(hidden)/\(everyone)", ["deny": 1024], as: asking.ids.owner)
    #expect(life.patch(["channel_id": .string(closed.description)], as: asking.ids.moderator).status == 403)
    #expect(life.patch(["channel_id": .string(hidden.description)], as: asking.ids.moderator).status == 404)
    let answer = life.patch(["channel_id": .string(closed.description)], as: asking.ids.admin)
    #expect(answer["reason"].string == "member_cannot_connect")
    #expect(life.patch(["channel_id": .string(asking.ids.text.description)], as: asking.ids.admin).status == 400)
    #expect(life.place == asking.ids.voice)
  }

  @Test func `nobody silences who stands at or above them`() throws {
    let life = try Life()
    let path = "/users/\(life.asking.ids.admin)/voice"
    #expect(life.asking.patch(path, ["muted": true], as: life.asking.ids.moderator).status == 403)
    #expect(
      life.asking.patch("/users/\(life.asking.ids.moderator)/voice", ["muted": false], as: life.asking.ids.moderator)
        .status == 403)
  }

  @Test func `a full channel takes nobody in`() throws {
    let life = try Life()
    life.refusal = Problem(.channelFull, "the channel is full")
    let other = life.asking.channel(["name": "Dolu", "type": "voice"])
    #expect(
      life.patch(["channel_id": .string(other.description)], as: life.asking.ids.moderator).code == "CHANNEL_FULL")
  }
}

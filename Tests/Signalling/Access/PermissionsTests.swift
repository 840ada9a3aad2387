// Bits and codes: two spellings of one set.

import Access
import Testing

@Suite struct PermissionsTests {
  @Test func `every value of the requirements round-trips through its codes`() {
    for value in Int64(0)...2047 {
      let permissions = Permissions(rawValue: value)
      #expect(Permissions(codes: permissions.codes) == permissions)
    }
  }

  @Test func `every single bit and all of them round-trip, and none beyond has a code`() {
    for bit in 0..<63 {
      let permissions = Permissions(rawValue: 1 << bit)
      #expect(permissions.codes.count == (Permissions.all.isSuperset(of: permissions) ? 1 : 0))
      #expect(Permissions(codes: permissions.codes) == permissions.intersection(.all))
    }
    #expect(Permissions(codes: Permissions.all.codes) == .all)
    #expect(Set(Permissions.all.codes).count == Permissions.codes.count)
  }

  @Test func `a code that nobody knows makes the whole list wrong`() {
    #expect(Permissions(codes: ["channels.view", "channels.fly"]) == nil)
  }

  @Test func `bits have the values of the requirements`() {
    let values: [(Permissions, Int64, String)] = [
      (.manageChannels, 1, "channels.manage"), (.manageRoles, 2, "roles.manage_community"),
      (.kickMembers, 4, "members.kick"), (.banMembers, 8, "members.ban"), (.manageMessages, 16, "messages.manage"),
      (.sendMessages, 32, "messages.send"), (.connectVoice, 64, "voice.connect"), (.speak, 128, "voice.speak"),
      (.stream, 256, "voice.stream"), (.admin, 512, "community.admin"), (.viewChannel, 1024, "channels.view"),
    ]
    for (permission, value, code) in values {
      #expect(permission.rawValue == value)
      #expect(permission.codes == [code])
    }
    #expect(Permissions.memberDefault.rawValue == 1504)
    #expect(Permissions.moderatorDefault.isSuperset(of: [.kickMembers, .banMembers, .manageMessages]))
    #expect(Permissions.moderatorDefault.isDisjoint(with: [.admin, .manageRoles, .manageChannels]))
  }
}

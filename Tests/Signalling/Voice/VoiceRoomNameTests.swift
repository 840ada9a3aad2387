// The names of media rooms that belong to channels.

import Identifiers
import Testing
import Voice

@Suite struct VoiceRoomNameTests {
  @Test func `a channel's room names its channel and no other room does`() {
    let channel = Identifier(rawValue: 0x054d_af13_cc00_0006)
    #expect(VoiceRoom.channel(VoiceRoom.name(channel)) == channel)
    #expect(VoiceRoom.isReserved(VoiceRoom.name(channel)))
    #expect(!VoiceRoom.isReserved("ekip"))
    #expect(VoiceRoom.channel("channel:nonsense") == nil)
  }
}

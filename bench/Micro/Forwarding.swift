// The forward path of the real node: what one packet for one subscriber costs.

import Bytes
import Chronology
import Harness
import MediaContract
import Node
import Wire

/// One publisher of a screen, 50 viewers: frames of nine packets, each about 1,200 bytes on the wire.
struct ForwardShare: Operation, ~Copyable {
  static let name = "forward-share"
  static let unit = "forwarded packet"
  static let turns = 60
  static let viewers = 50
  static let packetsPerFrame = 9

  var room = SyntheticRoom(clients: ForwardShare.viewers + 1)
  private var frame = VP8Frames()

  init() {
    let ids = SyntheticClient.extensions
    var feedback = FeedbackSupport()
    feedback.nack = true
    feedback.pli = true
    feedback.transportWide = true
    let format = PayloadFormat(payloadType: 96, codec: .vp8, clockRate: 90_000, rtxPayloadType: 97)
    room.node.perform(
      .setPublication(
        PublicationParameters(
          id: PublicationID(rawValue: 1), transport: room.clients[0].id, kind: .video, isMicrophone: false,
          isScreenShare: true, mid: "1", formats: [format], extensions: ids, feedback: feedback,
          encodings: [Encoding(ssrc: VP8Frames.ssrc)], isEncrypted: false, isMuted: false)), at: room.now)
    for viewer in 1...Self.viewers {
      room.node.perform(
        .setSubscription(
          SubscriptionParameters(
            id: SubscriptionID(rawValue: UInt64(viewer)), publication: PublicationID(rawValue: 1),
            transport: room.clients[viewer].id, mid: "2", ssrc: UInt32(10_000 + viewer),
            rtxSSRC: UInt32(20_000 + viewer), formats: [format], extensions: ids, feedback: feedback,
            target: SubscriptionTarget())), at: room.now)
    }
  }

  mutating func prepare(turns: Int) {
    room.drainEvents()
    room.exchange(for: .milliseconds(500))
    room.beginPreparing(turns * Self.packetsPerFrame)
    for _ in 0..<turns { frame.prepare(packets: Self.packetsPerFrame, in: &room) }
  }

  mutating func run(turns: Int) -> Int {
    let before = room.forwarded
    for _ in 0..<turns {
      room.now += .microseconds(33_333)
      room.turn(receiving: Self.packetsPerFrame)
    }
    return room.forwarded - before
  }
}

/// Twenty people who all speak: 20 packets in and 380 out each 20 ms, a quarter of them together.
struct ForwardVoice: Operation, ~Copyable {
  static let name = "forward-voice"
  static let unit = "forwarded packet"
  static let turns = 100
  static let people = 20

  var room = SyntheticRoom(clients: ForwardVoice.people)
  private var timestamp: UInt32 = 0
  private var transportSequence: UInt16 = 0

  init() {
    let ids = SyntheticClient.extensions
    let format = PayloadFormat(payloadType: 111, codec: .opus, clockRate: 48_000)
    for person in 0..<Self.people {
      room.node.perform(
        .setPublication(
          PublicationParameters(
            id: PublicationID(rawValue: UInt64(person)), transport: room.clients[person].id, kind: .audio,
            isMicrophone: true, isScreenShare: false, mid: "0", formats: [format], extensions: ids,
            feedback: FeedbackSupport(), encodings: [Encoding(ssrc: UInt32(1_000 + person))], isEncrypted: false,
            isMuted: false)), at: room.now)
    }
    for speaker in 0..<Self.people {
      for listener in 0..<Self.people where listener != speaker {
        let number = speaker * Self.people + listener
        room.node.perform(
          .setSubscription(
            SubscriptionParameters(
              id: SubscriptionID(rawValue: UInt64(number)), publication: PublicationID(rawValue: UInt64(speaker)),
              transport: room.clients[listener].id, mid: "\(speaker + 1)", ssrc: UInt32(10_000 + number), rtxSSRC: nil,
              formats: [format], extensions: ids, feedback: FeedbackSupport(), target: SubscriptionTarget())),
          at: room.now)
      }
    }
  }

  mutating func prepare(turns: Int) {
    room.drainEvents()
    room.exchange(for: .milliseconds(500))
    room.beginPreparing(turns * Self.people)
    for _ in 0..<turns {
      timestamp &+= 960
      for person in 0..<Self.people {
        var extensions = RTPExtensions()
        extensions.mid = ShortString("0") ?? ShortString()
        extensions.audioLevel = AudioLevel(level: 30, isVoice: true)
        extensions.transportSequence = transportSequence
        transportSequence &+= 1
        // Sizes vary, as those of speech do.
        let payload = [UInt8](repeating: 0x78, count: 70 + (person * 7 + Int(timestamp / 960) * 13) % 60)
        room.prepare(
          from: person, payloadType: 111, ssrc: UInt32(1_000 + person), timestamp: timestamp, marker: false, extensions,
          payload: payload)
      }
    }
  }

  mutating func run(turns: Int) -> Int {
    let before = room.forwarded
    for _ in 0..<turns {
      for _ in 0..<4 { room.turn(receiving: Self.people / 4, gathering: .milliseconds(5)) }
    }
    return room.forwarded - before
  }
}

/// One stream of VP8 frames; the first is a key frame.
struct VP8Frames {
  static let ssrc: UInt32 = 1_000
  private var timestamp: UInt32 = 0
  private var pictureID: UInt16 = 0
  private var transportSequence: UInt16 = 0
  private var hasBegun = false

  mutating func prepare(packets: Int, in room: inout SyntheticRoom) {
    timestamp &+= 3_000
    pictureID = (pictureID &+ 1) & 0x7FFF
    for index in 0..<packets {
      var extensions = RTPExtensions()
      extensions.mid = ShortString("1") ?? ShortString()
      extensions.transportSequence = transportSequence
      transportSequence &+= 1
      // RFC 7741 §4.2: extended descriptor with a picture id of 15 bits, TL0PICIDX and KEYIDX; then the frame's head.
      var payload = [UInt8](repeating: 0x5A, count: 1_156)
      payload[0] = 0x80 | (index == 0 ? 0x10 : 0)
      payload[1] = 0xF0
      payload[2] = 0x80 | UInt8(pictureID >> 8)
      payload[3] = UInt8(pictureID & 0xFF)
      payload[4] = UInt8(truncatingIfNeeded: pictureID)
      payload[5] = 1
      payload[6] = hasBegun ? 1 : 0
      room.prepare(
        from: 0, payloadType: 96, ssrc: Self.ssrc, timestamp: timestamp, marker: index == packets - 1, extensions,
        payload: payload)
    }
    hasBegun = true
  }
}

// The endpoints of voice: tokens, who is where, and how loud one wants to hear others.

public import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

public enum VoiceRoutes {
  public static let all: [Route] = [token, participants, volumes, setVolume, resetVolume]

  private static let state = Shape.object([
    .init("user_id", .identifier), .init("channel_id", .nullable(.identifier)), .init("muted", .boolean),
    .init("deafened", .boolean), .init("server_muted", .boolean), .init("server_deafened", .boolean),
    .init("streaming", .boolean), .init("camera", .boolean), .init("joined_at", .nullable(.time)),
  ])

  /// Objects of this module's answers, by the names that `Shape.reference` gives them.
  public static let schemas: [(name: String, shape: Shape)] = [("VoiceState", state)]

  // MARK: Rooms

  static let token = Route(
    .post, "/voice/token", "createVoiceToken", "A token for the media room of a voice channel.", tag: "Voice",
    access: .member, scope: "voice",
    body: .json(.object([.init("channel_id", .identifier, "A voice channel or a conversation.")])),
    answer: [
      .init(
        "voice",
        .object([
          .init("token", .string(1...8192), "For a LiveKit client; connect within a minute."),
          .init("url", .string(1...300)), .init("room", .string(1...300)), .init("expires_at", .time),
          .init("bitrate", .integer(0...Int64.max), "bit/s that the channel wants its voices sent with."),
          .init("permissions", .integer(0...Int64.max)),
        ]))
    ], problems: [.notFound, .channelFull, .unavailable]
  ) { (call) throws(Problem) in
    let caller = try call.member()
    guard let channel = call.bodyID("channel_id") else { throw .notFound("channel") }
    // Known before the name is read, so that nobody learns of channels by the time that an answer takes.
    try call.directory.require(.connectVoice, of: caller.user, in: channel, at: call.at.wall)
    let origin = call.origin
    return .read { (reading) throws(Problem) in
      let name = try reading.tables.first(
        "SELECT coalesce(display_name, username) FROM users WHERE id = ?1", caller.user, row: { $0.text(0) })
      let request = LiveRequest.voiceToken(
        user: caller.user, name: name ?? "", channel: channel, host: origin.host, isSecure: origin.isSecure)
      return .live(request) { (answer) throws(Problem) in .reply("voice", try answer.value()) }
    }
  }

  static let participants = Route(
    .get, "/voice/participants/{channel_id}", "listVoiceParticipants", "Who is in a voice channel now.", tag: "Voice",
    access: .channel(.viewChannel), scope: "voice",
    answer: [.init("participants", .array(.reference("VoiceState"), 0...10_000))]
  ) { (call) throws(Problem) in
    .live(.voiceParticipants(channel: try call.id("channel_id"))) { (answer) throws(Problem) in
      .reply("participants", try answer.value())
    }
  }

  // MARK: Volumes

  static let volumes = Route(
    .get, "/users/me/volumes", "listVolumes", "How loud the caller wants to hear others.", tag: "Voice",
    access: .person,
    answer: [
      .init(
        "volumes",
        .array(
          .object([
            .init("user_id", .identifier), .init("volume", .integer(0...Int64(Limit.volume)), "Percent."),
          ]), 0...Limit.volumes))
    ]
  ) { (call) throws(Problem) in
    let listener = try call.member().user
    return .read { (reading) throws(Problem) in
      let rows = try reading.tables.query(
        "SELECT speaker_id, volume FROM voice_volumes WHERE listener_id = ?1 ORDER BY speaker_id", listener
      ) { row -> JSONValue in
        ["user_id": .string(row.identifier(0).description), "volume": .integer(row.int64(1))]
      }
      return .reply("volumes", .array(rows))
    }
  }

  static let setVolume = Route(
    .put, "/users/me/volumes/{user_id}", "setVolume", "Sets how loud the caller wants to hear somebody.",
    tag: "Voice", access: .person,
    body: .json(.object([.init("volume", .integer(0...Int64(Limit.volume)), "Percent; 100 is as it comes.")])),
    answer: [.init("volume", .integer(0...Int64(Limit.volume)))], problems: [.notFound, .conflict]
  ) { (call) throws(Problem) in
    let listener = try call.member().user
    let speaker = try call.id("user_id")
    let volume = call.body["volume"]?.int ?? 100
    return .write { (writing) throws(Problem) in
      guard try writing.tables.exists("SELECT 1 FROM users WHERE id = ?1", speaker) else { throw .notFound("user") }
      try store(volume, of: speaker, for: listener, &writing)
      let data: JSONValue = ["user_id": .string(speaker.description), "volume": .integer(Int64(volume))]
      writing.emit("volume_update", data, to: .users([listener]))
      return .reply("volume", .integer(Int64(volume)))
    }
  }

  static let resetVolume = Route(
    .delete, "/users/me/volumes/{user_id}", "resetVolume", "Hears somebody as loud as they come.", tag: "Voice",
    access: .person
  ) { (call) throws(Problem) in
    let listener = try call.member().user
    let speaker = try call.id("user_id")
    return .write { (writing) throws(Problem) in
      let data: JSONValue = ["user_id": .string(speaker.description), "volume": 100]
      try store(100, of: speaker, for: listener, &writing)
      writing.emit("volume_update", data, to: .users([listener]))
      return .done
    }
  }

  private static func store(
    _ volume: Int, of speaker: Identifier, for listener: Identifier, _ writing: inout Writing
  ) throws(Problem) {
    let tables = writing.tables
    try tables.execute(
      "DELETE FROM voice_volumes WHERE listener_id = ?1 AND speaker_id = ?2", listener, speaker)
    guard volume != 100 else { return }
    let count = try tables.first(
      "SELECT count(*) FROM voice_volumes WHERE listener_id = ?1", listener, row: { $0.int(0) })
    guard count ?? 0 < Limit.volumes else { throw Problem(.conflict, "there are too many volumes") }
    try tables.execute(
      "INSERT INTO voice_volumes (listener_id, speaker_id, volume) VALUES (?1, ?2, ?3)", listener, speaker, volume)
  }
}

extension LiveAnswer {
  /// What was answered, or the refusal.
  fileprivate func value() throws(Problem) -> JSONValue {
    switch self {
    case .json(let value): return value
    case .refused(let problem): throw problem
    }
  }
}

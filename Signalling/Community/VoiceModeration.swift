// What moderators do to people in voice: mute, deafen, move, disconnect.
//
// Muted and deafened are kept with the account and hold in every voice channel until they are lifted; moving is a matter
// of the moment and known to the living process only.

import API
import Access
import Identifiers
import JSON
import Problems
import SQL

enum VoiceModeration {
  static let all: [Route] = [
    Route(
      .patch, "/users/{user_id}/voice", "updateMemberVoice",
      "Mutes or deafens a member in voice, moves them into another voice channel, or, with null, disconnects them. Needs "
        + "MUTE_MEMBERS or MOVE_MEMBERS in the channel where they are.",
      tag: "Members", access: .member, scope: "members.moderate",
      body: .json(
        .object([
          .optional("muted", .boolean), .optional("deafened", .boolean),
          .optional("channel_id", .nullable(.identifier)),
        ])),
      answer: [.init("muted", .boolean), .init("deafened", .boolean), .init("channel_id", .nullable(.identifier))],
      problems: [.forbidden, .notFound, .conflict, .channelFull], handle: update)
  ]

  @Sendable private static func update(_ call: Call) throws(Problem) -> Step {
    let target = try call.id("user_id")
    return .live(.voiceChannel(of: target)) { answer throws(Problem) in
      let place: Identifier?
      switch answer {
      case .json(let value): place = value.string.flatMap { Identifier($0) }
      case .refused(let problem): throw problem
      }
      return .write { writing throws(Problem) in try update(target, in: place, &writing, call) }
    }
  }

  private static func update(
    _ target: Identifier, in place: Identifier?, _ writing: inout Writing, _ call: Call
  ) throws(Problem) -> Step {
    let actor = try call.member().user
    let directory = writing.directory
    guard let member = directory.members[target] else { throw .notFound("member") }
    // Somewhere else than in voice, what one may do on the server counts.
    let held =
      place.map { directory.permissions(of: actor, in: $0, at: writing.at) }
      ?? directory.permissions(of: actor, at: writing.at)
    let silences = call.names("muted") || call.names("deafened")
    let moves = call.names("channel_id")
    if silences, !held.contains(.muteMembers) { throw .forbidden }
    if moves, !held.contains(.moveMembers) { throw .forbidden }
    guard !silences && !moves || directory.outranks(actor, target) else { throw .forbidden }
    let destination = call.bodyID("channel_id")
    if moves { try check(destination, from: place, target, actor, directory, &writing) }

    var new = member
    new.isServerMuted = call.body["muted"]?.bool ?? member.isServerMuted
    new.isServerDeafened = call.body["deafened"]?.bool ?? member.isServerDeafened
    if new != member {
      try writing.tables.execute(
        "UPDATE users SET server_muted = ?2, server_deafened = ?3 WHERE id = ?1", target, new.isServerMuted,
        new.isServerDeafened)
      try writing.directoryChanged()
    }
    try record(member, new, from: place, to: destination, moves: moves, &writing, call)
    return moves ? move(new, to: destination) : reply(new, place)
  }

  /// A move needs somewhere to be moved from, and both of them to have a right to be where it goes.
  private static func check(
    _ destination: Identifier?, from place: Identifier?, _ target: Identifier, _ actor: Identifier,
    _ directory: Directory, _ writing: inout Writing
  ) throws(Problem) {
    guard place != nil else { throw Problem(.conflict, "the member is not in voice", reason: "not_in_voice") }
    guard let destination else { return }
    let channel = try directory.require(.connectVoice, of: actor, in: destination, at: writing.at)
    guard channel.kind == .voice else { throw .invalid("/channel_id", "is no voice channel") }
    guard directory.permissions(of: target, in: destination, at: writing.at).contains(.connectVoice) else {
      throw Problem(.conflict, "the member may not connect there", reason: "member_cannot_connect")
    }
  }

  private static func record(
    _ old: Member, _ new: Member, from place: Identifier?, to destination: Identifier?, moves: Bool,
    _ writing: inout Writing, _ call: Call
  ) throws(Problem) {
    func view(_ member: Member, _ channel: Identifier?) -> JSONValue {
      var object = JSONObject()
      object["muted"] = .bool(member.isServerMuted)
      object["deafened"] = .bool(member.isServerDeafened)
      if moves { object["channel_id"] = channel.map { .string($0.description) } ?? .null }
      return .object(object)
    }
    guard let change = Difference.between(view(old, place), view(new, destination)) else { return }
    try writing.record(
      AuditEntry(
        "member_voice_update", "community", record: ("user", old.id.description), old: change.old, new: change.new),
      call)
  }

  private static func move(_ member: Member, to destination: Identifier?) -> Step {
    .live(.moveVoice(user: member.id, to: destination)) { answer throws(Problem) in
      if case .refused(let problem) = answer { throw problem }
      return reply(member, destination)
    }
  }

  private static func reply(_ member: Member, _ channel: Identifier?) -> Step {
    .reply(
      Reply(
        status: 200,
        [
          "muted": .bool(member.isServerMuted), "deafened": .bool(member.isServerDeafened),
          "channel_id": channel.map { .string($0.description) } ?? .null,
        ]))
  }
}

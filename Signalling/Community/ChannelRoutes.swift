// Channels of the server: made, edited, ordered and deleted (MQ-052…MQ-055, MQ-127…MQ-134).

import API
import Access
import Identifiers
import JSON
import Problems
import SQL

enum ChannelRoutes {
  private static let fields: [Shape.Field] = [
    .optional("category_id", .nullable(.identifier)),
    .optional("topic", .nullable(.string(0...Limit.topic))),
    .optional("position", .integer(0...Int64(Limit.channels))),
    .optional("user_limit", .integer(0...Int64(Limit.userLimit)), "Voice channels only; 0 for any number."),
    .optional(
      "bitrate", .integer(Int64(Limit.leastBitrate)...Int64(Limit.bitrate)), "Voice channels only: bit/s of a voice."),
    .optional("slow_mode", .integer(0...Int64(Limit.slowMode)), "Seconds between two messages of a member."),
  ]

  static let all: [Route] = [
    Route(
      .get, "/channels", "listChannels",
      "The channels that the caller may see, with what the caller may do in each, and all categories.",
      tag: "Channels", access: .member, scope: "channels.read",
      answer: [
        .init("channels", .array(.reference("Channel"), 0...Limit.channels)),
        .init("categories", .array(.reference("Category"), 0...Limit.categories)),
      ], handle: list),
    Route(
      .post, "/channels", "createChannel",
      "Makes a channel. It begins with the overrides of its category, and with the ones given here.",
      tag: "Channels", access: .server(.manageChannels), scope: "channels.manage",
      body: .json(
        .object(
          [
            .init("name", Names.shape), .optional("type", .choice(["text", "voice"])),
            .optional("overrides", .array(Shapes.override, 0...100)),
          ] + fields)),
      answer: [.init("channel", .reference("Channel"))], status: 201, problems: [.conflict, .notFound],
      handle: create),
    Route(
      .get, "/channels/{channel_id}", "getChannel", "One channel, with what the caller may do in it.",
      tag: "Channels", access: .channel(.viewChannel), scope: "channels.read",
      answer: [.init("channel", .reference("Channel"))], handle: get),
    Route(
      .patch, "/channels/{channel_id}", "updateChannel", "Changes the members that the body names.", tag: "Channels",
      access: .channel(.manageChannels), scope: "channels.manage",
      body: .json(.object([.optional("name", Names.shape)] + fields)),
      answer: [.init("channel", .reference("Channel"))], handle: update),
    Route(
      .delete, "/channels/{channel_id}", "deleteChannel", "Deletes a channel with everything in it.", tag: "Channels",
      access: .channel(.manageChannels), scope: "channels.manage", handle: remove),
    Route(
      .put, "/channels/positions", "orderChannels",
      "Brings channels into the order of the list, and into other categories. Channels that are not listed stay in "
        + "their places between them.",
      tag: "Channels", access: .server(.manageChannels), scope: "channels.manage",
      body: .json(
        .object([
          .init(
            "channels",
            .array(
              .object([.init("id", .identifier), .optional("category_id", .nullable(.identifier))]),
              1...Limit.channels))
        ])),
      answer: [.init("channels", .array(.reference("Channel"), 0...Limit.channels))], problems: [.notFound],
      handle: ChannelOrder.put),
  ]

  @Sendable private static func list(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    return .read { reading throws(Problem) in
      let channels = try ChannelView.all(
        visibleTo: user, reading.tables, reading.directory, at: reading.at)
      let categories = try CategoryView.all(reading.tables)
      return .reply(Reply(status: 200, ["channels": .array(channels), "categories": .array(categories)]))
    }
  }

  @Sendable private static func get(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    let id = try call.id("channel_id")
    return .read { reading throws(Problem) in
      let channel = try ChannelView.channel(id, for: user, reading.tables, reading.directory, at: reading.at)
      guard let channel else { throw .notFound("channel") }
      return .reply("channel", channel)
    }
  }

  // MARK: Making

  @Sendable private static func create(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    guard let name = try Names.read(call) else { throw .invalid("/name", "is missing") }
    let kind: Channel.Kind = call.body["type"]?.string == "voice" ? .voice : .text
    let wanted = try Overrides.read(call.body["overrides"]?.array ?? [])
    return .write { writing throws(Problem) in
      guard try places(writing.tables) < Limit.channels else {
        throw Problem(.conflict, "there are \(Limit.channels) channels already", reason: "limit_channels")
      }
      var fields = ChannelFields(name: name, kind: kind)
      try fields.apply(call, writing.tables)
      let id = writing.newIdentifier()
      try fields.insert(id, &writing)
      if let category = fields.category { try Inheritance.copy(from: category, to: id, writing.tables) }
      try writing.directoryChanged()
      if !wanted.isEmpty {
        var overrides = writing.directory.channels[id]?.overrides ?? [:]
        overrides.merge(wanted) { _, new in new }
        try OverrideRoutes.replace(id, overrides, by: user, &writing)
        try writing.directoryChanged()
      }
      let channel = try ChannelView.channel(id, writing.tables, writing.directory) ?? .null
      try writing.record(
        AuditEntry("channel_create", "community", record: ("channel", id.description), new: channel), call)
      writing.emit("channel_create", ["channel": channel], to: .channel(id))
      return .reply(
        "channel",
        try ChannelView.channel(id, for: user, writing.tables, writing.directory, at: writing.at) ?? .null,
        status: 201)
    }
  }

  private static func places(_ tables: Tables) throws(Problem) -> Int {
    try tables.first("SELECT count(*) FROM channels WHERE type IN ('text', 'voice')") { $0.int(0) } ?? 0
  }

  // MARK: Changing

  @Sendable private static func update(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    let id = try call.id("channel_id")
    let name = try Names.read(call)
    return .write { writing throws(Problem) in
      guard var fields = try ChannelFields(id, writing.tables),
        let old = try ChannelView.channel(id, writing.tables, writing.directory)
      else { throw .notFound("channel") }
      if let name { fields.name = name }
      try fields.apply(call, writing.tables)
      try fields.update(id, writing.tables)
      try writing.directoryChanged()
      let new = try ChannelView.channel(id, writing.tables, writing.directory) ?? .null
      if let change = Difference.between(old, new) {
        try writing.record(
          AuditEntry(
            "channel_update", "community", record: ("channel", id.description), old: change.old, new: change.new), call)
        writing.emit("channel_update", ["channel": new], to: .channel(id))
      }
      return .reply(
        "channel", try ChannelView.channel(id, for: user, writing.tables, writing.directory, at: writing.at) ?? .null)
    }
  }

  @Sendable private static func remove(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("channel_id")
    return .write { writing throws(Problem) in
      let directory = writing.directory
      guard let old = try ChannelView.channel(id, writing.tables, directory) else { throw .notFound("channel") }
      // Afterwards nobody could be asked any more who saw it.
      let time = writing.at
      let audience = directory.members.keys.filter { directory.sees($0, id, at: time) }.sorted()
      try writing.tables.execute("DELETE FROM channels WHERE id = ?1", id)
      try writing.directoryChanged()
      try writing.record(
        AuditEntry("channel_delete", "community", record: ("channel", id.description), old: old), call)
      writing.emit("channel_delete", ["id": .string(id.description)], to: .users(audience))
      writing.then(.channelRemoved(id))
      return .done
    }
  }
}

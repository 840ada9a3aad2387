// `mqvi rooms`: asks the running server for its rooms and who is in them.

import AccessTokens
import Chronology
import JSON
import Reactor

enum RoomsCommand {
  static func run(_ arguments: [String]) -> ExitStatus {
    do {
      var options = Options(arguments)
      let client = try APIClient(url: try options.value("url") ?? "http://127.0.0.1:8080")
      let asJSON = try options.flag("json") ?? false
      let key = try SigningKeys.key(&options)
      try options.finish()
      let rooms = try rooms(client, key)
      Terminal.print(asJSON ? JSONValue.array(rooms).description : table(rooms))
      return .success
    } catch let error as OptionError {
      Terminal.error("\(error)\n      `mqvi help rooms` lists the options.")
      return .usage
    } catch {
      Terminal.error("\(error)")
      return .failure
    }
  }

  /// Every room with its participants.
  private static func rooms(_ client: APIClient, _ key: APIKey) throws -> [JSONValue] {
    let listed = try client.call("ListRooms", [:], token: token(for: "", with: key))["rooms"]?.array ?? []
    return try listed.map { room in
      let name = room["name"]?.string ?? ""
      let answer = try client.call(
        "ListParticipants", ["room": .string(name)], token: token(for: name, with: key))
      return ["room": room, "participants": answer["participants"] ?? []]
    }
  }

  /// Valid for as long as the question takes.
  private static func token(for room: String, with key: APIKey) -> String {
    var claims = AccessTokenClaims(joining: room, as: "")
    claims.video?.roomJoin = false
    claims.video?.roomList = true
    claims.video?.roomAdmin = !room.isEmpty
    return TokenCommand.signed(claims, for: .seconds(60), with: key)
  }

  private static func table(_ rooms: [JSONValue]) -> String {
    guard !rooms.isEmpty else { return "no rooms" }
    var rows = [["ROOM", "IDENTITY", "NAME", "STATE", "FOR", "TRACKS"]]
    let now = Clock.wallTime().seconds
    for room in rooms {
      let name = shown(room["room"]?["name"])
      let participants = room["participants"]?.array ?? []
      if participants.isEmpty { rows.append([name, "(nobody)", "", "", "", ""]) }
      for participant in participants {
        // 64-bit numbers travel as text in this form of JSON.
        let joined = participant["joined_at"]?.string.flatMap { Int64($0) } ?? now
        let tracks = (participant["tracks"]?.array ?? []).map { shown($0["source"]).lowercased() }
        rows.append([
          name, shown(participant["identity"]), shown(participant["name"]), shown(participant["state"]).lowercased(),
          duration(max(0, now - joined)), tracks.joined(separator: ", "),
        ])
      }
    }
    return aligned(rows)
  }

  /// Text from a client, made harmless for a terminal.
  private static func shown(_ value: JSONValue?) -> String {
    String((value?.string ?? "").unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
  }

  private static func duration(_ seconds: Int64) -> String {
    switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min"
    default: "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }
  }

  private static func aligned(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (text, width) in zip(row, widths) { line += text + String(repeating: " ", count: width - text.count + 2) }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}

// Everything that can be set, with its default. `SettingsTable.swift` gives each its name, range and explanation.

public struct Settings: Sendable, Equatable {
  // What the server is and where it listens.
  public var dataDirectory = "data"
  public var bindAddress = ""
  public var httpPort = 8080
  public var udpPort = 7882
  public var tcpPort = 7881
  public var advertisedAddresses: [String] = []
  public var tlsCertificate = ""
  public var tlsKey = ""
  public var webRoot = ""

  // Who may come in.
  public var apiKey = ""
  public var apiSecret = ""
  public var openJoin = true
  public var joinsPerMinute = 30
  public var rateLimitPercent = 100
  public var autoCreateRooms = true
  public var jwtSecret = ""
  public var jwtRefreshSecret = ""
  public var passwordCost = 12
  public var passwordThreads = 1

  // Rooms.
  public var roomEmptyTimeout = 300
  public var roomDepartureTimeout = 20
  public var iceServers: [String] = []
  public var demo = false

  // The media plane.
  public var shards = 0
  public var socketBufferKilobytes = 4096
  public var coalesceMicroseconds = 0
  public var voiceGatheringMicroseconds = 4500

  // Files that people upload.
  public var fileDirectory = ""
  public var fileReserveMegabytes = 512

  // Copies of the database.
  public var backupDirectory = ""
  public var backupInterval = 60
  public var backupKeep = 24
  public var backupKeepDays = 7

  // What others are told.
  public var webhookURLs: [String] = []
  public var webhooksToPrivateAddresses = false
  public var linkPreviews = false
  public var openMetrics = false
  public var logLevel = "info"

  public init() {}

  /// Reads the environment, then the flags, which win. What neither names keeps its default.
  ///
  /// `arguments` are those behind the subcommand. `ignoring` names flags of the subcommand itself; their values are
  /// passed over.
  public init(environment: [String: String], arguments: [String]) throws(SettingError) {
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("MQVI_") {
      if Self.buildTimeNames.contains(name) { continue }
      guard let setting = Self.table.first(where: { $0.name == name }) else {
        throw SettingError("\(name) is not a setting" + Suggestion.text(for: name, among: Self.table.map(\.name)))
      }
      try setting.apply(value, to: &self, as: name)
    }
    try apply(flags: arguments)
    try checkTogether()
  }

  /// Names that the build and the tests use, which may stand in a developer's environment.
  private static let buildTimeNames = ["MQVI_SUITES", "MQVI_LONG", "MQVI_BINARY", "MQVI_BENCH"]

  private mutating func apply(flags arguments: [String]) throws(SettingError) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard argument.hasPrefix("--"), let setting = Self.table.first(where: { $0.flag == parts[0] }) else {
        let known = Self.table.map(\.flag)
        throw SettingError("\(parts[0]) is not an option" + Suggestion.text(for: parts[0], among: known))
      }
      if parts.count == 2 {
        try setting.apply(parts[1], to: &self, as: setting.flag)
      } else if setting.isSwitch, rest.first.map({ $0.hasPrefix("--") }) ?? true {
        try setting.apply("1", to: &self, as: setting.flag)
      } else {
        guard let value = rest.popFirst() else {
          throw SettingError("\(setting.flag) has no value, but takes \(setting.expectation)")
        }
        try setting.apply(value, to: &self, as: setting.flag)
      }
    }
  }

  /// What no single value shows.
  private func checkTogether() throws(SettingError) {
    guard tlsCertificate.isEmpty == tlsKey.isEmpty else {
      throw SettingError("MQVI_TLS_CERTIFICATE and MQVI_TLS_KEY go together: set both or neither")
    }
    guard apiKey.isEmpty == apiSecret.isEmpty else {
      throw SettingError("MQVI_API_KEY and MQVI_API_SECRET go together: set both or neither")
    }
    for url in webhookURLs where !url.hasPrefix("http://") && !url.hasPrefix("https://") {
      throw SettingError("MQVI_WEBHOOK_URLS holds \"\(url)\", which does not begin with http:// or https://")
    }
  }
}

/// The nearest known name to a mistyped one.
enum Suggestion {
  /// "; did you mean X?", or nothing when no name is near.
  static func text(for name: String, among known: [String]) -> String {
    let ranked = known.map { ($0, distance(name, $0)) }.min { $0.1 < $1.1 }
    guard let (best, steps) = ranked, steps <= max(2, name.count / 3) else { return "" }
    return "; did you mean \(best)?"
  }

  /// Levenshtein's distance.
  static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.utf8.prefix(64)), Array(b.utf8.prefix(64)))
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let replaced = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}

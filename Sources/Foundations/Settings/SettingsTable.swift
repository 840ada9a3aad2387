// The table of settings: the one place for names, ranges and explanations. The help and the documentation are made of it.

extension Settings {
  public static let table: [Setting] = listening + access + rooms + media + files + backups + reporting

  private static let listening: [Setting] = [
    .text(
      "MQVI_DATA", "path", "Directory for keys and everything that must outlive a restart; made on the first start.",
      get: { $0.dataDirectory }, set: { $0.dataDirectory = $1 }),
    .text(
      "MQVI_BIND", "address", "The one IPv4 or IPv6 address to listen on. Empty: all of them.",
      get: { $0.bindAddress }, set: { $0.bindAddress = $1 }),
    .integer(
      "MQVI_HTTP_PORT", 0...65_535, "TCP port", "Web page, API and signalling. 0 takes a free port.",
      get: { $0.httpPort }, set: { $0.httpPort = $1 }),
    .integer(
      "MQVI_UDP_PORT", 0...65_472, "UDP port",
      "Media of the first shard; the others take the ports behind it. 0 takes free ports.", get: { $0.udpPort },
      set: { $0.udpPort = $1 }),
    .integer(
      "MQVI_TCP_PORT", 0...65_472, "TCP port",
      "Media for networks that let no UDP through; as many ports as there are shards. 0: off.", get: { $0.tcpPort },
      set: { $0.tcpPort = $1 }),
    .list(
      "MQVI_ADVERTISED_ADDRESSES", limit: 8, "addresses",
      "Where clients reach the media ports, most preferred first. Empty: the addresses of this machine's interfaces. "
        + "Behind NAT: the public address.",
      get: { $0.advertisedAddresses }, set: { $0.advertisedAddresses = $1 }),
    .text(
      "MQVI_TLS_CERTIFICATE", "path", "PEM file with the certificate and its chain. Empty: plain HTTP.",
      get: { $0.tlsCertificate }, set: { $0.tlsCertificate = $1 }),
    .text(
      "MQVI_TLS_KEY", "path", "PEM file with the certificate's private key.", get: { $0.tlsKey },
      set: { $0.tlsKey = $1 }),
    .text(
      "MQVI_WEB_ROOT", "path", "Directory with the built web client. Empty: the one that belongs to this binary.",
      get: { $0.webRoot }, set: { $0.webRoot = $1 }),
  ]

  private static let access: [Setting] = [
    .text(
      "MQVI_API_KEY", "name",
      "Name of the key that access tokens are signed with. Empty: the one in the data directory.",
      get: { $0.apiKey }, set: { $0.apiKey = $1 }),
    .secret(
      "MQVI_API_SECRET", 32...512, "The key itself. Empty: the one in the data directory.", get: { $0.apiSecret },
      set: { $0.apiSecret = $1 }),
    .switched(
      "MQVI_OPEN_JOIN", "Anyone who reaches the page may join any room without an account. Off: only with a token.",
      get: { $0.openJoin }, set: { $0.openJoin = $1 }),
    .integer(
      "MQVI_JOINS_PER_MINUTE", 1...10_000, "joins", "Tokens that the page gives to one address in a minute.",
      get: { $0.joinsPerMinute }, set: { $0.joinsPerMinute = $1 }),
    .integer(
      "MQVI_RATE_LIMIT_PERCENT", 0...100_000, "percent",
      "How much more, or less, than usual one account or address may ask of the API. 0: without limits, for tests.",
      get: { $0.rateLimitPercent }, set: { $0.rateLimitPercent = $1 }),
    .secret(
      "MQVI_JWT_SECRET", 32...512, "What people's access tokens are signed with. Empty: the one in the data directory.",
      get: { $0.jwtSecret }, set: { $0.jwtSecret = $1 }),
    .secret(
      "MQVI_JWT_REFRESH_SECRET", 32...512,
      "What their refresh tokens are signed with. Empty: the one in the data directory.",
      get: { $0.jwtRefreshSecret }, set: { $0.jwtRefreshSecret = $1 }),
    .integer(
      "MQVI_PASSWORD_COST", 10...16, "log2 rounds",
      "Cost of new bcrypt hashes. 12 takes a quarter of a second; each step more doubles it.",
      get: { $0.passwordCost }, set: { $0.passwordCost = $1 }),
    .integer(
      "MQVI_PASSWORD_THREADS", 1...16, "threads", "Threads that hash passwords: how many people can sign in at once.",
      get: { $0.passwordThreads }, set: { $0.passwordThreads = $1 }),
    .switched(
      "MQVI_AUTO_CREATE_ROOMS", "A room comes into being when the first participant joins it.",
      get: { $0.autoCreateRooms }, set: { $0.autoCreateRooms = $1 }),
  ]

  private static let rooms: [Setting] = [
    .integer(
      "MQVI_ROOM_EMPTY_TIMEOUT", 0...86_400, "seconds", "How long a room that nobody has joined is kept.",
      get: { $0.roomEmptyTimeout }, set: { $0.roomEmptyTimeout = $1 }),
    .integer(
      "MQVI_ROOM_DEPARTURE_TIMEOUT", 0...86_400, "seconds", "How long a room is kept after the last one has left.",
      get: { $0.roomDepartureTimeout }, set: { $0.roomDepartureTimeout = $1 }),
    .list(
      "MQVI_ICE_SERVERS", limit: 8, "URLs",
      "STUN or TURN servers that clients are told of (stun:host:port). None is needed where the media ports are "
        + "reachable.",
      get: { $0.iceServers }, set: { $0.iceServers = $1 }),
    .switched(
      "MQVI_DEMO", "A room named demo with two voices and a shared screen, all synthetic: to hear and see alone.",
      get: { $0.demo }, set: { $0.demo = $1 }),
  ]

  private static let media: [Setting] = [
    .integer(
      "MQVI_SHARDS", 0...64, "threads", "Threads that forward media, each with its own port. 0: one for each core.",
      get: { $0.shards }, set: { $0.shards = $1 }),
    .integer(
      "MQVI_SOCKET_BUFFER", 64...65_536, "KiB", "Buffer asked for on each media socket, in each direction.",
      get: { $0.socketBufferKilobytes }, set: { $0.socketBufferKilobytes = $1 }),
    .integer(
      "MQVI_COALESCE_MICROSECONDS", 0...5000, "µs",
      "How long a shard gathers packets before it sends them: larger batches cost less CPU and add this much delay.",
      get: { $0.coalesceMicroseconds }, set: { $0.coalesceMicroseconds = $1 }),
    .integer(
      "MQVI_VOICE_GATHERING_MICROSECONDS", 0...5000, "µs",
      "How long a voice waits for the other voices that its listeners hear: what leaves together costs half the CPU and "
        + "is this much later. Only where five or more speak at once; 0: nowhere.",
      get: { $0.voiceGatheringMicroseconds }, set: { $0.voiceGatheringMicroseconds = $1 }),
  ]

  private static let files: [Setting] = [
    .text(
      "MQVI_FILE_DIRECTORY", "path", "Where uploaded files are kept. Empty: blobs, in the data directory.",
      get: { $0.fileDirectory }, set: { $0.fileDirectory = $1 }),
    .integer(
      "MQVI_FILE_RESERVE", 0...1_000_000_000, "MiB",
      "Free space that uploads leave on their disk: for the database, which comes first.",
      get: { $0.fileReserveMegabytes }, set: { $0.fileReserveMegabytes = $1 }),
  ]

  private static let backups: [Setting] = [
    .text(
      "MQVI_BACKUP_DIRECTORY", "path",
      "Where backups of the database are kept. Empty: backups, in the data directory. Another disk is better.",
      get: { $0.backupDirectory }, set: { $0.backupDirectory = $1 }),
    .integer(
      "MQVI_BACKUP_INTERVAL", 0...10_080, "minutes",
      "Between two backups, which are made while the server runs. 0: none.",
      get: { $0.backupInterval }, set: { $0.backupInterval = $1 }),
    .integer(
      "MQVI_BACKUP_KEEP", 1...1000, "backups", "How many of the newest backups are kept.", get: { $0.backupKeep },
      set: { $0.backupKeep = $1 }),
    .integer(
      "MQVI_BACKUP_KEEP_DAYS", 0...1000, "days", "Of how many more days the newest backup is kept.",
      get: { $0.backupKeepDays }, set: { $0.backupKeepDays = $1 }),
  ]

  private static let reporting: [Setting] = [
    .list(
      "MQVI_WEBHOOK_URLS", limit: 8, "URLs", "Where events are posted, signed with the API key.",
      get: { $0.webhookURLs }, set: { $0.webhookURLs = $1 }),
    .switched(
      "MQVI_WEBHOOK_PRIVATE", "Webhooks may go to private and loopback addresses.",
      get: { $0.webhooksToPrivateAddresses }, set: { $0.webhooksToPrivateAddresses = $1 }),
    .switched(
      "MQVI_LINK_PREVIEWS",
      "Links in messages get previews: the server fetches the pages, whose servers then know its address.",
      get: { $0.linkPreviews }, set: { $0.linkPreviews = $1 }),
    .switched(
      "MQVI_OPEN_METRICS", "/metrics answers everyone. Off: only this machine.", get: { $0.openMetrics },
      set: { $0.openMetrics = $1 }),
    .choice(
      "MQVI_LOG_LEVEL", ["debug", "info", "warning", "error"], "The least serious kind of record that is written.",
      get: { $0.logLevel }, set: { $0.logLevel = $1 }),
  ]

  /// The page `Sources/Documentation/settings.md`.
  public static var markdown: String {
    var lines = [
      "# Settings", "",
      "Every setting is an environment variable and a flag of `mqvi serve`; the flag wins. A wrong value is refused at",
      "start with its name, what it was given and what it takes. This page is written by `mqvi settings --markdown`.",
      "",
      "| Variable | Flag | Default | Takes | Unit | Meaning |", "|---|---|---|---|---|---|",
    ]
    for setting in table {
      let shown = setting.defaultText.isEmpty ? "(empty)" : "`\(setting.defaultText)`"
      lines.append(
        "| `\(setting.name)` | `\(setting.flag)` | \(shown) | \(setting.expectation) | \(setting.unit) | \(setting.help) |"
      )
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

// `mqvi help [command]`.

import Settings

enum Help {
  static func run(_ arguments: [String]) -> ExitStatus {
    guard let name = arguments.first else {
      Terminal.print(overview)
      return .success
    }
    guard let text = pages[name] else {
      Terminal.print(overview)
      return name.hasPrefix("-") || name == "help" ? .success : .usage
    }
    Terminal.print(name == "serve" ? text + "\n\n" + settings : text)
    return .success
  }

  private static let overview = """
    mqvi: voice rooms and screen share on your own server. Speaks LiveKit's protocol.

      mqvi serve       run the server
      mqvi token       print an access token for a room
      mqvi rooms       who is where on the running server
      mqvi top         what the running server does, every second anew
      mqvi backup      copy the database, also while the server runs
      mqvi restore     put a backup in the database's place
      mqvi import      take over channels and messages from Discord
      mqvi doctor      look for what would keep people from hearing each other
      mqvi settings    list what can be set
      mqvi version     print the version

    `mqvi help COMMAND` tells more. First steps: mqvi doctor && mqvi serve
    """

  private static let pages: [String: String] = [
    "serve": """
    mqvi serve [--SETTING value ...]

    Runs until it is told to end (Ctrl-C, SIGTERM); clients are then told to come back, and do when it is up again.
    The first start makes the data directory with a new API key. Every setting is also an environment variable.
    """,
    "token": """
    mqvi token --room ROOM --identity WHO [options]

    Prints an access token, signed with the key of the data directory (or MQVI_API_KEY and MQVI_API_SECRET).

      --room ROOM                the room it admits to
      --identity WHO             unique in the room; a second one with the same identity replaces the first
      --name NAME                shown to the others
      --ttl 6h                   how long it may be used to join
      --metadata TEXT            shown to the others' programs
      --can-publish=yes|no       may speak and share (default yes)
      --can-subscribe=yes|no     may hear and see (default yes)
      --can-publish-data=yes|no  may send data (default yes)
      --hidden                   the others do not see it
      --admin                    may also use the server API for this room
      --list                     may list all rooms
      --data DIRECTORY           where the keys are
    """,
    "rooms": """
    mqvi rooms [--url http://127.0.0.1:8080] [--json] [--data DIRECTORY]

    Asks the running server for its rooms and who is in them.
    """,
    "top": """
    mqvi top [--once] [--url http://127.0.0.1:8080] [--data DIRECTORY]

    Shows what the running server does, every second anew; q or Ctrl-C leaves. --once prints one second of it and ends,
    and so does a standard output that is no terminal.

      SHARD    a thread that carries media: its share of a core, what one forwarded packet costs in microseconds, the
               time below which half (p50) and nearly all (p99) packets left again, packets in and out, and those
               that were dropped or that subscribers missed
      ROOM     its tracks over the last five seconds: frames, bit/s and loss on the way in, subscribers, bit/s and
               mean loss on the way out; and for simulcast, each layer with how many watch it
    """,
    "doctor": """
    mqvi doctor [--SETTING value ...]

    Checks this machine with the same settings as `serve`: ports, buffers, addresses, clock, disk, open files.
    Says what is wrong and what to do. Exit status 0: nothing is in the way; 1: something is.
    """,
    "backup": """
    mqvi backup [FILE] [--data DIRECTORY]

    Copies the database to FILE, or to a dated one among the server's own backups. The server may be running: the copy
    is one moment of it. It is looked over before it gets its name. Uploaded files and the API key are not in it: they
    lie beside the database in the data directory.
    """,
    "restore": """
    mqvi restore FILE [--data DIRECTORY]

    Puts a backup in the place of the database, after it was found to be whole, ours and not newer than this mqvi. The
    server must be stopped. The old database stays beside it under a dated name.
    """,
    "import": """
    mqvi import discord DIRECTORY [--visible] [--data DIRECTORY]

    Takes over what DiscordChatExporter saved with `--format Json`: channels, messages with their times, authors as
    placeholders, reactions, and attachments that were saved with `--media`. The server must be stopped. A second run adds
    what is new and doubles nothing. At the end it lists what could not be taken over as it was.

    Exports do not say who may see a channel, so the new channels are visible to administrators only.

      --visible        every member may see them
    """,
    "settings": """
    mqvi settings [--markdown]

    Lists every setting with its default and meaning. --markdown prints Sources/Documentation/settings.md.
    """,
    "version": "mqvi version\n\nPrints the version.",
  ]

  /// The settings as the help shows them.
  static var settings: String {
    var lines = ["Settings (flag, variable, default):"]
    for setting in Settings.table {
      let shown = setting.isSecret || setting.defaultText.isEmpty ? "" : " [\(setting.defaultText)]"
      lines.append("  \(setting.flag) <\(setting.unit)>  \(setting.name)\(shown)")
      lines.append("      \(setting.help)")
    }
    return lines.joined(separator: "\n")
  }
}

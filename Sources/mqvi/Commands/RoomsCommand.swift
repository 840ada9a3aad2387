// `mqvi rooms`: asks the running server for its rooms and who is in them.

enum RoomsCommand {
  static func run(_ arguments: [String]) -> ExitStatus { .success }
}

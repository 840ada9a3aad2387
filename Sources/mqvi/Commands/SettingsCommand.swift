// `mqvi settings`.

import Settings

enum SettingsCommand {
  static func run(_ arguments: [String]) -> ExitStatus {
    switch arguments {
    case []: Terminal.print(Help.settings)
    case ["--markdown"]: Terminal.print(String(Settings.markdown.dropLast()))
    default:
      Terminal.error("`mqvi settings` takes --markdown or nothing")
      return .usage
    }
    return .success
  }
}

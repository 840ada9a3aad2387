// `mqvi restore`: puts a backup in the database's place.

import Reactor
import Schema
import Store

enum RestoreCommand {
  static func run(_ arguments: [String]) -> ExitStatus {
    do {
      var options = Options(arguments)
      let settings = try options.settings()
      guard let file = options.operand() else { throw OptionError(description: "the backup's file is missing") }
      try options.finish()
      let database = DataDirectory.database(settings)
      let kept = try Backups.restore(file, to: database, knowing: Schema.migrations, at: Clock.wallTime())
      Terminal.print("restored    \(database)\n            from \(file)")
      if let kept { Terminal.print("the old one \(kept)\n            delete it when all is well") }
      Terminal.print("next        mqvi serve")
      return .success
    } catch let error as OptionError {
      Terminal.error("\(error)\n      `mqvi help restore` tells how it is used.")
      return .usage
    } catch {
      Terminal.error("\(error)\n      Nothing was changed.")
      return .failure
    }
  }
}

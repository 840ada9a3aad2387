// Where in the data directory the database and its backups are.

import Chronology
import Reactor
import Schema
import Settings
import Store

extension DataDirectory {
  static func database(_ settings: Settings) -> String { settings.dataDirectory + "/mqvi.db" }

  static func backups(_ settings: Settings) -> String {
    settings.backupDirectory.isEmpty ? settings.dataDirectory + "/backups" : settings.backupDirectory
  }

  /// What `serve` opens.
  static func store(_ settings: Settings) -> StoreConfiguration {
    let plan = BackupPlan(
      directory: backups(settings), interval: .seconds(Int64(settings.backupInterval) * 60),
      recent: settings.backupKeep, daily: settings.backupKeepDays)
    return StoreConfiguration(
      path: database(settings), migrations: Schema.migrations, backups: settings.backupInterval > 0 ? plan : nil)
  }
}

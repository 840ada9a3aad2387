// The thread that looks after the database while nobody asks: the check after the start, and backups on time.

import Chronology
import Glibc
import Reactor
import SQL
import Synchronization

final class Keeper: Sendable {
  private let stopping: Stopping
  private let thread: JoinedThread

  /// Whether to go on, for the thread and for the copy that it is in the middle of.
  private final class Stopping: Sendable {
    let signal: Signal
    let isAsked = Atomic(false)

    init() throws(SystemError) { signal = try Signal() }
  }

  /// Nil when there is nothing to look after.
  init?(_ configuration: StoreConfiguration, report: @escaping @Sendable (StoreEvent) -> Void) throws(SystemError) {
    guard configuration.backups != nil || configuration.checksStructure else { return nil }
    let stopping = try Stopping()
    self.stopping = stopping
    thread = try JoinedThread("store-keeper") { Keeper.run(configuration, stopping, report) }
  }

  /// A backup under way is called off.
  func stop() {
    stopping.isAsked.store(true, ordering: .relaxed)
    stopping.signal.raise()
    thread.join()
  }

  private static func run(
    _ configuration: StoreConfiguration, _ stopping: Stopping, _ report: (StoreEvent) -> Void
  ) {
    // On Linux a thread's own: what the server does for people comes first.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    if configuration.checksStructure { check(configuration.path, report) }
    guard let plan = configuration.backups, var poller = try? Poller(),
      (try? poller.add(stopping.signal.readable, token: 0)) != nil
    else { return }
    var due = Clock.now() + plan.delay(sinceNewest: names(plan).max(), at: Clock.wallTime())
    while !stopping.isAsked.load(ordering: .relaxed) {
      let wait = due - Clock.now()
      if wait > .zero {
        _ = poller.wait(wait)
        continue
      }
      let isMade = backUp(configuration.path, plan, stopping, report)
      due = Clock.now() + (isMade ? plan.interval : min(plan.interval, StoreLimit.backupRetry))
    }
  }

  private static func names(_ plan: BackupPlan) -> [BackupName] {
    Files.list(plan.directory).compactMap { BackupName($0) }
  }

  private static func check(_ path: String, _ report: (StoreEvent) -> Void) {
    let start = Clock.now()
    do throws(SQLError) {
      let faults = try Database(path: path, mode: .readOnly).faults(.structure)
      report(.checked(faults: faults, milliseconds: (Clock.now() - start).milliseconds))
    } catch {
      report(.upkeepFailed(error.description))
    }
  }

  private static func backUp(
    _ path: String, _ plan: BackupPlan, _ stopping: Stopping, _ report: (StoreEvent) -> Void
  ) -> Bool {
    let start = Clock.now()
    do throws(StoreError) {
      let backup = try Backups.make(of: path, in: plan.directory, at: Clock.wallTime()) { _, _ in
        !stopping.isAsked.load(ordering: .relaxed)
      }
      let superfluous = BackupName.superfluous(names(plan), recent: plan.recent, daily: plan.daily)
      for name in superfluous {
        try StoreError.wrapping { () throws(SystemError) in try Files.remove(plan.directory + "/" + name.text) }
      }
      report(
        .backedUp(path: backup.path, bytes: backup.bytes, milliseconds: (Clock.now() - start).milliseconds))
      return true
    } catch {
      if !stopping.isAsked.load(ordering: .relaxed) { report(.upkeepFailed(error.description)) }
      return false
    }
  }
}

// Changing rows beside the requests: what the process itself writes.

import API
import Chronology
import Problems
import Store

extension Store<WriterState, CommunityPlane.Found, Problem> {
  /// Runs `job` in one transaction under `id`; 0 where nobody waits for what comes of it.
  ///
  /// - Returns: false when the writer has too much to do; the job then does not run.
  func change(
    under id: UInt64, at moment: Moment,
    _ job: @escaping @Sendable (inout Writing) throws(Problem) -> CommunityPlane.Found
  ) -> Bool {
    write(id: id) { database, state throws(Problem) in
      var writing = Writing(database, state, at: moment.wall)
      let found = try job(&writing)
      state = writing.state
      return found
    }
  }
}

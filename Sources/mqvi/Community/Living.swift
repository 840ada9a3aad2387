// What only the running process knows: the rooms with their participants. Routes ask it through `LiveRequest`.

import API
import Access
import Chronology
import Problems
import Rooms

struct Living: ~Copyable {
  var control: ControlNode

  mutating func answer(_ request: LiveRequest, _ directory: Directory, at moment: Moment) -> LiveAnswer {
    .refused(Problem(.unavailable, "not here"))
  }
}

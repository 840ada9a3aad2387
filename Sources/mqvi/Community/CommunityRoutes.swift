// Every route of the API, in the order in which the documentation shows them.

import API

enum CommunityRoutes {
  static let all: [Route] = []

  /// Objects that answers are made of.
  static let components: Components = []
}

// Who is told what happens, and over which limits.

import AccessTokens
import Chronology

/// A URL that events are posted to.
public struct WebhookTarget: Sendable, Equatable {
  public var url: String
  /// Signs the deliveries.
  public var key: APIKey
  /// Names of the only events that go there; empty for all.
  public var included: Set<String> = []
  /// Names of events that do not go there.
  public var excluded: Set<String> = []

  public init(url: String, key: APIKey) {
    self.url = url
    self.key = key
  }

  func wants(_ event: String) -> Bool {
    (included.isEmpty || included.contains(event)) && !excluded.contains(event)
  }
}

/// What slow and dead receivers may cost.
public enum WebhookLimit {
  /// Events of one room that wait for one receiver. The reference server has the same.
  public static let queuedPerRoom = 100
  /// Events that wait for one receiver over all rooms: at a kilobyte each, what a receiver that is down costs.
  public static let queuedPerTarget = 10_000
  /// Deliveries to one receiver at the same time.
  public static let concurrent = 10
  /// Attempts to deliver an event: the first and four more.
  public static let attempts = 5
  /// The wait before the second attempt; it doubles up to the longest.
  public static let shortestWait = Interval.seconds(1)
  public static let longestWait = Interval.seconds(30)
}

/// A POST to make.
public struct WebhookDelivery: Sendable, Equatable {
  /// Names the delivery when its outcome is reported.
  public var id: UInt64
  public var url: String
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]

  public static func == (a: Self, b: Self) -> Bool { a.id == b.id && a.url == b.url && a.body == b.body }
}

/// What became of a POST.
public enum WebhookOutcome: Sendable, Equatable {
  /// The receiver answered with this status.
  case status(Int)
  /// No answer: refused, timed out, cut.
  case failed

  /// A later attempt may succeed: no answer, too many requests, or a fault of the receiver that is not for ever.
  var isTemporary: Bool {
    switch self {
    case .failed: true
    case .status(let status): status == 429 || (status >= 500 && status != 501)
    }
  }
}

// The bounds of integrations, each with its reason.

import Chronology

enum Limit {
  /// Incoming webhooks of one channel (as Discord's 15).
  static let webhooksOfChannel = 15
  /// Bot accounts of the community.
  static let bots = 50
  /// Outgoing webhooks: every event is written once for each of them.
  static let outgoing = 20
  /// Characters of a name.
  static let name = 32
  /// Characters of an address.
  static let url = 2_048
  /// Attempts to deliver an event: over about a day and a half.
  static let attempts = 8
  /// The wait after the first failure; each further one is four times as long.
  static let firstWait = Interval.seconds(5)
  static let longestWait = Interval.seconds(12 * 3_600)
  /// Deliveries that failed one after another before a webhook is switched off.
  static let failures = 50
  /// Deliveries that wait for one webhook. Beyond it the oldest are dropped.
  static let waiting = 10_000
  /// Deliveries that are taken in one turn.
  static let turn = 16
}

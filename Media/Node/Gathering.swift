// Which publications wait a moment for more packets to leave with, and until when.
//
// A run of datagrams to one address costs the kernel hardly more than one, so a moment's patience pays: a video frame
// waits for its end, and a voice for the other voices that its listeners hear. Whoever has nothing to wait for leaves at
// the end of the turn.

import Bytes
import Chronology
import MediaContract

struct Gathering: Sendable {
  /// Audio publications that wait for each other.
  var voices: [Handle<Publication>] = []
  /// When all of them leave: what the first of them may wait.
  var voicesDue = Instant.distantFuture
  /// Video publications; each knows its own time.
  var frames: [Handle<Publication>] = []
  /// The earliest of their times.
  var framesDue = Instant.distantFuture

  /// When a packet came last that is not a voice with company.
  var lastUrgent: Instant

  init(at time: Instant) { lastUrgent = time }

  /// When something of it must leave.
  var due: Instant { min(voicesDue, framesDue) }
}

extension MediaNode {
  /// Until when arriving datagrams may stay where they are: as long as all that comes are voices that wait for each other
  /// anyway, there is nothing to wake up for. Nil while there is.
  public func restEnd(at time: Instant) -> Instant? {
    guard !gathering.voices.isEmpty, time - gathering.lastUrgent > Limit.calm else { return nil }
    return min(gathering.voicesDue, nextTimer)
  }

  /// A publication has its first packet of those that have not left yet.
  mutating func gather(_ publication: Handle<Publication>, at time: Instant) {
    if !publications[publication].hasCompany { gathering.lastUrgent = time }
    if publications[publication].kind == .video {
      let due = time + Limit.frameGathering
      publications[publication].frameDue = due
      gathering.frames.append(publication)
      gathering.framesDue = min(gathering.framesDue, due)
    } else if publications[publication].hasCompany {
      gathering.voices.append(publication)
      // What a packet has waited in the socket for a busy thread is part of what it may wait.
      gathering.voicesDue = min(gathering.voicesDue, arrival + configuration.voiceGathering)
    } else {
      voices.append(publication)
    }
  }

  /// Hands on what need not or may not wait any longer.
  mutating func releaseGathered(at time: Instant) {
    if gathering.voicesDue <= time {
      voices.append(contentsOf: gathering.voices)
      gathering.voices.removeAll(keepingCapacity: true)
      gathering.voicesDue = .distantFuture
    }
    guard !gathering.frames.isEmpty else { return }
    gathering.framesDue = .distantFuture
    var kept = 0
    for index in gathering.frames.indices {
      let publication = gathering.frames[index]
      guard publications.contains(publication) else { continue }
      let due = publications[publication].frameDue
      if publications[publication].isMidFrame, time < due {
        gathering.frames[kept] = publication
        kept += 1
        gathering.framesDue = min(gathering.framesDue, due)
      } else {
        pending.append(publication)
      }
    }
    gathering.frames.removeLast(gathering.frames.count - kept)
  }

  /// Looks whether a voice has company: whether its listeners get so many other voices that waiting for one, as long as
  /// is allowed, brings one on average. In a conversation of a few nobody waits.
  mutating func lookForCompany(of publication: Handle<Publication>) {
    let window = configuration.voiceGathering.microseconds
    var hasCompany = false
    for index in 0..<min(publications[publication].subscriptions.count, Limit.companyListeners) {
      let subscription = publications[publication].subscriptions[index]
      guard subscriptions.contains(subscription) else { continue }
      let rate = transports[subscriptions[subscription].transport].voicesPerSecond
      if rate &* window >= 1_000_000 { hasCompany = true }
    }
    publications[publication].hasCompany = hasCompany
  }
}

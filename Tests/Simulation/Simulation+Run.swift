// A run: trouble, then peace. Safety is watched all the time; in peace everybody must get everything again.

import Chronology
import LiveKitProtocol
import MediaContract
import Node
import Rooms

extension Simulation {
  enum Patience {
    /// From the healing of the network until everybody sees and hears everybody. ICE gives up after 15 s, a client that
    /// noticed tries to resume, and begins anew 10 s later.
    static let recovery = Interval.seconds(45)
    /// From the leaving of the last client until nothing is left of it: consent lasts 15 s, a session that waits for its
    /// client 5 s more.
    static let farewell = Interval.seconds(120)
  }

  struct Outcome {
    var hash: UInt64
    var events: Int
    var packets: Int
    var virtualSeconds: Double
    /// Nil when all is well.
    var report: String?
  }

  /// Runs one seed from beginning to end. `sabotage` may plan something that a checker must notice.
  static func run(seed: UInt64, isLong: Bool = false, sabotage: (Simulation) -> Void = { _ in }) -> Outcome {
    let simulation = Simulation(seed: seed, isLong: isLong)
    sabotage(simulation)
    simulation.runThrough()
    return Outcome(
      hash: simulation.trace.hash, events: simulation.trace.count, packets: simulation.checkers.packetsSeen,
      virtualSeconds: simulation.now.nanoseconds > 0 ? (simulation.now - .origin).seconds : 0,
      report: simulation.report)
  }

  private var report: String? {
    guard let violation else { return nil }
    return """
      seed \(seed): \(violation.checker): \(violation.detail)
      replay: MQVI_SEED=\(seed) swift test --filter Simulation
      \(violation.lastEvents.joined(separator: "\n"))
      """
  }

  private func runThrough() {
    record(.phase, "trouble")
    for client in clients {
      schedule(at: .origin + .milliseconds(Int64.random(in: 0...400, using: &random))) { $0.enter(client) }
    }
    schedule(after: .milliseconds(300)) { $0.operate() }
    run(until: .origin + swarm.trouble)
    heal()
    let healed = now
    record(.phase, "peace")
    var check = now
    run(until: now + Patience.recovery) { simulation in
      guard simulation.now >= check else { return true }
      check = simulation.now + .milliseconds(100)
      return !simulation.missing(since: healed).isEmpty
    }
    let missing = missing(since: healed)
    if let first = missing.first { fail("liveness", "\(first) (\(missing.count) in all)") }
    record(.phase, "farewell")
    for client in clients { leave(client) }
    run(until: now + Patience.farewell) { simulation in !simulation.isEmpty }
    checkEmpty()
  }

  /// The network is well, everybody is in, may do everything, and wants everything.
  private func heal() {
    isTrouble = false
    for client in clients {
      client.uplink.heal(at: now)
      client.downlink.heal(at: now)
      enter(client)
    }
    wish(0)
  }

  /// Says again and again what everybody wants and may: sessions come and go while the last of the trouble ends.
  private func wish(_ round: Int) {
    guard violation == nil, !isTrouble else { return }
    for client in clients {
      guard client.isWanted, let session = client.session, session.isJoined, session.connection != nil else { continue }
      if !session.policy.canPublish || !session.policy.canSubscribe {
        give(client, canPublish: true, canSubscribe: true)
      }
      publishMissing(session)
      for track in session.tracks where track.isMuted || track.isMutedAtServer {
        guard let sid = track.sid else { continue }
        track.isMuted = false
        for index in track.encodings.indices { track.encodings[index].wantsKey = true }
        mute(track, sid, session)
      }
      if session.policy.audience != nil { allow(nil, session) }
      for sid in session.policy.unwanted.sorted() { subscribe(sid, true, session) }
      for sid in session.disabled.sorted() { set(.high, isDisabled: false, sid, session) }
      if round % 4 == 0 { sendData(session) }
    }
    guard clients.contains(where: \.isWanted) else { return }
    schedule(after: .milliseconds(250)) { $0.wish(round + 1) }
  }

  // MARK: Liveness

  /// Who does not get what, in words; empty when everybody gets everything that was made after `time`.
  private func missing(since time: Instant) -> [String] {
    let since = UInt32(truncatingIfNeeded: time.nanoseconds / 1_000_000)
    var missing: [String] = []
    for client in clients {
      guard let session = client.session, session.isJoined else {
        missing.append("\(client.identity) is not in the room")
        continue
      }
      for other in clients where other !== client {
        for kind in other.publishes {
          guard let reason = lack(of: kind, from: other, session, since: since) else { continue }
          missing.append("\(client.identity) gets no \(kind) of \(other.identity): \(reason)")
        }
      }
      if let first = checkers.missingData(of: session).first {
        missing.append("\(client.identity) lacks packet \(first.sequence) of \(first.sender)")
      }
    }
    return missing
  }

  /// Why the session does not get a kind of media; nil when it does.
  private func lack(of kind: MediaKind, from other: SimulatedClient, _ session: Session, since: UInt32) -> String? {
    guard let track = other.session?.tracks.first(where: { $0.kind == kind }) else { return "it is not published" }
    guard let sid = track.sid else { return "its publication was not answered" }
    guard track.encodings.contains(where: { $0.stream != nil }) else { return "its section was not negotiated" }
    guard let incoming = session.receiver.incoming.values.first(where: { $0.sid == sid }) else {
      return "the subscriber was not offered \(sid)"
    }
    let layers = track.encodings.map { $0.isEnabled ? 1 : 0 }
    let facts = "\(incoming.decoder.packets) packets of \(sid) arrived, layers \(layers) are encoded"
    guard let newest = incoming.decoder.newestMadeAt else { return "nothing was ever shown: \(facts)" }
    return newest > since ? nil : "the last was made at \(newest) ms: \(facts)"
  }

  // MARK: The end

  private var isEmpty: Bool {
    let left = node.population
    return left.transports == 0 && left.publications == 0 && left.subscriptions == 0 && control.participantCount == 0
      && control.roomCount == 0
  }

  private func checkEmpty() {
    let left = node.population
    if !isEmpty {
      fail(
        "conservation",
        """
        after everybody left: \(left.transports) transports, \(left.publications) publications, \
        \(left.subscriptions) subscriptions, \(control.participantCount) participants, \(control.roomCount) rooms
        """)
    }
  }
}

import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import Randomness
import SessionDescriptions
import TestSupport
import Testing

@testable import Rooms

/// What holds whatever clients do, in any order.
struct InvariantTests {
  /// What the media plane would hold after the commands so far.
  private struct Plane {
    var transports: Set<TransportID> = []
    var publications: Set<PublicationID> = []
    var subscriptions: [SubscriptionID: SubscriptionParameters] = [:]

    mutating func take(_ commands: [MediaCommand], _ seed: UInt64) {
      for command in commands {
        switch command {
        case .openTransport(let parameters):
          #expect(transports.insert(parameters.id).inserted, "a transport is opened once; seed \(seed)")
        case .closeTransport(let id):
          #expect(transports.remove(id) != nil, "only an open transport is closed; seed \(seed)")
        case .setRemote(let id, _), .restartICE(let id, _, _):
          #expect(transports.contains(id), "descriptions are for open transports; seed \(seed)")
        case .setPublication(let parameters):
          #expect(transports.contains(parameters.transport), "seed \(seed)")
          #expect(!parameters.formats.isEmpty && !parameters.encodings.isEmpty, "seed \(seed)")
          publications.insert(parameters.id)
        case .removePublication(let id): publications.remove(id)
        case .setSubscription(let parameters):
          #expect(publications.contains(parameters.publication), "a subscription has its publication; seed \(seed)")
          #expect(transports.contains(parameters.transport), "seed \(seed)")
          for other in subscriptions.values where other.transport == parameters.transport && other.id != parameters.id {
            #expect(other.mid != parameters.mid, "one stream per m-line; seed \(seed)")
            #expect(other.ssrc != parameters.ssrc, "seed \(seed)")
          }
          subscriptions[parameters.id] = parameters
        case .removeSubscription(let id):
          #expect(subscriptions.removeValue(forKey: id) != nil, "seed \(seed)")
        case .setMuted, .requestKeyFrame, .setTarget, .openDataChannel, .sendData, .limitBandwidth: break
        }
      }
    }
  }

  private func act(_ client: Client, _ random: inout Random, _ harness: Harness, _ step: Int) {
    let sids = harness.node.listParticipants(.room("hall")).participants.flatMap(\.tracks).map(\.sid)
    switch Int.random(in: 0..<14, using: &random) {
    case 0, 1:
      client.publish(
        [.camera, .screenShare].randomElement(using: &random) ?? .camera, cid: "v\(step)", codec: "vp8", layers: 3)
    case 2, 3: client.publish(.microphone, cid: "a\(step)")
    case 4:
      if let cid = client.offer?.media.compactMap({ $0.msid?.track }).randomElement(using: &random) {
        client.unpublish(cid: cid)
      }
    case 5: if let sid = sids.randomElement(using: &random) { client.subscribe([sid], Bool.random(using: &random)) }
    case 6: client.send(.subscriptionPermission(SubscriptionPermission()))
    case 7:
      var permission = SubscriptionPermission()
      permission.allParticipants = true
      client.send(.subscriptionPermission(permission))
    case 8:
      var mute = MuteTrackRequest()
      mute.sid = sids.randomElement(using: &random) ?? ""
      mute.muted = Bool.random(using: &random)
      client.send(.mute(mute))
    case 9:
      var settings = UpdateTrackSettings()
      settings.trackSids = sids
      settings.quality = VideoQuality(rawValue: Int32.random(in: 0...4, using: &random))
      settings.disabled = Bool.random(using: &random)
      client.send(.trackSetting(settings))
    case 10: if let offer = client.offer { client.send(offer: Bool.random(using: &random) ? offer.restarted() : offer) }
    case 11: client.connect()
    case 12:
      if random.chance(0.2), let transport = client.transports.first {
        harness.media(.transport(transport, .failed, nil))
      }
    default: if random.chance(0.3) { client.send(.leave(LeaveRequest())) }
    }
  }

  @Test func `the media plane is told nothing that contradicts itself, and all of it is taken back`() {
    var flowed = 0
    forEachSeed(10) { seed, random in
      let harness = Harness(seed: seed)
      var plane = Plane()
      var clients: [Client] = []
      for step in 0..<80 {
        if clients.count < 5, random.chance(0.25) {
          let identity = "p\(Int.random(in: 0..<6, using: &random))"
          clients.append(random.chance(0.5) ? harness.join(identity) : harness.joinSingle(identity))
        }
        clients.removeAll { harness.node.connections[$0.connection] == nil }
        if let client = clients.randomElement(using: &random) { act(client, &random, harness, step) }
        for client in clients where random.chance(0.7) {
          if client.joined?.subscriberPrimary == true { client.answerOffer() }
        }
        harness.advance(.milliseconds(Int64.random(in: 0...400, using: &random)))
        plane.take(harness.commands, seed)
        flowed += harness.mediaSubscriptions.count
        harness.clear()
        checkReferences(harness, seed)
      }
      harness.advance(.seconds(120))
      for client in clients { client.send(.leave(LeaveRequest())) }
      harness.advance(.seconds(400))
      plane.take(harness.commands, seed)
      #expect(harness.node.participantCount == 0, "seed \(seed)")
      #expect(harness.node.roomCount == 0, "seed \(seed)")
      #expect(plane.transports.isEmpty, "seed \(seed)")
      #expect(plane.publications.isEmpty, "seed \(seed)")
      #expect(plane.subscriptions.isEmpty, "seed \(seed)")
      #expect(harness.node.publications.isEmpty && harness.node.subscriptions.isEmpty, "seed \(seed)")
      #expect(harness.node.transports.isEmpty && harness.node.connections.isEmpty, "seed \(seed)")
    }
    #expect(flowed > 100, "the property is about something")
  }

  /// The two ends of every reference agree.
  private func checkReferences(_ harness: Harness, _ seed: UInt64) {
    for room in harness.node.rooms.values {
      for participant in room.participants {
        #expect(!participant.isClosed, "seed \(seed)")
        #expect(harness.node.participants[participant.key] === participant, "seed \(seed)")
        for (sid, subscription) in participant.subscriptions {
          #expect(room.tracks[sid] === subscription.track, "seed \(seed)")
          #expect(subscription.track.subscriptions[participant.key] === subscription, "seed \(seed)")
          #expect(subscription.track.isAnnounced, "seed \(seed)")
        }
        for section in participant.downstream?.sections ?? [] {
          guard case .sending(let subscription) = section.use else { continue }
          #expect(subscription.mid == section.mid, "seed \(seed)")
          #expect(participant.subscriptions[subscription.track.sid] === subscription, "seed \(seed)")
        }
      }
      for track in room.tracks.values {
        #expect(room.participants.contains { $0 === track.publisher }, "seed \(seed)")
      }
    }
  }

  @Test func `the same inputs give the same effects`() {
    forEachSeed(5) { seed, _ in
      var runs: [[[SignalFrame]]] = []
      for _ in 0..<2 {
        let harness = Harness(seed: seed)
        var random = Random(seed: seed)
        let clients = (0..<4).map { $0 % 2 == 0 ? harness.join("p\($0)") : harness.joinSingle("p\($0)") }
        for step in 0..<40 {
          if let client = clients.randomElement(using: &random) {
            var request = AddTrackRequest.make(step % 2 == 0 ? .camera : .microphone, cid: "t\(step)")
            request.muted = Bool.random(using: &random)
            client.send(.addTrack(request))
            if var sdp = client.offer {
              sdp.sessionVersion += 1
              client.send(offer: sdp)
            }
          }
          harness.advance(.milliseconds(100))
        }
        runs.append(clients.map { harness.frames[$0.connection] ?? [] })
      }
      #expect(runs[0] == runs[1], "seed \(seed)")
    }
  }

  @Test func `no bytes from a stranger stop the process`() {
    forEachSeed(40) { seed, random in
      let harness = Harness(seed: seed)
      let ann = harness.join("ann")
      let bob = harness.joinSingle("bob")
      ann.connect()
      bob.connect()
      let valid = [
        with(SignalRequest()) { $0.message = .addTrack(.make(.camera, cid: "c", codec: "vp8", layers: 3)) }.protobuf,
        with(SignalRequest()) {
          $0.message = .offer(with(SessionDescription()) { $0.sdp = Descriptions.first().text })
        }.protobuf,
      ]
      for _ in 0..<20 {
        var bytes =
          random.chance(0.3)
          ? (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) } : valid.randomElement(using: &random) ?? []
        for _ in 0..<3 where !bytes.isEmpty {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        for client in [ann, bob] {
          client.send(random.chance(0.8) ? .binary(bytes) : .text(bytes))
          for label in [DataChannelLabel.reliable, .lossy, .dataTrack, .other("x")] {
            for transport in client.transports { harness.media(.data(transport, label, bytes, isBinary: true)) }
          }
        }
        harness.advance(.milliseconds(50))
      }
      let other = harness.join("cleo")
      other.send(.ping(1))
      #expect(other.last(\.pong) != nil, "seed \(seed)")
    }
  }

  private func with<Value>(_ value: Value, _ change: (inout Value) -> Void) -> Value {
    var value = value
    change(&value)
    return value
  }
}

/// The parts that stand alone.
struct RoomPartsTests {
  @Test func `timers come out by time, and in order within it`() {
    forEachSeed { seed, random in
      var queue = TimerQueue()
      var expected: [(Int64, UInt64)] = []
      for order in 0..<50 as Range<UInt64> {
        let due = Int64.random(in: 0..<20, using: &random)
        queue.schedule(.roomLifetime(room: order), at: Instant(nanoseconds: due))
        expected.append((due, order))
      }
      expected.sort { $0 < $1 }
      var taken: [UInt64] = []
      while case .roomLifetime(let order)? = queue.next(at: .distantFuture) { taken.append(order) }
      #expect(taken == expected.map(\.1), "seed \(seed)")
    }
  }

  @Test func `a timer is not taken before its time`() {
    var queue = TimerQueue()
    queue.schedule(.roomLifetime(room: 1), at: Instant(nanoseconds: 10))
    let early = queue.next(at: Instant(nanoseconds: 9))
    #expect(early == nil)
    let due = queue.next(at: Instant(nanoseconds: 10))
    #expect(due != nil)
    #expect(queue.nextDeadline == nil)
  }

  @Test func `versions of a room rise even when the clock steps back`() {
    var version = TimedVersion()
    var wall = WallTime(milliseconds: 1_000)
    for step in [0, 0, 5, -3, 0, 10] as [Int64] {
      wall.milliseconds += step
      let next = version.next(at: wall)
      #expect((next.unixMicro, next.ticks) > (version.unixMicro, version.ticks))
      version = next
    }
  }

  @Test func `the last hundred nonces are remembered`() {
    var window = NonceWindow()
    let first = (0..<101 as Range<UInt8>).map { window.admit([$0]) }
    #expect(first.allSatisfy { $0 })
    // The oldest was forgotten, the newest was not, and no nonce at all is never one too many.
    let again = [[100], [0], [], []].map { window.admit($0) }
    #expect(again == [false, true, true, true])
  }

  @Test func `rids are sorted by name, not by their order in SDP`() {
    for (rids, expected) in [
      (["f", "h", "q"], ["q", "h", "f"]), (["h", "q"], ["q", "h"]), (["0", "1", "2"], ["2", "1", "0"]),
      (["x", "y"], ["x", "y"]),
    ] {
      var section = MediaSection(kind: .video)
      section.rids = rids
      section.simulcast = rids
      #expect(Negotiation.encodings(of: section, layers: []).map(\.rid) == expected)
    }
  }

  @Test func `an increase of one codec does not take the others down early`() {
    var dynacast = Dynacast()
    dynacast.begin(codecs: ["vp9", "vp8"])
    let now = Instant.origin
    let demand = [Dynacast.Demand(codec: "vp9", quality: .low), Dynacast.Demand(codec: "vp8", quality: .high)]
    let outcome = dynacast.update(demand, at: now, delay: .seconds(5))
    #expect(outcome == .tell)
    #expect(dynacast.told.map(\.quality) == [.high, .high])
    let settled = [4, 5].map { dynacast.settle(at: now + .seconds($0)) }
    #expect(settled == [false, true])
    #expect(dynacast.told == demand)
  }
}

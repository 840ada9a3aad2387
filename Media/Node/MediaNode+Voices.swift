// The end of a turn for audio: one listener after the other, and what all speakers of the turn sent to each as few runs.
//
// A speaker sends 50 packets a second, so a turn rarely has two of one. What makes runs is that one listener hears many.

import Bytes
import Chronology
import Connectivity
import Forwarding
import MediaContract
import Streams
import Wire

extension MediaNode {
  /// Sends the audio that is due. False when the arena is full; the next call goes on from there.
  mutating func fanOutVoices(at time: Instant) -> Bool {
    repeat {
      while let listener = listeners.listener {
        guard sendQueue(of: listener, at: time) else { return false }
        listeners.removeListener()
      }
    } while queueVoices()
    return true
  }

  /// Sorts the packets of publications that are due by their listeners, as many as the queue takes. False when there are
  /// none.
  private mutating func queueVoices() -> Bool {
    while let publication = voices.last {
      guard publications.contains(publication) else {
        nextVoice()
        continue
      }
      let arrivalCount = publications[publication].arrivals.count
      while voiceCursor < publications[publication].subscriptions.count {
        guard listeners.room >= arrivalCount else { return true }
        queue(publications[publication].subscriptions[voiceCursor], of: publication)
        voiceCursor += 1
      }
      publications[publication].arrivals.removeAll(keepingCapacity: true)
      publications[publication].isPending = false
      nextVoice()
    }
    return listeners.listener != nil
  }

  private mutating func nextVoice() {
    voices.removeLast()
    voiceCursor = 0
  }

  private mutating func queue(_ subscription: Handle<Subscription>, of publication: Handle<Publication>) {
    let listener = subscriptions[subscription].transport
    guard transports[listener].sendingPath != nil else { return }
    for index in 0..<publications[publication].arrivals.count {
      listeners.append(publications[publication].arrivals[index], subscription, to: listener)
    }
  }

  /// Sends what waits for one listener, in as few runs as is worth it. False when the arena is full.
  private mutating func sendQueue(of listener: Handle<Transport>, at time: Instant) -> Bool {
    guard transports.contains(listener), let path = transports[listener].sendingPath else { return true }
    while listeners.first != nil {
      takeGroup()
      if group.isEmpty {
        guard departures.count == 0 else { return false }
        // It does not even fit an empty arena.
        counters.droppedArenaFull &+= 1
        listeners.removeFirst()
        continue
      }
      plan.make(&candidates)
      for index in candidates.indices {
        send(group[Int(candidates[index].place)], padding: candidates[index].padding, listener, path, at: time)
      }
    }
    return true
  }

  /// Moves as many of the listener's packets into `group` as one plan and the arena take.
  private mutating func takeGroup() {
    group.removeAll(keepingCapacity: true)
    candidates.removeAll(keepingCapacity: true)
    var room = 0
    while group.count < RunPlan.Limit.candidates, let packet = listeners.first {
      let most = Int(packet.arrival.payloadByteCount) &+ Limit.packetOverhead &+ Int(UInt8.max)
      guard departures.hasRoom(for: room &+ most, records: group.count + 1) else { return }
      listeners.removeFirst()
      guard let candidate = candidate(packet) else { continue }
      room &+= most
      group.append(packet)
      candidates.append(candidate)
    }
  }

  /// What a plan must know of a packet; nil when its subscription or publication has gone.
  private mutating func candidate(_ packet: QueuedPacket) -> RunCandidate? {
    let subscription = packet.subscription
    guard subscriptions.contains(subscription) else { return nil }
    let publication = subscriptions[subscription].publication
    guard publications.contains(publication) else { return nil }
    var payload = packet.arrival.payloadByteCount
    if let mapping = subscriptions[subscription].mapping, mapping.stripsRedundancy {
      payload = primaryByteCount(of: packet.arrival, publication, mapping)
    }
    var generation: UInt8 = 0
    if let last = group.last, last.subscription == subscription, let before = candidates.last {
      generation = before.generation &+ 1
    }
    return RunCandidate(
      byteCount: payload &+ subscriptions[subscription].overhead, generation: generation,
      place: UInt8(truncatingIfNeeded: group.count))
  }

  /// Bytes of the newest frame inside RED.
  private mutating func primaryByteCount(
    of arrival: Arrival, _ publication: Handle<Publication>, _ mapping: FormatMapping
  ) -> UInt16 {
    let encoding = publications[publication].encodings[Int(arrival.encoding)]
    guard let packet = encodings[encoding].history.record(serial: arrival.serial),
      let range = payload(of: packet, encoding, mapping)
    else { return arrival.payloadByteCount }
    return UInt16(truncatingIfNeeded: range.count)
  }

  private mutating func send(
    _ packet: QueuedPacket, padding: UInt8, _ listener: Handle<Transport>, _ path: Path, at time: Instant
  ) {
    let subscription = packet.subscription
    let publication = subscriptions[subscription].publication
    let before = subscriptions[subscription].selector.current
    // There is room: the group was taken by it.
    _ = forward(packet.arrival, of: publication, to: subscription, listener, path, padding: padding, at: time)
    if subscriptions[subscription].selector.current != before { layerChanged(subscription) }
    transports[listener].voicePackets &+= 1
  }
}

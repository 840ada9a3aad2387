// Packets of a turn, sorted by who gets them: what several publications send to one listener then leaves together.

import Bytes

/// A packet on its way to one subscriber.
struct QueuedPacket: Sendable {
  var arrival: Arrival
  var subscription: Handle<Subscription>
  /// Place of the same listener's next packet, or −1.
  fileprivate var next: Int32 = -1
}

/// First in, first out, for each listener; the listeners in the order of their first packets. Memory is used again.
struct ListenerQueue: ~Copyable {
  private var packets: [QueuedPacket] = []
  private var listeners: [Handle<Transport>] = []
  /// How many of `listeners` have been dealt with.
  private var served = 0
  /// By the listener's index: places of its first and last packet, or −1.
  private var heads: [Int32] = []
  private var tails: [Int32] = []

  init() {}

  /// How many packets can be added before all have been taken.
  var room: Int { Limit.queuedVoices - packets.count }

  mutating func append(_ arrival: Arrival, _ subscription: Handle<Subscription>, to listener: Handle<Transport>) {
    let index = Int(listener.index)
    while heads.count <= index {
      heads.append(-1)
      tails.append(-1)
    }
    let place = Int32(packets.count)
    packets.append(QueuedPacket(arrival: arrival, subscription: subscription))
    if heads[index] < 0 {
      heads[index] = place
      listeners.append(listener)
    } else {
      packets[Int(tails[index])].next = place
    }
    tails[index] = place
  }

  /// The listener whose turn it is; nil when the queue is empty.
  var listener: Handle<Transport>? { served < listeners.count ? listeners[served] : nil }

  /// That listener's next packet, which stays.
  var first: QueuedPacket? {
    guard let listener, heads[Int(listener.index)] >= 0 else { return nil }
    return packets[Int(heads[Int(listener.index)])]
  }

  /// Takes that listener's next packet out.
  mutating func removeFirst() {
    guard let listener, heads[Int(listener.index)] >= 0 else { return }
    heads[Int(listener.index)] = packets[Int(heads[Int(listener.index)])].next
  }

  /// Done with that listener; what it did not take is gone.
  mutating func removeListener() {
    guard let listener else { return }
    heads[Int(listener.index)] = -1
    tails[Int(listener.index)] = -1
    served += 1
    guard served == listeners.count else { return }
    served = 0
    listeners.removeAll(keepingCapacity: true)
    packets.removeAll(keepingCapacity: true)
  }
}

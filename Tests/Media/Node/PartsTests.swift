// The node's small parts on their own.

import Bytes
import Chronology
import Connectivity
import MediaContract
import Randomness
import TestSupport
import Testing
import Wire

@testable import Node

@Suite struct DeadlineQueueTests {
  /// Takes everything that is due; a queue cannot be held by an expectation.
  private func take(_ queue: inout DeadlineQueue, at time: Int64) -> [Int] {
    var taken: [Int] = []
    while let index = queue.takeDue(at: Instant(nanoseconds: time)) { taken.append(index) }
    return taken
  }

  @Test func `deadlines come in order, each index once`() {
    var queue = DeadlineQueue()
    for (index, deadline) in [(3, 30), (1, 10), (2, 20), (7, 5)] {
      queue.set(index, Instant(nanoseconds: Int64(deadline)))
    }
    queue.set(7, Instant(nanoseconds: 25))
    let early = take(&queue, at: 20)
    let late = take(&queue, at: 100)
    #expect(early == [1, 2])
    #expect(late == [7, 3])
  }

  @Test func `bringing forward never puts off`() {
    var queue = DeadlineQueue()
    queue.set(0, Instant(nanoseconds: 10))
    queue.bringForward(0, to: Instant(nanoseconds: 20))
    let first = queue.next
    queue.bringForward(0, to: Instant(nanoseconds: 5))
    let second = queue.next
    #expect(first == Instant(nanoseconds: 10))
    #expect(second == Instant(nanoseconds: 5))
  }

  @Test func `whatever is set and removed, the next deadline is the least of all`() {
    forEachSeed(100) { seed, random in
      var random = random
      var queue = DeadlineQueue()
      var model: [Int: Int64] = [:]
      for step in 0..<400 {
        let index = Int(random.next() % 40)
        switch random.next() % 4 {
        case 0:
          queue.remove(index)
          model[index] = nil
        case 1:
          let time = Int64(random.next() % 1_000)
          let taken = queue.takeDue(at: Instant(nanoseconds: time))
          if let taken {
            #expect(model[taken].map { $0 <= time } == true, "seed \(seed) step \(step)")
            model[taken] = nil
          }
        default:
          let deadline = Int64(random.next() % 1_000)
          queue.set(index, Instant(nanoseconds: deadline))
          model[index] = deadline
        }
        let expected = model.values.min().map { Instant(nanoseconds: $0) } ?? .distantFuture
        let next = queue.next
        #expect(next == expected, "seed \(seed) step \(step)")
      }
    }
  }
}

@Suite struct DeparturesTests {
  private let path = Path(SocketAddress(v4: 1, port: 1))
  private let other = Path(SocketAddress(v4: 1, port: 2))

  private func records(_ datagrams: [(Int, Path)], capacity: Int = 200_000) -> [DepartureRun] {
    var departures = Departures(capacity: capacity)
    for (byteCount, path) in datagrams where departures.hasRoom(for: byteCount) {
      departures.append(byteCount, to: path)
    }
    return (0..<departures.count).map { departures.record(at: $0) }
  }

  @Test func `equal datagrams to one destination are one run, and a shorter one ends it`() {
    let runs = records([(1_000, path), (1_000, path), (400, path), (400, path), (1_000, path)])
    #expect(runs.map { $0.segmentCount } == [3, 1, 1])
    #expect(runs.map { $0.byteCount } == [2_400, 400, 1_000])
    #expect(runs.map { $0.offset } == [0, 2_400, 2_800])
  }

  @Test func `another destination or a longer datagram begins a run`() {
    #expect(records([(100, path), (100, other), (100, path)]).count == 3)
    #expect(records([(100, path), (101, path)]).count == 2)
  }

  @Test func `a run holds no more than the kernel takes`() {
    let many = records(Array(repeating: (100, path), count: 130))
    #expect(many.map { $0.segmentCount } == [64, 64, 2])
    let large = records(Array(repeating: (1_200, path), count: 60))
    #expect(large.allSatisfy { $0.byteCount <= Departures.Run.byteCount })
    #expect(large.map { $0.segmentCount }.reduce(0, +) == 60)
  }

  @Test func `what does not fit is not added`() {
    #expect(records([(600, path), (600, other)], capacity: 1_000).count == 1)
  }
}

@Suite struct LayerActivityTests {
  private func at(_ milliseconds: Int64) -> Instant { .origin + .milliseconds(milliseconds) }

  @Test func `the highest active layer within the bound is the nearest`() {
    var activity = LayerActivity()
    #expect(activity.nearest(to: 2) == 2)
    _ = activity.note(0, temporal: 0, at: at(0))
    _ = activity.note(2, temporal: 0, at: at(0))
    #expect(activity.nearest(to: 2) == 2)
    #expect(activity.nearest(to: 1) == 0)
    #expect(activity.nearest(to: 0) == 0)
  }

  @Test func `with nothing at or below the bound the lowest above it is the nearest`() {
    var activity = LayerActivity()
    _ = activity.note(2, temporal: 0, at: at(0))
    #expect(activity.nearest(to: 0) == 2)
  }

  @Test func `a camera layer stops after seconds, a screen's only after more`() {
    var activity = LayerActivity()
    _ = activity.note(1, temporal: 0, at: at(0))
    var screen = activity
    let camera = activity.expire(isScreen: false, at: at(4_000))
    let still = screen.expire(isScreen: true, at: at(4_000))
    let gone = screen.expire(isScreen: true, at: at(5_100))
    #expect(camera && !still && gone)
  }
}

@Suite struct EventQueueTests {
  @Test func `reports yield before changes of state do`() {
    var queue = EventQueue()
    for _ in 0..<Limit.events { queue.append(.report(ShardReport())) }
    #expect(queue.count == Limit.events / 2)
    let half = queue.count
    for id in 0..<10 { queue.append(.subscriptionStarted(SubscriptionID(rawValue: UInt64(id)))) }
    #expect(queue.count == half + 10)
    #expect(queue.dropped == UInt64(Limit.events / 2))
  }
}

@Suite struct SourceTableTests {
  @Test func `an encoding has one ssrc for each purpose, and the table a limit`() {
    var table = SourceTable()
    let encoding = Handle<EncodingStream>(index: 0, generation: 1)
    _ = table.bind(SourceBinding(ssrc: 1, encoding: encoding, isRetransmission: false))
    _ = table.bind(SourceBinding(ssrc: 2, encoding: encoding, isRetransmission: true))
    _ = table.bind(SourceBinding(ssrc: 3, encoding: encoding, isRetransmission: false))
    #expect(table.count == 2)
    #expect(table.find(1) == nil)
    #expect(table.find(3)?.isRetransmission == false)
    for index in 1...200 {
      let other = Handle<EncodingStream>(index: UInt32(index), generation: 1)
      _ = table.bind(SourceBinding(ssrc: UInt32(100 + index), encoding: other, isRetransmission: false))
    }
    #expect(table.count == Limit.sourcesPerTransport)
  }

  @Test func `an ssrc is not given to a second encoding`() {
    var table = SourceTable()
    let first = Handle<EncodingStream>(index: 0, generation: 1)
    let second = Handle<EncodingStream>(index: 1, generation: 1)
    let isBound = table.bind(SourceBinding(ssrc: 1, encoding: first, isRetransmission: false))
    let isStolen = table.bind(SourceBinding(ssrc: 1, encoding: second, isRetransmission: false))
    #expect(isBound && !isStolen)
  }
}

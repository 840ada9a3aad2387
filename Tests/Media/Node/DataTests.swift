// Data channels through the node: opened from both sides, messages both ways, before and after the association is up.

import Bytes
import Chronology
import DataChannels
import MediaContract
import Node
import TestSupport
import Testing

@Suite struct DataTests {
  @Test func `a channel that is asked for early opens when the association is up`() {
    let stage = Stage()
    let client = stage.join(1, maximumMessageSize: 65_536)
    stage.perform(.openDataChannel(client.id, .reliable, ordered: true, maximumRetransmits: nil))
    stage.run(for: .seconds(1))
    let opened = client.dataEvents.contains {
      if case .opened(_, let parameters) = $0 { parameters.label == "_reliable" } else { false }
    }
    #expect(opened)
    let told = stage.events.contains {
      if case .dataChannelOpened(client.id, .reliable) = $0 { true } else { false }
    }
    #expect(told)
  }

  @Test func `a message goes to every transport that has the channel`() {
    let stage = Stage()
    let clients = (1...3).map { stage.join(UInt64($0), maximumMessageSize: 65_536) }
    for client in clients.prefix(2) {
      stage.perform(.openDataChannel(client.id, .lossy, ordered: false, maximumRetransmits: 0))
    }
    stage.run(for: .seconds(1))
    stage.perform(.sendData(clients.map { $0.id }, .lossy, [1, 2, 3], isBinary: true))
    stage.run(for: .milliseconds(200))
    for client in clients.prefix(2) {
      let got = client.dataEvents.contains {
        if case .message(_, [1, 2, 3], isBinary: true) = $0 { true } else { false }
      }
      #expect(got)
    }
    #expect(stage.node.counters.messagesOut == 2)
    #expect(stage.node.counters.messagesDropped == 1)
  }

  @Test func `what a client sends on its own channel becomes an event with the channel's label`() throws {
    let stage = Stage()
    let client = stage.join(1, maximumMessageSize: 65_536)
    stage.run(for: .seconds(1))
    let stream = try client.association?.open(
      DataChannelParameters(label: "_data_track", isOrdered: false), at: stage.now)
    try client.association?.send([9, 9], isBinary: true, on: stream ?? 0, at: stage.now)
    stage.run(for: .seconds(1))
    let got = stage.events.contains {
      if case .data(client.id, .dataTrack, [9, 9], isBinary: true) = $0 { true } else { false }
    }
    #expect(got)
  }
}

import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import TestSupport
import Testing

@testable import Rooms

/// What whoever runs the server is shown of the rooms.
struct StatusTests {
  let harness = Harness()

  private func connected(_ identity: String) -> Client {
    let client = harness.join(identity)
    client.answerOffer()
    client.connect()
    harness.advance(.milliseconds(200))
    return client
  }

  private func encoding(_ layer: UInt8, bitsPerSecond: UInt64) -> EncodingReport {
    EncodingReport(
      spatialLayer: layer, ssrc: 1, packets: 99, bytes: 0, lost: 1, bitsPerSecond: bitsPerSecond, framesPerSecond: 30,
      jitter: 0)
  }

  private func subscription(_ id: SubscriptionID, layer: UInt8, loss: Double, packets: UInt64 = 100)
    -> SubscriptionReport
  {
    SubscriptionReport(
      id: id, packets: packets, bytes: 0, retransmitted: 0, bitsPerSecond: 1_000, lossFraction: loss,
      spatialLayer: layer, temporalLayer: nil)
  }

  /// A share that two people watch, and a report about it.
  private func shared() throws -> (publication: PublicationID, subscriptions: [SubscriptionID]) {
    let ann = connected("ann")
    let viewers = ["bob", "eve"].map(connected)
    ann.publish(.screenShare, cid: "screen", layers: 3)
    // The server offers what is new a moment later.
    harness.advance(.milliseconds(200))
    for viewer in viewers { viewer.answerOffer() }
    let publication = try #require(harness.publications.last?.id)
    return (publication, harness.mediaSubscriptions.filter { $0.publication == publication }.map(\.id))
  }

  @Test func `a track shows what came in, layer by layer, and what went out to all together`() throws {
    let (publication, subscriptions) = try shared()
    try #require(subscriptions.count == 2)
    var report = ShardReport()
    report.publications = [
      PublicationReport(
        id: publication, codec: .vp8,
        encodings: [encoding(2, bitsPerSecond: 2_500_000), encoding(0, bitsPerSecond: 150_000)])
    ]
    report.subscriptions = [
      subscription(subscriptions[0], layer: 2, loss: 0.1), subscription(subscriptions[1], layer: 0, loss: 0),
    ]
    harness.media(.report(report))
    let track = try #require(harness.node.status().first?.tracks.first)
    #expect(track.identity == "ann" && track.source == .screenShare && track.subscribers == 2)
    #expect(track.flow.layers.map(\.bitsPerSecond) == [150_000, 2_500_000])
    #expect(track.flow.outgoingBitsPerSecond == 2_000)
    #expect(track.flow.viewers == [0: 1, 2: 1])
    #expect(abs(track.flow.meanLoss - 0.05) < 1e-9 && track.flow.worstLoss == 0.1)
  }

  @Test func `a report replaces the one before`() throws {
    let (publication, subscriptions) = try shared()
    for layer: UInt8 in [2, 1] {
      var report = ShardReport()
      report.publications = [
        PublicationReport(id: publication, codec: .vp8, encodings: [encoding(layer, bitsPerSecond: 1)])
      ]
      report.subscriptions = subscriptions.map { subscription($0, layer: layer, loss: 0) }
      harness.media(.report(report))
    }
    let track = try #require(harness.node.status().first?.tracks.first)
    #expect(track.flow.viewers == [1: 2])
    #expect(track.flow.layers.map(\.spatialLayer) == [1])
  }

  @Test func `only a token that may list rooms opens it`() {
    func header(_ adjust: (inout AccessTokenClaims) -> Void) -> String {
      "Bearer " + harness.token("ann", room: "room", adjust)
    }
    func opens(_ authorization: String?, at moment: Moment) -> Bool {
      harness.node.mayListRooms(authorization: authorization, at: moment)
    }
    let lister = header { $0.video?.roomList = true }
    let now = harness.moment
    #expect(opens(lister, at: now))
    #expect(!opens(header { _ in }, at: now))
    #expect(!opens(nil, at: now))
    #expect(!opens("Basic YTpi", at: now))
    #expect(!opens(lister + "x", at: now))
    #expect(!opens(lister, at: Moment(instant: now.instant, wall: WallTime(milliseconds: now.wall.milliseconds * 2))))
  }
}

// Checkers that never speak prove nothing: each is shown what it must notice.

import Chronology
import MediaContract
import Node
import Testing

struct CheckerTests {
  /// Runs a world in which something is done every 50 ms that the server does not know of.
  private func report(_ deed: @escaping (Simulation) -> Void) -> String {
    Simulation.run(seed: 3) { simulation in
      for step in 1...2_000 { simulation.schedule(at: .origin + .milliseconds(Int64(step) * 50), deed) }
    }.report ?? ""
  }

  @Test func `a packet to somebody who may not have it is noticed`() {
    let report = report { for client in $0.clients { client.session?.policy.canSubscribe = false } }
    #expect(report.contains("seed 3: permission:"))
    #expect(report.contains("MQVI_SEED=3 swift test --filter Simulation"))
  }

  @Test func `a picture from somebody who muted it is noticed`() {
    let report = report { simulation in
      for client in simulation.clients {
        for track in client.session?.tracks ?? [] { track.isMutedAtServer = true }
      }
    }
    #expect(report.contains("seed 3: muted:"))
  }

  @Test func `a transport that nobody opened is noticed`() {
    let report = report { simulation in
      simulation.node.perform(
        .openTransport(
          TransportParameters(
            id: TransportID(rawValue: 1 << 40), localUsernameFragment: "stowaway",
            localPassword: "a-password-of-22-chars")),
        at: simulation.now)
    }
    #expect(report.contains("seed 3: conservation:"))
  }

  @Test func `somebody who never hears again is noticed`() {
    let report = report { simulation in
      for client in simulation.clients { client.downlink.conditions.lossInGood = 1 }
    }
    #expect(report.contains("seed 3: liveness:"))
  }

  @Test func `a data packet that was lost on the way is noticed`() {
    let report = report { simulation in
      for client in simulation.clients {
        guard let session = client.session, let last = session.lastReceived.keys.sorted().first else { continue }
        session.lastReceived[last]? += 1
      }
    }
    #expect(report.contains("seed 3: reliable data:"))
  }
}

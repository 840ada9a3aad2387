// The lite agent's answers, one check at a time.

import Bytes
import Chronology
import Connectivity
import Cryptography
import MediaContract
import Randomness
import TestSupport
import Testing
import Wire

/// Builds the checks of a client whose parts a test may set.
private struct Check {
  var username = "serverFrag:clientFrag"
  var password = Credentials.server.password
  var role: ICERoleClaim? = .controlling(tieBreaker: 1)
  var priority: UInt32 = 100
  var nominates = false
  var unknownAttribute: UInt16?
  static let id = STUNTransactionID(high: 1, low: 2)

  var bytes: [UInt8] {
    var builder = STUNBuilder(.request, transactionID: Self.id)
    builder.username(username)
    if let role { builder.role(role) }
    builder.priority(priority)
    if nominates { builder.useCandidate() }
    if let unknownAttribute { builder.attribute(unknownAttribute, [1]) }
    let key = HMACSHA1(key: Array(password.utf8))
    return builder.finish { key.code(for: $0) }
  }
}

/// A lite agent, told and asked over arrays.
private final class Lite {
  var agent = ICEAgent(role: .controlled, local: Credentials.server, random: Random(seed: 1))

  /// What it answers.
  func receive(_ check: Check, from path: Path, at milliseconds: Int64 = 0) -> [Departure] {
    let bytes = check.bytes
    agent.receive(bytes.rawSpan, from: path, at: .origin + .milliseconds(milliseconds))
    var departures: [Departure] = []
    while let departure = agent.nextDeparture() { departures.append(departure) }
    return departures
  }
}

@Suite struct ICEAgentTests {
  private let first = Path(SocketAddress(v4: 0x0A00_0001, port: 1_000))
  private let second = Path(SocketAddress(v4: 0x0A00_0002, port: 2_000))
  private let overTCP = Path(SocketAddress(v4: 0x0A00_0001, port: 3_000), connection: 1)

  @Test func `a valid check is answered with the address that it came from`() throws {
    let lite = Lite()
    let answer = try #require(lite.receive(Check(), from: first).first)
    let message = try STUNMessage(parsing: answer.bytes.rawSpan)
    #expect(message.messageClass == .success)
    #expect(message.transactionID == Check.id)
    #expect(message.mappedAddress == first.address)
    #expect(message.hasValidFingerprint == true)
    let key = HMACSHA1(key: Array(Credentials.server.password.utf8))
    let isAuthentic = message.hasValidIntegrity(in: answer.bytes.rawSpan) { key.code(for: $0) }
    #expect(isAuthentic)
    #expect(answer.path == first)
    #expect(lite.agent.isValid(first))
  }

  @Test func `checks that are not for us or not authentic get no answer`() {
    let wrong = [Check(username: "otherFrag:clientFrag"), Check(username: "serverFrag"), Check(password: "guess")]
    for check in wrong {
      let lite = Lite()
      #expect(lite.receive(check, from: first).isEmpty)
      #expect(!lite.agent.isValid(first))
      #expect(lite.agent.refusedMessages == 1)
    }
  }

  @Test func `a peer that claims to be controlled is told to switch`() throws {
    let lite = Lite()
    let answer = try #require(lite.receive(Check(role: .controlled(tieBreaker: 9)), from: first).first)
    let message = try STUNMessage(parsing: answer.bytes.rawSpan)
    #expect(message.errorCode == STUNErrorCode.roleConflict)
    #expect(!lite.agent.isValid(first))
  }

  @Test func `an attribute that must be understood and is not is refused`() throws {
    let lite = Lite()
    let answer = try #require(lite.receive(Check(unknownAttribute: 0x7777), from: first).first)
    let message = try STUNMessage(parsing: answer.bytes.rawSpan)
    #expect(message.errorCode == STUNErrorCode.unknownAttribute)
    let tolerant = Lite()
    #expect(tolerant.receive(Check(unknownAttribute: 0xC057), from: first).count == 1)
    #expect(tolerant.agent.isValid(first))
  }

  @Test func `of a burst of nominations the highest priority counts`() {
    let lite = Lite()
    _ = lite.receive(Check(priority: 200, nominates: true), from: first, at: 0)
    _ = lite.receive(Check(priority: 100, nominates: true), from: second, at: 20)
    #expect(lite.agent.selectedPath == first)
    let reversed = Lite()
    _ = reversed.receive(Check(priority: 100, nominates: true), from: second, at: 0)
    _ = reversed.receive(Check(priority: 200, nominates: true), from: first, at: 20)
    #expect(reversed.agent.selectedPath == first)
  }

  @Test func `a later nomination moves the path whatever its priority`() {
    let lite = Lite()
    _ = lite.receive(Check(priority: 200, nominates: true), from: first, at: 0)
    _ = lite.receive(Check(priority: 100, nominates: true), from: second, at: 5_000)
    #expect(lite.agent.selectedPath == second)
    _ = lite.receive(Check(priority: 200, nominates: true), from: first, at: 6_500)
    #expect(lite.agent.selectedPath == first)
  }

  @Test func `a check without nomination leaves the selected path alone`() {
    let lite = Lite()
    _ = lite.receive(Check(nominates: true), from: first, at: 0)
    _ = lite.receive(Check(priority: 900), from: second, at: 3_000)
    #expect(lite.agent.selectedPath == first)
  }

  @Test func `UDP is kept while it lives, and taken over from TCP`() {
    let lite = Lite()
    _ = lite.receive(Check(priority: 1, nominates: true), from: overTCP, at: 0)
    #expect(lite.agent.selectedPath == overTCP)
    _ = lite.receive(Check(priority: 1, nominates: true), from: first, at: 10)
    #expect(lite.agent.selectedPath == first)
    _ = lite.receive(Check(priority: 900, nominates: true), from: overTCP, at: 3_000)
    #expect(lite.agent.selectedPath == first)
    _ = lite.receive(Check(priority: 900, nominates: true), from: overTCP, at: 9_000)
    #expect(lite.agent.selectedPath == overTCP)
  }

  @Test func `a path that falls silent is left for one that speaks`() {
    let lite = Lite()
    _ = lite.receive(Check(nominates: true), from: first, at: 0)
    _ = lite.receive(Check(), from: second, at: 4_000)
    lite.agent.advance(to: .origin + .milliseconds(6_499))
    #expect(lite.agent.selectedPath == first)
    #expect(lite.agent.nextDeadline == .origin + .milliseconds(6_500))
    lite.agent.advance(to: .origin + .milliseconds(6_500))
    #expect(lite.agent.selectedPath == second)
  }

  @Test func `a closed TCP connection is forgotten at once`() {
    let lite = Lite()
    _ = lite.receive(Check(nominates: true), from: overTCP, at: 0)
    lite.agent.remove(overTCP)
    #expect(!lite.agent.isValid(overTCP))
    #expect(lite.agent.selectedPath == nil)
  }

  @Test func `a client cannot open paths without end`() {
    let lite = Lite()
    var valid = Set<Path>()
    for port in 0..<UInt16(100) {
      _ = lite.receive(Check(), from: Path(SocketAddress(v4: 1, port: port)), at: Int64(port))
    }
    while let event = lite.agent.nextEvent() {
      if case .pathAdded(let path) = event { valid.insert(path) }
      if case .pathRemoved(let path) = event { valid.remove(path) }
    }
    #expect(valid.count == ICEAgent.Limit.paths)
    #expect(valid.allSatisfy { lite.agent.isValid($0) })
  }

  @Test func `old credentials are honoured until the new ones are used`() {
    let lite = Lite()
    lite.agent.restart(local: ICECredentials(usernameFragment: "fresh", password: "fresh-password"))
    #expect(lite.receive(Check(), from: first).count == 1)
    #expect(lite.receive(Check(username: "fresh:c", password: "fresh-password"), from: first).count == 1)
    #expect(lite.receive(Check(), from: first).isEmpty)
  }

  @Test func `random checks never trap`() {
    forEachSeed(200) { _, random in
      let lite = Lite()
      var bytes = Check(nominates: true).bytes
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
      }
      if random.chance(0.3) { bytes.removeLast(Int.random(in: 1...bytes.count, using: &random)) }
      lite.agent.receive(bytes.rawSpan, from: first, at: .origin)
    }
  }
}

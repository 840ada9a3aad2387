// ICE (RFC 8445) with consent (RFC 7675), without a socket and without a clock.
//
// The server is ICE-lite (§2.5): it gathers nothing and sends no checks. Clients' candidates need not be known, because
// a client's address shows with its first check (a peer-reflexive candidate, §7.3.1.3); so trickled candidates are
// ignored. The controlling role is the small part of ICE that a client of such a server needs.
//
// Assumptions: one component and one stream (BUNDLE, rtcp-mux); no candidates of our own beyond the server's address; no
// TURN in here. Left out: keepalives of the lite side (clients send them), TCP's framing (the driver's).

import Bytes
import Chronology
import Cryptography
import MediaContract
import Randomness
import Wire

/// One side of one ICE session.
public struct ICEAgent: Sendable {
  /// Named limits.
  public enum Limit {
    /// Paths and candidates of one session. A laptop with three interfaces, two address families, UDP and TCP has 12.
    public static let paths = 16
    /// Without a valid check for so long, the path is in doubt. Four of Chromium's 2.5 s checks.
    public static let disconnected = Interval.seconds(10)
    /// Without a valid check for so long, the session is over.
    public static let failed = Interval.seconds(15)
    /// A path without valid checks is forgotten (RFC 7675 §5.1).
    public static let path = Interval.seconds(30)
    /// The selected path is stale after this time, and a livelier one may take over. More than one round of Firefox's
    /// consent checks, which come every 4 to 6 s.
    public static let stale = Interval.milliseconds(6_500)
    /// With aggressive nomination every pair is nominated once, in a burst. Inside this time the higher priority counts,
    /// as it does for the client (RFC 5245 §8.1.1.2); a later nomination is a change of mind.
    public static let nominationBurst = Interval.seconds(1)
    /// Datagrams that wait to be taken. A full queue drops new ones, as a network would.
    public static let departures = 32
    /// A controlling agent's checks on paths that answer: well inside the 10 s above, and it keeps NAT bindings open.
    public static let keepalive = Interval.seconds(2)
    /// The first retransmission of a check; each later one waits twice as long, up to `keepalive`. RFC 8445 §14.3 asks
    /// for 500 ms where nothing is known; the only peer here is a server that answers at once.
    public static let firstRetransmission = Interval.milliseconds(100)
    /// Checks that wait for a response: four per candidate.
    public static let pendingChecks = 64
  }

  public let role: ICERole
  public private(set) var state = ICEState.new
  /// Where our packets go; nil until a check was valid.
  public private(set) var selectedPath: Path?
  /// Messages that were not STUN for us or not authentic.
  public internal(set) var refusedMessages: UInt64 = 0
  /// Of the last check that was answered; controlling role only.
  public internal(set) var roundTrip: Interval?

  var local: ICEKey
  /// Before an ICE restart; honoured until the new credentials are used (RFC 8445 §9).
  var previousLocal: ICEKey?
  var remote: ICEKey?
  var random: Random
  let tieBreaker: UInt64
  var candidates: [CheckedCandidate] = []
  var pending: [PendingCheck] = []
  private var paths: [CheckedPath] = []
  private var lastValid: Instant?
  private var departures: [Departure] = []
  private var events: [ICEEvent] = []

  /// - Parameter random: For transaction ids and the tie-breaker. Seed it from `SecureRandom` outside of tests.
  public init(role: ICERole, local: ICECredentials, random: Random) {
    self.role = role
    self.local = ICEKey(local)
    self.random = random
    tieBreaker = self.random.next()
  }

  /// The other side's credentials, or new ones after it restarted.
  public mutating func setRemote(_ credentials: ICECredentials, at time: Instant) {
    let isRestart = remote != nil && remote?.fragment != credentials.usernameFragment
    remote = ICEKey(credentials)
    guard role == .controlling else { return }
    if isRestart { pending.removeAll() }
    for place in candidates.indices {
      candidates[place].nextCheck = time
      candidates[place].unanswered = 0
    }
  }

  /// New local credentials. The old ones are good until a check comes with the new ones.
  public mutating func restart(local credentials: ICECredentials) {
    guard credentials.usernameFragment != local.fragment else { return }
    previousLocal = local
    local = ICEKey(credentials)
  }

  /// Takes one STUN message. Anything that is not authentic is counted and otherwise ignored.
  public mutating func receive(_ packet: RawSpan, from path: Path, at time: Instant) {
    guard let message = try? STUNMessage(parsing: packet), message.method == STUNMethod.binding,
      message.hasValidFingerprint != false
    else {
      refusedMessages &+= 1
      return
    }
    switch message.messageClass {
    case .request: answer(message, packet, from: path, at: time)
    case .success: acceptResponse(message, packet, from: path, at: time)
    case .error: acceptError(message, packet)
    case .indication: break  // A keepalive (RFC 8445 §11). It proves nothing.
    }
  }

  /// Whether packets from `path` belong to this session. Complexity: O(paths), one comparison for the selected one.
  public func isValid(_ path: Path) -> Bool {
    if let selectedPath, path == selectedPath { return true }
    return paths.contains { $0.path == path }
  }

  public mutating func nextDeparture() -> Departure? { departures.isEmpty ? nil : departures.removeFirst() }
  public mutating func nextEvent() -> ICEEvent? { events.isEmpty ? nil : events.removeFirst() }

  /// When `advance` has something to do.
  public var nextDeadline: Instant? {
    var deadline = Instant.distantFuture
    if let lastValid {
      if state == .connected { deadline = lastValid + Limit.disconnected }
      if state == .disconnected { deadline = lastValid + Limit.failed }
      if let selected, paths.contains(where: { $0.lastValid > selected.lastValid }) {
        deadline = min(deadline, selected.lastValid + Limit.stale)
      }
    }
    if remote != nil, let check = candidates.lazy.map({ $0.nextCheck }).min() { deadline = min(deadline, check) }
    return deadline == .distantFuture ? nil : deadline
  }

  /// Sends checks that are due and lets what is stale expire.
  public mutating func advance(to time: Instant) {
    sendChecks(at: time)
    replaceStalePath(at: time)
    guard let lastValid else { return }
    if time >= lastValid + Limit.failed {
      enter(.failed)
    } else if time >= lastValid + Limit.disconnected, state == .connected {
      enter(.disconnected)
    }
  }

  /// Forgets `path` at once: its TCP connection is gone.
  public mutating func remove(_ path: Path) {
    candidates.removeAll { $0.path == path }
    guard let place = paths.firstIndex(where: { $0.path == path }) else { return }
    paths.remove(at: place)
    events.append(.pathRemoved(path))
    guard selectedPath == path else { return }
    selectedPath = nil
    if let best = liveliest() { select(best) }
  }

  // MARK: Paths

  private var selected: CheckedPath? { paths.first { $0.path == selectedPath } }

  /// Notes that `path` is valid now, and that it was nominated if `isNominated`.
  mutating func confirm(_ path: Path, priority: UInt32, isNominated: Bool, at time: Instant) {
    lastValid = time
    forgetOldPaths(at: time)
    let place: Int
    if let known = paths.firstIndex(where: { $0.path == path }) {
      place = known
      paths[known].lastValid = time
      paths[known].priority = priority
    } else {
      makeRoom()
      place = paths.count
      paths.append(CheckedPath(path: path, lastValid: time, lastNomination: nil, priority: priority))
      events.append(.pathAdded(path))
    }
    if shouldSelect(place, isNominated: isNominated, at: time) { select(path) }
    if isNominated { paths[place].lastNomination = time }
    replaceStalePath(at: time)
    enter(.connected)
  }

  /// Whether a valid check on the path at `place` makes it the selected one.
  private func shouldSelect(_ place: Int, isNominated: Bool, at time: Instant) -> Bool {
    guard let selected else { return true }
    let path = paths[place]
    guard isNominated, path.path != selected.path else { return false }
    if selected.path.kind != path.path.kind, selected.lastValid + Limit.stale > time {
      // UDP while it lives: media over TCP waits for every lost segment.
      return path.path.kind == .udp
    }
    guard let lastNomination = selected.lastNomination else { return true }
    return path.priority >= selected.priority || time >= lastNomination + Limit.nominationBurst
  }

  /// Moves to the path that was valid last when the selected one has gone quiet: after a NAT gave the client another
  /// address, or where the client uses another path than the one it nominated last.
  private mutating func replaceStalePath(at time: Instant) {
    guard let selected, time >= selected.lastValid + Limit.stale, let best = liveliest(), best != selected.path,
      selected.lastValid < lastValid ?? selected.lastValid
    else { return }
    select(best)
  }

  private func liveliest() -> Path? { paths.max { $0.lastValid < $1.lastValid }?.path }

  private mutating func select(_ path: Path) {
    guard selectedPath != path else { return }
    selectedPath = path
    events.append(.pathSelected(path))
  }

  private mutating func forgetOldPaths(at time: Instant) {
    for path in paths where path.lastValid + Limit.path <= time && path.path != selectedPath {
      events.append(.pathRemoved(path.path))
    }
    paths.removeAll { $0.lastValid + Limit.path <= time && $0.path != selectedPath }
  }

  /// A full table gives up the path that was quiet longest.
  private mutating func makeRoom() {
    guard paths.count >= Limit.paths,
      let oldest = paths.filter({ $0.path != selectedPath }).min(by: { $0.lastValid < $1.lastValid })
    else { return }
    paths.removeAll { $0.path == oldest.path }
    events.append(.pathRemoved(oldest.path))
  }

  private mutating func enter(_ next: ICEState) {
    guard state != next else { return }
    state = next
    events.append(.state(next))
  }

  mutating func depart(_ bytes: [UInt8], to path: Path) {
    guard departures.count < Limit.departures else { return }
    departures.append(Departure(bytes: bytes, path: path))
  }
}

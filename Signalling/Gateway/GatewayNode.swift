// The gateway: who is connected, what everybody may see, and the stream of events that all of them share.
//
// Sans-IO, on the control thread: it reads no clock and opens no socket, and everything it wants done is a `GatewayEffect`.
// Every event is encoded once and numbered once for the whole server (decision 0015), so that a client's last number is
// all that is needed to go on after a lost connection.

public import API
public import Access
public import Chronology
public import Identifiers
import JSON

/// Drive it from one thread: give it every input with the time, carry out `drainEffects()`, and call `advance(to:)` no
/// later than `nextDeadline`.
public struct GatewayNode: ~Copyable {
  let randomBits: () -> UInt64
  var crowd: Crowd
  var log = EventLog()
  /// The number of the last event.
  public internal(set) var sequence: UInt64 = 0
  var sessions: [SessionKey: Session] = [:]
  var sockets: [SocketID: Session] = [:]
  var loads: [LoadID: Load] = [:]
  private var lastLoad: UInt64 = 0
  /// `d` of the last `channel_create` or `channel_update` of each channel of the server: for who gains sight of it.
  var channelBodies: [Identifier: [UInt8]] = [:]
  var effects: [GatewayEffect] = []
  /// Sessions that can go on with the log now.
  var catchingUp: [SessionKey] = []
  /// People whose presence may have changed.
  var stirred: Set<Identifier> = []
  var presenceDue: Instant?
  private var sweepDue: Instant?
  /// What waits to be written.
  var note = GatewayNote()
  public internal(set) var counters = GatewayCounters()

  /// What a read is for.
  enum Load {
    case ready(SessionKey)
    case members(SessionKey, nonce: String?)
  }

  /// - Parameters:
  ///   - directory: the facts as of now.
  ///   - channels: what `GatewayQuery.channels` found: the channels of the server as `channel_create` tells them.
  ///   - randomBits: 64 unpredictable bits at each call.
  public init(_ directory: Directory, channels: [Identifier: [UInt8]], randomBits: @escaping () -> UInt64) {
    crowd = Crowd(directory)
    channelBodies = channels
    self.randomBits = randomBits
  }

  public var directory: Directory { crowd.directory }

  /// What is to be done, oldest first; handed over once.
  public mutating func drainEffects() -> [GatewayEffect] {
    let result = effects
    effects = []
    return result
  }

  /// When `advance(to:)` has something to do; nil = only after another input.
  public var nextDeadline: Instant? {
    if !catchingUp.isEmpty { return .origin }
    switch (presenceDue, sweepDue) {
    case (let presence?, let sweep?): return min(presence, sweep)
    case (let presence, let sweep): return presence ?? sweep
    }
  }

  public mutating func advance(to moment: Moment) {
    let ready = catchingUp
    catchingUp = []
    for key in ready {
      if let session = sessions[key] { catchUp(session, at: moment.instant) }
    }
    if let due = sweepDue, due <= moment.instant { sweep(at: moment) }
    if let due = presenceDue, due <= moment.instant { tellPresences(at: moment) }
  }

  // MARK: Connections

  /// A connection stands. `caller` is who its token named; nil when there was none, or no good one.
  public mutating func opened(
    _ socket: SocketID, _ caller: Caller?, resume: Resumption?, at moment: Moment
  ) {
    guard let caller, let person = crowd.person(caller.user) else {
      return effects.append(.close(socket, .unauthorized))
    }
    if sweepDue == nil { sweepDue = moment.instant + Limit.sweep }
    if let resume, let session = session(to: resume, caller) {
      if let old = session.socket {
        sockets[old] = nil
        effects.append(.close(old, .replaced))
      }
      session.attach(socket, caller, at: moment.instant)
      sockets[socket] = session
      session.cursor = resume.sequence
      session.phase = .behind
      session.owesResumed = true
      counters.resumed += 1
      stir(person, at: moment.instant)
      return catchUp(session, at: moment.instant)
    }
    guard makeRoom(for: person) else {
      if person.sessions.isEmpty { crowd.remove(person) }
      return effects.append(.close(socket, .tooManySessions))
    }
    let key = SessionKey(high: randomBits(), low: randomBits())
    let session = Session(key, person, caller, socket, cursor: sequence, at: moment.instant)
    sessions[key] = session
    sockets[socket] = session
    person.sessions.append(session)
    load(session)
  }

  /// The session that a client comes back to, if it is its own and everything that it missed is still known.
  private func session(to resume: Resumption, _ caller: Caller) -> Session? {
    guard let key = SessionKey(resume.session), let session = sessions[key], session.caller.user == caller.user,
      session.phase != .loading, resume.sequence <= sequence, log.covers(resume.sequence)
    else { return nil }
    return session
  }

  /// Whether one more session of the person fits. Those that wait for their client give way.
  private mutating func makeRoom(for person: Person) -> Bool {
    if person.sessions.count >= Limit.sessionsPerUser {
      guard let waiting = person.sessions.first(where: { $0.socket == nil }) else { return false }
      drop(waiting)
    }
    return sessions.count < Limit.sessions
  }

  /// Begins the read whose result is `ready`.
  mutating func load(_ session: Session) {
    session.phase = .loading
    session.cursor = sequence
    let query = GatewayQuery.ready(user: session.person.user, online: onlinePeople(besides: session.person))
    effects.append(.load(newLoad(.ready(session.key)), query))
  }

  mutating func newLoad(_ load: Load) -> LoadID {
    lastLoad += 1
    loads[LoadID(rawValue: lastLoad)] = load
    return LoadID(rawValue: lastLoad)
  }

  /// The connection is gone, whoever closed it. Its session waits for a while.
  public mutating func closed(_ socket: SocketID, at moment: Moment) {
    guard let session = sockets.removeValue(forKey: socket), session.socket == socket else { return }
    session.socket = nil
    session.detached = moment.instant
    if session.phase == .loading { drop(session) }
    if !session.person.isConnected { session.person.left = moment.instant }
    stir(session.person, at: moment.instant)
  }

  /// The socket's queue is long: it gets nothing until `drained`, and then goes on with the log.
  public mutating func congested(_ socket: SocketID) {
    guard let session = sockets[socket], !session.isCongested else { return }
    session.isCongested = true
    counters.slow += 1
    if session.phase == .live {
      session.phase = .behind
      session.cursor = sequence
    }
  }

  /// The socket has taken everything.
  public mutating func drained(_ socket: SocketID) {
    guard let session = sockets[socket], session.isCongested else { return }
    session.isCongested = false
    if session.phase == .behind { catchingUp.append(session.key) }
  }

  // MARK: Ends of logins

  /// The login behind the connection does not stand any more.
  public mutating func revoked(_ socket: SocketID) {
    guard let session = sockets[socket] else { return }
    end(session, .unauthorized)
  }

  /// These logins have ended (UN-009).
  public mutating func ended(logins: [Identifier]) {
    for session in sessions.values {
      if let login = session.caller.session, logins.contains(login) { end(session, .unauthorized) }
    }
  }

  /// The token of a bot is not good any more.
  public mutating func ended(bot user: Identifier) {
    guard let person = crowd.people[user] else { return }
    for session in person.sessions where session.caller.isBot { end(session, .unauthorized) }
  }

  /// Everybody is told to come back.
  public mutating func shutDown(at moment: Moment) {
    for session in sessions.values {
      if let socket = session.socket { effects.append(.close(socket, .goingAway)) }
    }
    for person in crowd.people.values where person.announced != .offline {
      note.sawLast(person.user, at: moment.wall)
    }
    writeNote()
  }

  mutating func end(_ session: Session, _ reason: GatewayClose) {
    if let socket = session.socket {
      sockets[socket] = nil
      session.socket = nil
      effects.append(.close(socket, reason))
    }
    drop(session)
  }

  /// Forgets a session. Who has none left is not looked after any more, once seen as offline.
  mutating func drop(_ session: Session) {
    sessions[session.key] = nil
    if let socket = session.socket { sockets[socket] = nil }
    session.person.sessions.removeAll { $0 === session }
    if session.person.sessions.isEmpty { session.person.sightings = [:] }
    stirred.insert(session.person.user)
    if presenceDue == nil { presenceDue = .origin }
  }

  // MARK: Time

  private mutating func sweep(at moment: Moment) {
    let now = moment.instant
    for session in sessions.values {
      if let socket = session.socket {
        guard now - session.heard > Limit.silence else { continue }
        sockets[socket] = nil
        session.socket = nil
        session.detached = now
        effects.append(.close(socket, .silent))
        if session.phase == .loading { drop(session) }
        if !session.person.isConnected { session.person.left = now }
      } else if let detached = session.detached, now - detached > Limit.resumeTime {
        drop(session)
      }
    }
    for person in crowd.people.values where presence(of: person, at: now) != person.announced {
      stir(person, at: now)
    }
    log.trim(at: now)
    writeNote()
    sweepDue = sessions.isEmpty && crowd.people.isEmpty ? nil : now + Limit.sweep
  }
}

/// Numbers for `/metrics` and for the owner.
public struct GatewayCounters: Hashable, Sendable {
  public var dispatched: UInt64 = 0
  /// Messages handed to sockets.
  public var sent: UInt64 = 0
  public var resumed: UInt64 = 0
  /// Clients whose place in the stream was gone.
  public var resynchronised: UInt64 = 0
  /// Times that a client did not read as fast as it was written to.
  public var slow: UInt64 = 0
  public var refused: UInt64 = 0
}

extension GatewayNode {
  /// Open connections.
  public var connectionCount: Int { sockets.count }
  /// Sessions, those that wait for their client included.
  public var sessionCount: Int { sessions.count }
  /// Bytes of the log.
  public var logBytes: Int { log.bytes }
}

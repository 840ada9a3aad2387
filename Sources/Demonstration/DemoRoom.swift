// The demo room: participants of our own, so that one person alone sees and hears at once that everything works. They go
// the whole way of real ones (token, signalling, ICE, DTLS, SRTP over a real socket), and so show that the way is open.

public import AccessTokens
public import Chronology
import Cryptography
import LiveKitProtocol
import MediaCodecs
import MediaContract
import Randomness
import Reactor
public import Rooms
import Synchronization
public import Wire

/// What the stage's thread is started with.
struct StageConfiguration: Sendable {
  var host: SocketAddress
  var certificate: Certificate
  var size: Int
  var encoderThreads: Int
  var seed: UInt64
}

/// Tells a thread that its work is not wanted any more.
private final class EndMark: Sendable {
  private let mark = Atomic(false)

  var isSet: Bool { mark.load(ordering: .relaxed) }
  func set() { mark.store(true, ordering: .relaxed) }
}

/// The demo room as the control thread drives it. `stop` it before it goes.
public struct DemoRoom: ~Copyable {
  /// The room's name.
  public static let name = "demo"
  /// Who is in it: Ada shares her screen.
  static let ensemble = [(identity: "demo-ada", name: "Demo · Ada"), (identity: "demo-deniz", name: "Demo · Deniz")]

  private enum Limit {
    /// Before a participant that was removed or lost its connection comes back.
    static let absence = Interval.seconds(5)
    /// Messages in either direction: the pictures of the recording, and a few a minute between control and stage.
    static let mailbox = 1_024
    /// Threads of the encoder at the start.
    static let encoderThreads = 4
  }

  /// A participant's session.
  private struct Session {
    var participant: DemoParticipant
    var connection: ConnectionID
  }

  private let key: APIKey
  private let certificate: Certificate
  private let requests: Mailbox<StageRequest>
  private let notices: Mailbox<StageNotice>
  private let recorder: Worker
  private let stage: Worker
  private let isEnding: EndMark
  private var sessions: [Session?]
  /// When each comes (back); nil while it is there, or must not come.
  private var arrivals: [Instant?]
  private var connectionsUsed: UInt64 = 0
  /// What participants have to say to the server, in order.
  private var outbox: [(connection: ConnectionID, message: SignalRequest.Message)] = []

  /// Starts the threads. Participants come when the voices are recorded; the screen is shown while it still is.
  ///
  /// - Parameters:
  ///   - key: signs the participants' tokens.
  ///   - host: the address at which this process reaches the server's own media ports.
  public init(key: APIKey, host: SocketAddress, at moment: Moment) throws {
    let certificate = try Certificate.selfSigned(at: moment.wall)
    let requests = try Mailbox<StageRequest>(capacity: Limit.mailbox)
    let notices = try Mailbox<StageNotice>(capacity: Limit.mailbox)
    let configuration = StageConfiguration(
      host: host, certificate: certificate, size: Self.ensemble.count,
      encoderThreads: min(Limit.encoderThreads, Process.availableCores()), seed: SecureRandom.uint64())
    let isEnding = EndMark()
    let stage = try Worker(name: "demo") {
      do {
        var loop = try StageLoop(configuration, requests, notices)
        loop.run()
      } catch {
        _ = notices.post(.broken)
      }
    }
    let recorder = try Worker(name: "demo-recorder") {
      do throws(CodecError) {
        var recorder = try ScreenRecorder(
          random: Random(seed: configuration.seed), threads: configuration.encoderThreads)
        while !isEnding.isSet, let picture = try recorder.next() { _ = requests.post(.picture(picture)) }
      } catch {
        _ = notices.post(.broken)
      }
    }
    self.stage = stage
    self.recorder = recorder
    self.isEnding = isEnding
    self.key = key
    self.certificate = certificate
    self.requests = requests
    self.notices = notices
    sessions = Self.ensemble.map { _ in nil }
    arrivals = Self.ensemble.map { _ in nil }
  }

  /// Becomes readable when `advance` has something to do.
  public var readable: Int32 { notices.signal.readable }

  /// When `advance` has something to do at the latest.
  public var nextDeadline: Instant { arrivals.compactMap { $0 }.min() ?? .distantFuture }

  /// Ends the threads.
  public consuming func stop() {
    isEnding.set()
    while !requests.post(.stop) {}
    recorder.join()
    stage.join()
  }

  // MARK: What the control thread calls

  /// Hears the stage and lets participants in that are due. False when the stage just said that it could not record,
  /// and there will be no demo.
  public mutating func advance(_ control: inout ControlNode, at moment: Moment) -> Bool {
    var isRecorded = true
    for notice in notices.takeAll() {
      switch notice {
      case .ready: arrivals = Self.ensemble.map { _ in moment.instant }
      case .broken: isRecorded = false
      case .lost(let place): end(place, &control, at: moment)
      }
    }
    for place in arrivals.indices {
      guard let due = arrivals[place], due <= moment.instant else { continue }
      arrivals[place] = nil
      if !enter(place, &control, at: moment) { arrivals[place] = moment.instant + Limit.absence }
    }
    return isRecorded
  }

  /// Takes an effect of the control plane that is meant for a demo participant. False when it is not.
  public mutating func take(_ effect: Effect, at moment: Moment) -> Bool {
    switch effect {
    case .send(let connection, let frame):
      guard let place = place(of: connection) else { return false }
      receive(frame, place, at: moment)
      return true
    case .close(let connection, _, _):
      guard let place = place(of: connection) else { return isOurs(connection) }
      leave(place, at: moment)
      return true
    case .command, .event, .serviceReply: return false
    }
  }

  /// Hands the control plane what participants have to say. True when there was anything: it may have effects.
  public mutating func speak(to control: inout ControlNode, at moment: Moment) -> Bool {
    let waiting = outbox
    outbox = []
    for (connection, message) in waiting where place(of: connection) != nil {
      var request = SignalRequest()
      request.message = message
      control.received(connection, .binary(request.protobuf), at: moment)
    }
    return !waiting.isEmpty
  }

  // MARK: Sessions

  /// Joins like anyone: with a token, checked by the same code. False when it was not let in.
  private mutating func enter(_ place: Int, _ control: inout ControlNode, at moment: Moment) -> Bool {
    let member = Self.ensemble[place]
    var claims = AccessTokenClaims(joining: Self.name, as: member.identity)
    claims.name = member.name
    claims.video?.canSubscribe = false
    claims.video?.canPublishData = false
    claims.setValidity(from: moment.wall, for: TokenLife.standard)
    var creation = CreateRoomRequest()
    creation.name = Self.name
    // Also where rooms do not come into being by themselves.
    _ = try? control.createRoom(creation, at: moment)
    let request = SignalUpgradeRequest(
      path: "/rtc",
      query: [("access_token", claims.signed(with: key)), ("protocol", "16"), ("auto_subscribe", "0")])
    guard case .accept(let ticket) = control.admit(request, at: moment) else { return false }
    connectionsUsed += 1
    // From the far end of the numbers, where the web edge never comes.
    let connection = ConnectionID(rawValue: UInt64.max - connectionsUsed)
    sessions[place] = Session(
      participant: DemoParticipant(
        identity: member.identity, sharesScreen: place == 0, ensemble: Self.ensemble.map(\.identity),
        fingerprint: certificate.fingerprint, random: Random(seed: SecureRandom.uint64())),
      connection: connection)
    control.opened(connection, ticket, at: moment)
    return true
  }

  private func isOurs(_ connection: ConnectionID) -> Bool {
    connection.rawValue >= UInt64.max - connectionsUsed
  }

  private func place(of connection: ConnectionID) -> Int? {
    guard isOurs(connection) else { return nil }
    return sessions.firstIndex { $0?.connection == connection }
  }

  private mutating func receive(_ frame: SignalFrame, _ place: Int, at moment: Moment) {
    guard case .binary(let bytes) = frame, let message = (try? SignalResponse(protobuf: bytes))?.message,
      let connection = sessions[place]?.connection
    else { return }
    for action in sessions[place]?.participant.receive(message) ?? [] {
      switch action {
      case .send(let message): outbox.append((connection, message))
      case .connect(let plan): _ = requests.post(.connect(place, plan))
      case .demand(let demand): _ = requests.post(.demand(place, demand))
      case .gone: leave(place, at: moment)
      }
    }
  }

  /// The server ended the session. The participant comes back after a while.
  private mutating func leave(_ place: Int, at moment: Moment) {
    guard sessions[place] != nil else { return }
    sessions[place] = nil
    arrivals[place] = moment.instant + Limit.absence
    _ = requests.post(.disconnect(place))
  }

  /// The media connection ended: so does the session.
  private mutating func end(_ place: Int, _ control: inout ControlNode, at moment: Moment) {
    guard let connection = sessions[place]?.connection else { return }
    leave(place, at: moment)
    var request = SignalRequest()
    request.message = .leave(LeaveRequest())
    control.received(connection, .binary(request.protobuf), at: moment)
    control.closed(connection, at: moment)
  }
}

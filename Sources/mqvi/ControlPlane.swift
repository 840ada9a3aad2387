// The control thread: what the web edge hears, what the shards report and what the clock demands, all into one place.

import AccessTokens
import Chronology
import Compression
import Cryptography
import Demonstration
import Fetch
import Gateway
import LiveKitProtocol
import Reactor
import Rooms
import Settings
import Telemetry
import Voice
import WebEdge

struct ControlPlane: WebHandler, ~Copyable {
  enum Limit {
    /// Between SIGTERM and the end: time for clients to read that they should come back.
    static let farewell = Interval.seconds(2)
    /// Results of webhook posts that may wait.
    static let results = 4096
  }

  let settings: Settings
  let key: APIKey
  let log: Log
  let files: StaticFiles
  let termination: Termination
  let started: Instant
  var bridge: MediaBridge
  var living: Living
  var community: CommunityPlane
  var joins: RateLimiter
  var webhooks: WebhookQueue
  private var demo: DemoRoom?
  let fetcher: Fetcher
  let results: Mailbox<FetchResult>
  /// Connections that were let in and whose 101 is on its way.
  private var tickets: [WebEdge.ConnectionID: AdmissionTicket] = [:]
  /// Server API calls whose answer comes later.
  private var calls: [ServiceToken: (request: RequestID, encoding: ServiceEncoding)] = [:]
  private var lastCall: UInt64 = 0
  private var isStopping = false
  /// What the web server counted when it last called.
  private(set) var webCounters = WebCounters()

  init(
    _ settings: Settings, key: APIKey, log: Log, files: StaticFiles, termination: consuming Termination,
    bridge: consuming MediaBridge, certificate: Certificate, at moment: Moment
  ) throws {
    let results = try Mailbox<FetchResult>(capacity: Limit.results)
    let reach: FetchReach = settings.webhooksToPrivateAddresses ? .everywhere : .globalAddresses
    var configuration = try ControlConfiguration(
      settings, key: key, shards: bridge.descriptions(at: Addresses.advertised(settings)), certificate: certificate)
    configuration.screenShareLimit = VoiceRoom.screenShareLimit
    let fetcher = try Fetcher(reach, results: results)
    var demo: DemoRoom?
    if settings.demo { demo = try DemoRoom(key: key, host: Addresses.fromWithin(settings), at: moment) }
    var beginning: CommunityPlane.Beginning?
    let community = try CommunityPlane(
      settings, keys: DataDirectory.accountKeys(settings), log: log, at: moment, &beginning)
    let directory = beginning?.directory ?? community.directory
    self.settings = settings
    self.key = key
    self.log = log
    self.files = files
    self.termination = termination
    self.bridge = bridge
    self.results = results
    self.fetcher = fetcher
    started = moment.instant
    living = Living(
      control: ControlNode(configuration, at: moment), voice: VoiceRooms(directory, key: key),
      gateway: GatewayNode(directory, channels: beginning?.channels ?? [:], randomBits: SecureRandom.uint64))
    self.community = community
    joins = RateLimiter(perMinute: settings.joinsPerMinute)
    webhooks = WebhookQueue(
      settings.webhookURLs.map { WebhookTarget(url: $0, key: key) }, randomBits: SecureRandom.uint64)
    self.demo = demo
  }

  /// What makes `wake` be called.
  var watched: [Int32] {
    [termination.readable, bridge.notices.signal.readable, results.signal.readable] + community.watched + demo.readable
  }

  /// Ends the threads behind it.
  consuming func stop() {
    if let demo = demo.take() { demo.stop() }
    bridge.stop()
    fetcher.stop()
    community.stop()
  }

  /// What the first owner shows who is not at this machine; nil once there is one.
  var setupCode: String? { community.setupCode }

  // MARK: What the web edge calls

  var nextDeadline: Instant {
    let now = Clock.now()
    return min(
      living.control.nextDeadline ?? .distantFuture, living.gateway.nextDeadline ?? .distantFuture,
      community.denialsDue, community.upkeepDue, community.outboxDue,
      community.timeoutDue, webhooks.nextDeadline ?? .distantFuture,
      bridge.nextDeadline(after: now),
      demo.nextDeadline)
  }

  mutating func bodyLimit(for head: HTTPRequest, at moment: Moment) -> BodyDecision {
    guard CommunityPlane.serves(head.path) else { return .read(upTo: WebEdge.Limit.bodyBytes) }
    return community.bodyLimit(for: head, at: moment)
  }

  mutating func request(_ request: HTTPRequest, id: RequestID, at moment: Moment, replies: inout WebReplies) {
    webCounters = replies.counters
    if request.path.hasPrefix("/twirp/"), request.method != .options {
      call(request, id, at: moment, &replies)
    } else if CommunityPlane.serves(request.path) {
      community.request(request, id: id, at: moment, &living, &replies)
    } else {
      replies.respond(id, answer(request, at: moment))
    }
    carryOut(at: moment, &replies)
  }

  mutating func upgrade(_ request: HTTPRequest, id: WebEdge.ConnectionID, at moment: Moment) -> UpgradeDecision {
    if request.path == CommunityPlane.gatewayPath, !isStopping { return community.upgrade(request, id, at: moment) }
    guard let route = ControlNode.route(request.path), !route.isValidation, !isStopping else {
      return .refuse(.text(isStopping ? 503 : 404, isStopping ? "the server is going down" : "not found"))
    }
    switch living.voice.admit(SignalUpgradeRequest(request), control: &living.control, at: moment) {
    case .refuse(let status, let text): return .refuse(.text(status, text))
    case .accept(let ticket):
      tickets[id] = ticket
      return .accept
    }
  }

  mutating func opened(_ connection: WebEdge.ConnectionID, at moment: Moment, replies: inout WebReplies) {
    guard let ticket = tickets.removeValue(forKey: connection) else {
      community.opened(connection, at: moment, &living, &replies)
      return carryOut(at: moment, &replies)
    }
    living.control.opened(Rooms.ConnectionID(connection), ticket, at: moment)
    carryOut(at: moment, &replies)
  }

  mutating func message(
    _ connection: WebEdge.ConnectionID, _ bytes: [UInt8], isText: Bool, at moment: Moment, replies: inout WebReplies
  ) {
    guard !community.isGateway(connection) else {
      living.gateway.received(SocketID(connection), bytes, at: moment)
      return carryOut(at: moment, &replies)
    }
    living.control.received(Rooms.ConnectionID(connection), isText ? .text(bytes) : .binary(bytes), at: moment)
    carryOut(at: moment, &replies)
  }

  mutating func closed(
    _ connection: WebEdge.ConnectionID, _ reason: ClosedReason, at moment: Moment, replies: inout WebReplies
  ) {
    if reason == .slowConsumer { log.record(.warning, "signal.slow-consumer") }
    if community.isGateway(connection) {
      community.closed(connection, at: moment, &living)
    } else {
      living.control.closed(Rooms.ConnectionID(connection), at: moment)
    }
    carryOut(at: moment, &replies)
  }

  mutating func congestion(
    _ connection: WebEdge.ConnectionID, isCongested: Bool, at moment: Moment, replies: inout WebReplies
  ) {
    guard community.isGateway(connection) else { return }
    if isCongested {
      living.gateway.congested(SocketID(connection))
    } else {
      living.gateway.drained(SocketID(connection))
    }
    carryOut(at: moment, &replies)
  }

  mutating func wake(at moment: Moment, replies: inout WebReplies) {
    webCounters = replies.counters
    bridge.retry()
    for (shard, events) in bridge.takeEvents() {
      for event in events { living.control.media(event, shard: shard, at: moment) }
    }
    for result in results.takeAll() {
      webhooks.finish(result.id, result.status.map { .status($0) } ?? .failed, at: moment)
    }
    living.control.advance(to: moment)
    living.gateway.advance(to: moment)
    community.wake(at: moment, &living, &replies)
    if demo?.advance(&living.control, at: moment) == false { log.record(.error, "demo.not-recorded") }
    if !isStopping, termination.take() {
      isStopping = true
      log.record(.info, "server.stopping")
      living.control.shutDown(at: moment)
      living.gateway.shutDown(at: moment)
      replies.stop(within: Limit.farewell)
    }
    carryOut(at: moment, &replies)
  }

  // MARK: What follows

  private mutating func call(_ request: HTTPRequest, _ id: RequestID, at moment: Moment, _ replies: inout WebReplies) {
    lastCall += 1
    let token = ServiceToken(rawValue: lastCall)
    switch living.control.serve(ServiceRequest(request), as: token, at: moment) {
    case .now(let response): replies.respond(id, Self.open(HTTPResponse(response)))
    case .later(let encoding): calls[token] = (id, encoding)
    }
  }

  /// Carries out what the control plane decided, in its order, and what the demo's participants say to it.
  private mutating func carryOut(at moment: Moment, _ replies: inout WebReplies) {
    repeat {
      for effect in living.control.drainEffects() where demo?.take(effect, at: moment) != true {
        carryOut(effect, at: moment, &replies)
      }
    } while demo?.speak(to: &living.control, at: moment) == true
    community.carryOutGateway(at: moment, &living, &replies)
    postWebhooks(at: moment)
  }

  private mutating func carryOut(_ effect: Effect, at moment: Moment, _ replies: inout WebReplies) {
    switch effect {
    case .send(let connection, .binary(let bytes)):
      replies.send(WebEdge.ConnectionID(connection), bytes, isText: false)
    case .send(let connection, .text(let bytes)): replies.send(WebEdge.ConnectionID(connection), bytes, isText: true)
    case .close(let connection, let code, let reason):
      replies.close(WebEdge.ConnectionID(connection), CloseCode(rawValue: code), reason)
    case .command(let shard, let command): bridge.send(command, to: shard)
    case .event(let event):
      webhooks.submit(event, at: moment)
      living.take(event, at: moment)
    case .serviceReply(let token, let outcome):
      guard let call = calls.removeValue(forKey: token) else { return }
      replies.respond(call.request, Self.open(HTTPResponse(call.encoding.response(toCall: outcome))))
    }
  }

  private mutating func postWebhooks(at moment: Moment) {
    while let delivery = webhooks.next(at: moment) {
      let request = FetchRequest(id: delivery.id, url: delivery.url, headers: delivery.headers, body: delivery.body)
      if !fetcher.post(request) { webhooks.finish(delivery.id, .failed, at: moment) }
    }
  }
}

extension Optional where Wrapped == DemoRoom {
  /// What makes it wake, if there is one.
  fileprivate var readable: [Int32] {
    switch self {
    case .some(let room): [room.readable]
    case .none: []
    }
  }

  fileprivate var nextDeadline: Instant {
    switch self {
    case .some(let room): room.nextDeadline
    case .none: .distantFuture
    }
  }
}

// One connection's turn: read, parse, hand over, carry out the answers, write.

import Bytes
import Chronology
import Glibc
import Reactor

extension WebServer {
  /// A connection is readable, writable or broken.
  mutating func serve(_ ready: Readiness, _ handler: inout some WebHandler & ~Copyable, at moment: Moment) {
    let handle = ConnectionID(rawValue: ready.token).handle
    guard connections.contains(handle) else { return }
    if ready.isReadable || ready.isBroken {
      guard read(handle, at: moment.instant) else { return end(handle, connections[handle].ending ?? .lost) }
      process(handle, &handler, at: moment)
    }
    settle(handle, at: moment)
  }

  /// Takes what has come. False when the connection has ended or broken.
  private mutating func read(_ handle: Handle<Connection>, at now: Instant) -> Bool {
    var total = 0
    while total < Limit.readPerTurn, !connections[handle].isAhead {
      switch connections[handle].read(into: &scratch) {
      case .bytes(let count):
        connections[handle].lastHeard = now
        total += count
        // What comes after our last word is not looked at.
        if case .draining = connections[handle].phase { continue }
        connections[handle].input.append(scratch[..<count])
      case .wouldBlock: return true
      case .end: return maySendOn(handle)
      case .failed: return false
      }
    }
    return true
  }

  /// A client may close its half behind its request and still read the answer.
  private mutating func maySendOn(_ handle: Handle<Connection>) -> Bool {
    let hasBusiness =
      switch connections[handle].phase {
      case .reading: connections[handle].input.count > 0
      case .answering: true
      case .draining: !connections[handle].output.isEmpty
      case .webSocket, .closing: false
      }
    // A second end means that its other half is closed as well.
    guard hasBusiness, !connections[handle].isHalfClosed else { return false }
    connections[handle].isHalfClosed = true
    return true
  }

  /// What callbacks have left to do: ends to tell, further requests to read.
  mutating func finishTurn(_ handler: inout some WebHandler & ~Copyable, at moment: Moment) {
    while true {
      if !untold.isEmpty {
        let (id, reason) = untold.removeFirst()
        var replies = WebReplies(counters)
        handler.closed(id, reason, at: moment, replies: &replies)
        apply(replies, at: moment)
      } else if !flows.isEmpty {
        let (id, isCongested) = flows.removeFirst()
        guard connections.contains(id.handle) else { continue }
        var replies = WebReplies(counters)
        handler.congestion(id, isCongested: isCongested, at: moment, replies: &replies)
        apply(replies, at: moment)
      } else if let id = resumable.popLast() {
        guard connections.contains(id.handle), connections[id.handle].input.count > 0 else { continue }
        process(id.handle, &handler, at: moment)
        settle(id.handle, at: moment)
      } else {
        return
      }
    }
  }

  /// Makes requests or messages of the input, as far as it goes.
  mutating func process(_ handle: Handle<Connection>, _ handler: inout some WebHandler & ~Copyable, at moment: Moment) {
    var goesOn = true
    while goesOn, connections.contains(handle) {
      switch connections[handle].phase {
      case .reading: goesOn = !connections[handle].isBehind && processRequest(handle, &handler, at: moment)
      case .webSocket, .closing: goesOn = processFrame(handle, &handler, at: moment)
      case .answering, .draining: goesOn = false
      }
    }
  }

  /// One step of reading a request. Whether there may be more to do.
  private mutating func processRequest(
    _ handle: Handle<Connection>, _ handler: inout some WebHandler & ~Copyable, at moment: Moment
  ) -> Bool {
    do throws(RequestRefused) {
      switch try connections[handle].parse() {
      case .needsMore:
        try hold(handle)
        // The deadline runs from where a head begins and is not moved by single bytes.
        if !connections[handle].parser.isInBody, connections[handle].input.count > 0, !connections[handle].hasBegun {
          connections[handle].hasBegun = true
          connections[handle].deadline = moment.instant + Limit.headTime
        }
        return false
      case .bodyOffered(let parsed, _):
        let head = request(parsed, on: handle)
        switch handler.bodyLimit(for: head, at: moment) {
        case .refuse(let response):
          answer(handle, response, method: .get, keepsAlive: false, at: moment)
          return false
        case .read(let limit): try accept(handle, upTo: limit, at: moment)
        }
        return true
      case .request(let parsed):
        connections[handle].hasBegun = false
        counters.requests += 1
        try hold(handle, parsed.body.count)
        handOver(parsed, handle, &handler, at: moment)
        return connections.contains(handle)
      }
    } catch {
      counters.refusedRequests += 1
      answer(handle, .refusal(error.status, error.text), method: .get, keepsAlive: false, at: moment)
      return false
    }
  }

  private mutating func accept(
    _ handle: Handle<Connection>, upTo limit: Int, at moment: Moment
  ) throws(RequestRefused) {
    let isAwaited = try connections[handle].parser.accept(upTo: limit)
    connections[handle].bodyBegan = moment.instant
    connections[handle].deadline = moment.instant + Limit.bodyTime
    if isAwaited { connections[handle].queue(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), at: moment.instant) }
  }

  /// Accounts for the body that a connection keeps, and refuses it when all of them together are too many. A body that
  /// keeps coming is given time.
  private mutating func hold(_ handle: Handle<Connection>, _ whole: Int? = nil) throws(RequestRefused) {
    let held = whole ?? connections[handle].parser.heldBytes
    counters.bodyBytes += held - connections[handle].heldBytes
    connections[handle].heldBytes = held
    guard held > 0 else { return }
    let share = held > Limit.shortBody ? bodiesInFlight / Limit.shortBodiesShare : 0
    guard counters.bodyBytes <= bodiesInFlight - share else {
      counters.shortages += 1
      // The bytes go before the answer does.
      connections[handle].parser = RequestParser()
      throw RequestRefused(503, "too many uploads at once, try again in a moment")
    }
    guard whole == nil else { return }
    let granted = Interval.milliseconds(Int64(held) * 1000 / Int64(Limit.bodyRate))
    connections[handle].deadline = connections[handle].bodyBegan + Limit.bodyTime + granted
  }

  private mutating func release(_ handle: Handle<Connection>) {
    counters.bodyBytes -= connections[handle].heldBytes
    connections[handle].heldBytes = 0
  }

  private func request(_ parsed: ParsedRequest, on handle: Handle<Connection>) -> HTTPRequest {
    HTTPRequest(
      method: parsed.method, path: parsed.path, query: parsed.query, headers: parsed.headers, body: parsed.body,
      peer: connections[handle].peer, isSecure: connections[handle].isSecure)
  }

  private mutating func handOver(
    _ parsed: ParsedRequest, _ handle: Handle<Connection>, _ handler: inout some WebHandler & ~Copyable,
    at moment: Moment
  ) {
    connections[handle].requests += 1
    connections[handle].phase = .answering(parsed.method, keepsAlive: parsed.keepsAlive)
    let id = connections[handle].id
    connections[handle].conditions = FileConditions(parsed.headers)
    let request = request(parsed, on: handle)
    guard Handshake.isAsked(parsed) else {
      var replies = WebReplies(counters)
      let requestID = RequestID(connection: id, ordinal: connections[handle].requests)
      handler.request(request, id: requestID, at: moment, replies: &replies)
      apply(replies, at: moment)
      return
    }
    if let refusal = Handshake.refusal(parsed) {
      answer(handle, refusal, method: .get, keepsAlive: false, at: moment)
      return
    }
    switch handler.upgrade(request, id: id, at: moment) {
    case .refuse(let response): answer(handle, response, method: .get, keepsAlive: false, at: moment)
    case .accept: open(parsed, handle, &handler, at: moment)
    }
  }

  private mutating func open(
    _ parsed: ParsedRequest, _ handle: Handle<Connection>, _ handler: inout some WebHandler & ~Copyable,
    at moment: Moment
  ) {
    let head = Handshake.acceptance(parsed).head(date: date(moment), keepsAlive: true)
    connections[handle].queue(head, at: moment.instant)
    connections[handle].phase = .webSocket
    connections[handle].lastHeard = moment.instant
    connections[handle].nextPing = moment.instant + Limit.pingInterval
    counters.upgrades += 1
    counters.webSockets += 1
    var replies = WebReplies(counters)
    handler.opened(connections[handle].id, at: moment, replies: &replies)
    apply(replies, at: moment)
  }

  /// One WebSocket event. Whether there may be more.
  private mutating func processFrame(
    _ handle: Handle<Connection>, _ handler: inout some WebHandler & ~Copyable, at moment: Moment
  ) -> Bool {
    var isClosing = false
    if case .closing = connections[handle].phase { isClosing = true }
    do throws(WebSocketViolation) {
      guard let event = try connections[handle].decode() else { return false }
      switch event {
      case .message(let bytes, let isText):
        guard !isClosing else { return true }
        counters.messagesReceived += 1
        var replies = WebReplies(counters)
        handler.message(connections[handle].id, bytes, isText: isText, at: moment, replies: &replies)
        apply(replies, at: moment)
      case .ping(let payload):
        guard !isClosing else { return true }
        connections[handle].queue(WebSocketEncoder.header(.pong, length: payload.count) + payload, at: moment.instant)
        return endIfFull(handle)
      case .pong: break
      case .close(let code):
        if !isClosing {
          connections[handle].queue(WebSocketEncoder.close(code ?? .normal, ""), at: moment.instant)
        }
        drain(handle, .closed(code), at: moment.instant)
        return false
      }
      return true
    } catch {
      guard !isClosing else {
        drain(handle, .closed(nil), at: moment.instant)
        return false
      }
      connections[handle].queue(WebSocketEncoder.close(error.code, error.reason), at: moment.instant)
      drain(handle, .violation, at: moment.instant)
      return false
    }
  }

  /// Carries out what the handler asked for.
  mutating func apply(_ replies: consuming WebReplies, at moment: Moment) {
    for action in replies.actions {
      switch action {
      case .respond(let request, let response): respond(request, response, at: moment)
      case .send(let id, let bytes, let isText): send(id, bytes, isText: isText, at: moment)
      case .close(let id, let code, let reason):
        guard connections.contains(id.handle), case .webSocket = connections[id.handle].phase else { continue }
        connections[id.handle].queue(WebSocketEncoder.close(code, reason), at: moment.instant)
        connections[id.handle].phase = .closing
        connections[id.handle].deadline = moment.instant + Limit.closeTime
        settle(id.handle, at: moment)
      case .stop(let grace): stopBy = min(stopBy ?? .distantFuture, moment.instant + grace)
      }
    }
  }

  private mutating func respond(_ request: RequestID, _ response: HTTPResponse, at moment: Moment) {
    let handle = request.connection.handle
    guard connections.contains(handle), connections[handle].requests == request.ordinal,
      case .answering(let method, let keepsAlive) = connections[handle].phase
    else { return }
    answer(handle, response, method: method, keepsAlive: keepsAlive && stopBy == nil, at: moment)
    settle(handle, at: moment)
    resumable.append(request.connection)
  }

  private mutating func send(_ id: ConnectionID, _ bytes: [UInt8], isText: Bool, at moment: Moment) {
    let handle = id.handle
    guard connections.contains(handle), case .webSocket = connections[handle].phase else { return }
    connections[handle].queue(
      WebSocketEncoder.header(isText ? .text : .binary, length: bytes.count), at: moment.instant)
    connections[handle].queue(bytes, at: moment.instant)
    counters.messagesSent += 1
    guard endIfFull(handle) else { return }
    settle(handle, at: moment)
    guard connections.contains(handle), !connections[handle].isCongested,
      connections[handle].output.count > Limit.congestedBytes
    else { return }
    connections[handle].isCongested = true
    flows.append((id, isCongested: true))
  }

  /// Cuts a WebSocket off that does not take what is sent to it. Whether it may go on.
  private mutating func endIfFull(_ handle: Handle<Connection>) -> Bool {
    guard connections[handle].output.count > Limit.queuedBytes else { return true }
    counters.slowConsumers += 1
    end(handle, .slowConsumer)
    return false
  }

  /// Queues a response and goes on to the next request or to the end.
  private mutating func answer(
    _ handle: Handle<Connection>, _ response: HTTPResponse, method: HTTPMethod, keepsAlive: Bool, at moment: Moment
  ) {
    let goesOn = keepsAlive && !connections[handle].isHalfClosed
    release(handle)
    var response = response
    let file = open(&response, connections[handle].conditions)
    connections[handle].conditions = FileConditions()
    connections[handle].queue(response.head(date: date(moment), keepsAlive: goesOn), at: moment.instant)
    if method != .head, response.hasContent {
      // Queued as it is: a page that many load at once stands in memory once.
      if let file {
        connections[handle].queue(file, at: moment.instant)
      } else {
        connections[handle].queue(response.body, at: moment.instant)
      }
    }
    guard goesOn else { return drain(handle, nil, at: moment.instant) }
    connections[handle].phase = .reading
    connections[handle].deadline = moment.instant + Limit.idleTime
  }

  /// Opens the file of a response, if it has one, and makes of the response what the request's conditions ask for.
  private mutating func open(_ response: inout HTTPResponse, _ conditions: FileConditions) -> OpenFile? {
    guard let body = response.file else { return nil }
    let file: OpenFile
    do throws(SystemError) {
      file = try OpenFile(body.path, allowance)
    } catch {
      let isGone = error.code == ENOENT
      counters.shortages += isGone ? 0 : 1
      response =
        isGone
        ? .refusal(404, "the file is not there any more")
        : .refusal(503, "too many downloads at once, try again in a moment")
      return nil
    }
    response = conditions.applied(to: response, size: file.length)
    guard let part = response.file else { return nil }
    file.narrow(to: part.offset, part.length ?? file.length)
    return file
  }

  /// Nothing more is said after what is queued.
  private mutating func drain(_ handle: Handle<Connection>, _ ending: ClosedReason?, at now: Instant) {
    connections[handle].wasWebSocket = connections[handle].isWebSocket
    connections[handle].ending = ending
    connections[handle].phase = .draining
    connections[handle].deadline = now + Limit.closeTime
  }

  /// Writes, tells the poller what to wait for, and ends what has come to its end.
  mutating func settle(_ handle: Handle<Connection>, at moment: Moment) {
    guard connections.contains(handle) else { return }
    let wasBehind = connections[handle].isBehind
    guard connections[handle].flush(at: moment.instant) else {
      return end(handle, connections[handle].ending ?? .lost)
    }
    if connections[handle].isCongested, connections[handle].output.isEmpty {
      connections[handle].isCongested = false
      flows.append((connections[handle].id, isCongested: false))
    }
    if wasBehind, !connections[handle].isBehind { resumable.append(connections[handle].id) }
    if case .draining = connections[handle].phase, connections[handle].output.isEmpty {
      connections[handle].finishWriting()
      // Closing while bytes still come would reset the connection, and what was said last might never be read: so a
      // refused client is listened to for a moment. A WebSocket that was closed in order sends nothing more.
      let isInOrder = connections[handle].wasWebSocket && connections[handle].ending != .violation
      if isInOrder || connections[handle].isHalfClosed { return end(handle, connections[handle].ending ?? .lost) }
    }
    // The rest of a request that its sender has broken off will not come.
    if connections[handle].isHalfClosed, !wasBehind, connections[handle].output.isEmpty,
      case .reading = connections[handle].phase
    {
      return end(handle, .lost)
    }
    let wanted = connections[handle].wantedInterest
    guard wanted != connections[handle].interest else { return }
    connections[handle].interest = wanted
    poller.change(
      connections[handle].descriptor, token: connections[handle].id.rawValue, reads: wanted.reads,
      writes: wanted.writes)
  }

  /// Removes a connection. If it was a WebSocket the handler will be told.
  mutating func end(_ handle: Handle<Connection>, _ reason: ClosedReason) {
    poller.remove(connections[handle].descriptor)
    let id = connections[handle].id
    release(handle)
    let isKnown = connections[handle].isWebSocket || connections[handle].wasWebSocket
    _ = connections.remove(handle)
    counters.connections = connections.count
    guard isKnown else { return }
    counters.webSockets -= 1
    untold.append((id, reason))
  }
}

extension Connection {
  /// Goes on with the request that the input holds.
  mutating func parse() throws(RequestRefused) -> ParserOutput { try parser.parse(&input) }

  mutating func decode() throws(WebSocketViolation) -> WebSocketEvent? { try decoder.decode(&input) }
}

// Transports: opening and closing them, and what their datagrams turn out to be.

import Bytes
import Chronology
import Connectivity
import DataChannels
import MediaContract
import Wire

// MARK: - Datagrams in

extension MediaNode {
  /// Takes a datagram. Media is decrypted in place and kept; nothing is fanned out before `collectDepartures`.
  ///
  /// - Parameters:
  ///   - datagram: the memory that holds it at its start.
  ///   - byteCount: its length.
  ///   - arrival: when it reached this machine, where that is known better than by the turn that found it. Feedback
  ///     tells the publisher this time: a probe of five packets means nothing when all five arrived "now".
  public mutating func receive(
    _ datagram: inout MutableRawSpan, byteCount: Int, from path: Path, at time: Instant, arrival: Instant? = nil
  ) {
    self.arrival = arrival ?? time
    counters.datagramsIn &+= 1
    counters.bytesIn &+= UInt64(truncatingIfNeeded: byteCount)
    guard byteCount > 0, byteCount <= datagram.byteCount, byteCount <= Limit.datagramBytes else {
      counters.droppedMalformed &+= 1
      return
    }
    guard let transport = transport(of: datagram.bytes.slice(0, byteCount), from: path) else {
      counters.droppedUnknownPath &+= 1
      return
    }
    switch transports[transport].secure.receive(&datagram, byteCount: byteCount, from: path, at: time) {
    case .rtp(let count): receiveMedia(&datagram, byteCount: count, of: transport, at: time)
    case .rtcp(let count): receiveControl(datagram.bytes.slice(0, count), of: transport, at: time)
    case .messages:
      settle(transport, at: time)
      receiveMessages(of: transport, at: time)
    case .nothing:
      settle(transport, at: time)
      claim(path, for: transport)
    }
  }

  /// A TCP connection is gone, or an address is known to be dead.
  public mutating func remove(_ path: Path, at time: Instant) {
    guard let index = paths[path], let transport = transports.handle(at: Int(index)) else { return }
    transports[transport].secure.remove(path)
    settle(transport, at: time)
  }

  /// The transport of a path that is known, or of the fragment that a binding request names (RFC 8445 §7.3).
  private func transport(of datagram: RawSpan, from path: Path) -> Handle<Transport>? {
    // A check names its transport itself: after an ICE restart or a NAT's reuse of a port that may be another one.
    if PacketKind(datagram) == .stun, let index = usernames.session(forCheck: datagram) {
      return transports.handle(at: Int(index))
    }
    return paths[path].flatMap { transports.handle(at: Int($0)) }
  }

  /// Takes what a transport's ICE and DTLS have to say, after anything that may have moved them.
  mutating func settle(_ transport: Handle<Transport>, at time: Instant) {
    if !transports[transport].isTalkative {
      transports[transport].isTalkative = true
      talkative.append(transport)
    }
    while let event = transports[transport].secure.nextEvent() {
      switch event {
      case .pathAdded(let path):
        give(path, to: transport)
      case .pathRemoved(let path):
        paths.remove(path, session: transport.index)
        transports[transport].paths.removeAll { $0 == path }
      case .pathSelected: break
      case .state(let state): stateChanged(transport, state, at: time)
      }
    }
    updatePath(of: transport)
    if let deadline = transports[transport].secure.nextDeadline {
      deadlines.bringForward(Int(transport.index), to: deadline)
    }
  }

  /// A transport whose path another one held when it was validated gets it once that one is silent.
  private mutating func claim(_ path: Path, for transport: Handle<Transport>) {
    guard transports[transport].secure.selectedPath == path, paths[path] != transport.index else { return }
    give(path, to: transport)
  }

  /// Packets from `path` belong to `transport` from now on, unless they are another's, who still proves that they are: a
  /// check says who sent it, not that its sender's address is true, and nobody may take an address from somebody else.
  private mutating func give(_ path: Path, to transport: Handle<Transport>) {
    if let owner = paths[path].flatMap({ transports.handle(at: Int($0)) }), owner != transport,
      transports[owner].secure.selectedPath == path, transports[owner].secure.state == .connected
    {
      counters.droppedUnknownPath &+= 1
      return
    }
    guard paths.insert(path, session: transport.index) else {
      counters.refusedCommands &+= 1
      return
    }
    if !transports[transport].paths.contains(path) { transports[transport].paths.append(path) }
  }

  /// Without keys nothing can be sent, and without consent nothing may be (RFC 7675 §5.1).
  private mutating func updatePath(of transport: Handle<Transport>) {
    let maySend = transports[transport].secure.isSecure && transports[transport].secure.state != .failed
    transports[transport].sendingPath = maySend ? transports[transport].secure.selectedPath : nil
  }

  private mutating func stateChanged(_ transport: Handle<Transport>, _ state: TransportState, at time: Instant) {
    updatePath(of: transport)
    events.append(.transport(transports[transport].id, state, transports[transport].secure.selectedPath?.kind))
    guard state == .connected else { return }
    startAssociation(of: transport, at: time)
    // Key frames that came while nothing could be sent were of no use to its subscriptions.
    for index in 0..<transports[transport].subscriptions.count {
      let subscription = transports[transport].subscriptions[index]
      if subscriptions.contains(subscription) { aim(subscription, at: time) }
    }
  }
}

// MARK: - Datagrams of ICE, DTLS and SCTP out

extension MediaNode {
  /// Puts what transports have to send on their own account into the arena.
  mutating func collectOwnDatagrams(at time: Instant) {
    while let transport = talkative.last {
      guard transports.contains(transport) else {
        talkative.removeLast()
        continue
      }
      flushAssociation(of: transport, at: time)
      while departures.hasRoom(for: Limit.datagramBytes), let datagram = transports[transport].secure.nextDeparture() {
        append(datagram)
      }
      guard departures.hasRoom(for: Limit.datagramBytes) else { return }
      transports[transport].isTalkative = false
      talkative.removeLast()
    }
  }

  private mutating func append(_ datagram: Connectivity.Departure) {
    guard !datagram.bytes.isEmpty, datagram.bytes.count <= Limit.datagramBytes else { return }
    do {
      var span = departures.space(datagram.bytes.count)
      span.copy(datagram.bytes.rawSpan, to: 0)
    }
    departures.append(datagram.bytes.count, to: datagram.path)
  }
}

// MARK: - Commands

extension MediaNode {
  mutating func openTransport(_ parameters: TransportParameters, at time: Instant) {
    guard transportHandles[parameters.id] == nil,
      let handle = transports.insert(
        Transport(parameters, namePrefix: configuration.canonicalNamePrefix, random: &random, at: time))
    else {
      counters.refusedCommands &+= 1
      return
    }
    guard usernames.insert(parameters.localUsernameFragment, session: handle.index) else {
      _ = transports.remove(handle)
      counters.refusedCommands &+= 1
      return
    }
    transportHandles[parameters.id] = handle
    deadlines.set(Int(handle.index), transports[handle].nextControlReport)
  }

  mutating func setRemote(_ id: TransportID, _ parameters: RemoteTransportParameters, at time: Instant) {
    guard let handle = transportHandles[id] else { return }
    let credentials = ICECredentials(
      usernameFragment: parameters.usernameFragment, password: parameters.password)
    transports[handle].remote = parameters
    transports[handle].extensions = parameters.extensions
    transports[handle].secure.setRemote(
      credentials, fingerprint: parameters.fingerprint, role: parameters.role, context: context, at: time)
    settle(handle, at: time)
    if transports[handle].secure.state == .connected { startAssociation(of: handle, at: time) }
  }

  mutating func restartICE(_ id: TransportID, _ fragment: String, _ password: String, at time: Instant) {
    guard let handle = transportHandles[id] else { return }
    guard usernames.insert(fragment, session: handle.index) else {
      counters.refusedCommands &+= 1
      return
    }
    transports[handle].fragments.append(fragment)
    // RFC 8445 §9: the credentials before these are good until these are used; any before them are not.
    while transports[handle].fragments.count > 2 { usernames.remove(transports[handle].fragments.removeFirst()) }
    transports[handle].secure.restartICE(local: ICECredentials(usernameFragment: fragment, password: password))
    settle(handle, at: time)
  }

  mutating func closeTransport(_ id: TransportID, at time: Instant) {
    guard let handle = transportHandles[id] else { return }
    while let publication = transports[handle].publications.last { remove(publication) }
    while let subscription = transports[handle].subscriptions.last { remove(subscription) }
    transports[handle].association?.abort(at: time)
    flushAssociation(of: handle, at: time)
    transports[handle].secure.close(at: time)
    while departures.hasRoom(for: Limit.datagramBytes), let datagram = transports[handle].secure.nextDeparture() {
      append(datagram)
    }
    for path in transports[handle].paths { paths.remove(path, session: handle.index) }
    for fragment in transports[handle].fragments { usernames.remove(fragment) }
    let refused = transports[handle].secure.counters
    counters.droppedAuthentication &+= refused.unauthentic &+ refused.replayed &+ refused.unvalidated &+ refused.early
    transportHandles[id] = nil
    deadlines.remove(Int(handle.index))
    _ = transports.remove(handle)
  }

  mutating func limitBandwidth(_ id: TransportID, _ bitsPerSecond: Int64?, at time: Instant) {
    guard let handle = transportHandles[id] else { return }
    transports[handle].bandwidthLimit = bitsPerSecond
    allocate(handle, at: time)
  }
}

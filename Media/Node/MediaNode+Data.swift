// Data channels: SCTP packets between DTLS and the association, messages between the association and the control plane.

import Bytes
import Chronology
import Connectivity
import DataChannels
import MediaContract
import Randomness

extension MediaNode {
  /// Begins the association once DTLS is up and the description has an SCTP section.
  mutating func startAssociation(of transport: Handle<Transport>, at time: Instant) {
    guard transports[transport].association == nil, let remote = transports[transport].remote,
      remote.maximumMessageSize > 0
    else { return }
    var association = SCTPAssociation(
      SCTPAssociation.Configuration(
        isDTLSClient: remote.role == .client, remotePort: remote.sctpPort,
        remoteMaximumMessageSize: remote.maximumMessageSize),
      random: Random(seed: random.next()))
    association.connect(at: time)
    transports[transport].association = association
    associationMoved(transport, at: time)
  }

  /// Takes the SCTP packets that came over DTLS.
  mutating func receiveMessages(of transport: Handle<Transport>, at time: Instant) {
    while let packet = transports[transport].secure.nextMessage() {
      transports[transport].association?.receive(packet.rawSpan, at: time)
    }
    associationMoved(transport, at: time)
  }

  /// Takes events and deadlines after anything that moved an association.
  mutating func associationMoved(_ transport: Handle<Transport>, at time: Instant) {
    while let event = transports[transport].association?.nextEvent() { handle(event, of: transport, at: time) }
    if !transports[transport].isTalkative {
      transports[transport].isTalkative = true
      talkative.append(transport)
    }
    if let deadline = transports[transport].association?.nextDeadline {
      deadlines.bringForward(Int(transport.index), to: deadline)
    }
  }

  /// Hands the association's packets to DTLS.
  mutating func flushAssociation(of transport: Handle<Transport>, at time: Instant) {
    var count = 0
    while count < Limit.associationPackets, let packet = transports[transport].association?.nextPacket(at: time) {
      guard transports[transport].secure.send(packet.rawSpan, at: time) else { break }
      count += 1
    }
    guard count > 0, let deadline = transports[transport].association?.nextDeadline else { return }
    deadlines.bringForward(Int(transport.index), to: deadline)
  }

  private mutating func handle(_ event: DataChannelEvent, of transport: Handle<Transport>, at time: Instant) {
    let id = transports[transport].id
    switch event {
    case .associationUp:
      let queued = transports[transport].channels.queued
      transports[transport].channels.queued = []
      for request in queued { open(request, on: transport, at: time) }
    case .opened(let stream, let parameters):
      opened(stream, DataChannelLabel(parameters.label), on: transport)
    case .message(let stream, let bytes, let isBinary):
      counters.messagesIn &+= 1
      guard let label = transports[transport].channels.label(of: stream) else { return }
      events.append(.data(id, label, bytes, isBinary: isBinary))
    case .closed(let stream):
      transports[transport].channels.channels.removeAll { $0.stream == stream }
    case .associationDown:
      transports[transport].association = nil
      transports[transport].channels = ChannelTable()
    }
  }

  private mutating func opened(_ stream: UInt16, _ label: DataChannelLabel, on transport: Handle<Transport>) {
    let table = transports[transport].channels.channels
    if let index = table.firstIndex(where: { $0.stream == stream }) {
      guard !table[index].isOpen else { return }
      transports[transport].channels.channels[index].isOpen = true
    } else {
      transports[transport].channels.channels.append(
        ChannelTable.Channel(stream: stream, label: label, isOurs: false, isOpen: true))
    }
    events.append(.dataChannelOpened(transports[transport].id, label))
  }

  private mutating func open(_ request: ChannelTable.Request, on transport: Handle<Transport>, at time: Instant) {
    let parameters = DataChannelParameters(
      label: request.label.text, isOrdered: request.isOrdered,
      reliability: request.maximumRetransmits.map { .maximumRetransmits(UInt32($0)) } ?? .reliable)
    do throws(DataChannelError) {
      guard let stream = try transports[transport].association?.open(parameters, at: time) else { return }
      transports[transport].channels.channels.append(
        ChannelTable.Channel(stream: stream, label: request.label, isOurs: true, isOpen: false))
    } catch {
      counters.refusedCommands &+= 1
    }
  }
}

// MARK: - Commands

extension MediaNode {
  mutating func openDataChannel(
    _ id: TransportID, _ label: DataChannelLabel, isOrdered: Bool, maximumRetransmits: UInt16?, at time: Instant
  ) {
    guard let transport = transportHandles[id] else { return }
    let request = ChannelTable.Request(label: label, isOrdered: isOrdered, maximumRetransmits: maximumRetransmits)
    if transports[transport].association?.isEstablished == true {
      open(request, on: transport, at: time)
      associationMoved(transport, at: time)
    } else if transports[transport].channels.queued.count < Limit.queuedChannels {
      transports[transport].channels.queued.append(request)
    } else {
      counters.refusedCommands &+= 1
    }
  }

  mutating func sendData(
    _ ids: [TransportID], _ label: DataChannelLabel, _ bytes: [UInt8], isBinary: Bool, at time: Instant
  ) {
    for id in ids {
      guard let transport = transportHandles[id], let stream = transports[transport].channels.stream(of: label) else {
        counters.messagesDropped &+= 1
        continue
      }
      do throws(DataChannelError) {
        try transports[transport].association?.send(bytes, isBinary: isBinary, on: stream, at: time)
        counters.messagesOut &+= 1
      } catch {
        counters.messagesDropped &+= 1
        events.append(.dataDropped(id, label, count: 1))
      }
      associationMoved(transport, at: time)
    }
  }
}

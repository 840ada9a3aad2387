// Stream resets in both directions (RFC 6525), which is how channels close.

import Bytes
import Chronology

extension SCTPAssociation {
  // MARK: Ours

  /// Asks for the reset of every stream that has nothing left to deliver, if no request is out.
  ///
  /// The request names the last TSN that the other side has acknowledged in place of the last one assigned: nothing of
  /// these streams is behind it, and the other side need not put the request off ("in progress") because of data on
  /// other streams.
  mutating func requestResets(at time: Instant) {
    guard state == .established, resets.outstanding == nil else { return }
    guard peer?.supportsReconfiguration == true else { return closeWithoutReset() }
    var streams = resets.refused
    resets.refused = []
    for index in channels.indices where isResetWanted(channels[index]) {
      guard streams.count < Limit.channels else { break }
      channels[index].outgoingReset = .requested
      streams.append(channels[index].stream)
    }
    guard !streams.isEmpty else { return }
    resets.outstanding = StreamResets.Request(
      number: resets.nextNumber, lastTSN: outbound.acknowledged, streams: streams)
    resets.nextNumber &+= 1
    sendReset(at: time)
  }

  private func isResetWanted(_ channel: Channel) -> Bool {
    guard channel.state == .closing, channel.outgoingReset == .none, channel.outbox.isEmpty else { return false }
    guard let last = channel.lastTSN else { return true }
    return !last.isNewer(than: outbound.acknowledged)
  }

  /// The other side cannot reset streams: a channel is closed when we say so, and its id stays used up.
  private mutating func closeWithoutReset() {
    resets.refused = []
    for index in channels.indices where isResetWanted(channels[index]) {
      channels[index].outgoingReset = .performed
      emit(.closed(stream: channels[index].stream))
    }
  }

  private mutating func sendReset(at time: Instant) {
    guard let request = resets.outstanding else { return }
    let parameter = ReconfigurationParameter.outgoingReset(
      request: request.number, lastTSN: request.lastTSN, streams: request.streams)
    enqueueControl(parameter.chunk(response: resets.expectedNumber &- 1))
    timers.start(.reconfiguration, at: time + outbound.timeout.current)
  }

  mutating func repeatReset(at time: Instant) { sendReset(at: time) }

  private mutating func receiveResponse(_ number: UInt32, result: UInt32, at time: Instant) {
    guard let request = resets.outstanding, request.number == number else { return }
    errorCount = 0
    if result == ReconfigurationResult.inProgress || result == ReconfigurationResult.alreadyInProgress {
      timers.start(.reconfiguration, at: time + outbound.timeout.current)
      return
    }
    // Performed, or refused for good: either way there is nothing left that could be asked.
    timers.stop(.reconfiguration)
    resets.outstanding = nil
    for stream in request.streams {
      guard let index = channelIndex(stream) else { continue }
      channels[index].outgoingReset = .performed
      channels[index].nextSequence = SSN(0)
      if channels[index].isIncomingReset { removeChannel(at: index) }
    }
  }

  // MARK: Theirs

  mutating func receiveReconfiguration(_ body: RawSpan, at time: Instant) {
    guard state == .established || state == .shutdownPending else { return }
    // What came before it in the packet belongs to the streams as they were.
    deliverReady(at: time)
    for parameter in ReconfigurationParameter.parse(body) {
      switch parameter {
      case .response(let request, let result): receiveResponse(request, result: result, at: time)
      case .outgoingReset(let request, let lastTSN, let streams):
        receiveReset(StreamResets.Request(number: request, lastTSN: lastTSN, streams: streams))
      case .incomingReset(let request, let streams): receiveIncomingReset(request, streams)
      case .unsupported(let request): answer(request, ReconfigurationResult.denied)
      }
    }
  }

  /// RFC 6525 §5.2.1: repeated requests get the same answer, those out of turn none of ours.
  private mutating func isNew(_ number: UInt32) -> Bool {
    if number == resets.expectedNumber { return true }
    if number == resets.expectedNumber &- 1 {
      respond(to: number, resets.lastResult)
    } else {
      respond(to: number, ReconfigurationResult.badSequenceNumber)
    }
    return false
  }

  /// Answers a request that is new, or says again what was answered.
  private mutating func answer(_ number: UInt32, _ result: UInt32) {
    guard isNew(number) else { return }
    resets.expectedNumber &+= 1
    resets.lastResult = result
    respond(to: number, result)
  }

  private mutating func respond(to number: UInt32, _ result: UInt32) {
    let parameter = ReconfigurationParameter.response(request: number, result: result)
    enqueueControl(parameter.chunk(response: 0))
  }

  /// RFC 6525 §5.2.2.
  private mutating func receiveReset(_ request: StreamResets.Request) {
    guard isNew(request.number) else { return }
    resets.expectedNumber &+= 1
    if request.lastTSN.isNewer(than: inbound.cumulative) {
      resets.deferred = request
      resets.lastResult = ReconfigurationResult.inProgress
    } else {
      perform(request)
      resets.lastResult = ReconfigurationResult.performed
    }
    respond(to: request.number, resets.lastResult)
  }

  /// The data that a reset waited for has come: it is performed now and the sender told so, as it may ask no more.
  mutating func performDeferredReset() {
    guard let request = resets.deferred, !request.lastTSN.isNewer(than: inbound.cumulative) else { return }
    resets.deferred = nil
    perform(request)
    if resets.expectedNumber &- 1 == request.number { resets.lastResult = ReconfigurationResult.performed }
    respond(to: request.number, ReconfigurationResult.performed)
  }

  /// The other side has closed the channels on these streams; we close our direction too (RFC 8831 §6.7).
  private mutating func perform(_ request: StreamResets.Request) {
    inbound.reset(request.streams)
    for index in channels.indices.reversed() {
      guard request.streams.isEmpty || request.streams.contains(channels[index].stream) else { continue }
      channels[index].isIncomingReset = true
      channels[index].state = .closing
      if channels[index].outgoingReset == .performed { removeChannel(at: index) }
    }
  }

  /// RFC 6525 §5.2.3: we are asked to reset our direction.
  private mutating func receiveIncomingReset(_ number: UInt32, _ streams: [UInt16]) {
    guard isNew(number) else { return }
    for index in channels.indices where streams.isEmpty || streams.contains(channels[index].stream) {
      channels[index].state = .closing
    }
    answer(number, ReconfigurationResult.performed)
  }
}

// Things that are due by time: repair, feedback, reports, consent, and what the whole shard does now and then.

import Bytes
import Chronology
import Congestion
import Connectivity
import DataChannels
import Forwarding
import MediaContract
import Streams
import Wire

extension MediaNode {
  /// Does what is due at `time`. Only transports with something due are looked at.
  public mutating func advance(to time: Instant) {
    while let index = deadlines.takeDue(at: time) {
      guard let transport = transports.handle(at: index) else { continue }
      service(transport, at: time)
    }
    if time >= nextSpeakers {
      nextSpeakers = time + Period.speakers
      reportSpeakers(at: time)
    }
    if time >= nextReport {
      nextReport = time + Period.reports
      report(at: time)
    }
  }

  private mutating func service(_ transport: Handle<Transport>, at time: Instant) {
    transports[transport].secure.advance(to: time)
    settle(transport, at: time)
    if transports[transport].association != nil {
      transports[transport].association?.advance(to: time)
      associationMoved(transport, at: time)
    }
    if let path = transports[transport].sendingPath {
      repair(transport, path, at: time)
      sendFeedback(transport, path, at: time)
      if time >= transports[transport].nextControlReport {
        transports[transport].nextControlReport = time + Period.controlReports
        sendReports(transport, path, at: time)
      }
    }
    if time >= transports[transport].nextAllocation {
      transports[transport].nextAllocation = time + Period.allocation
      transports[transport].measureVoices(at: time)
      measureLayers(transport, at: time)
      allocate(transport, at: time)
      probe(transport, at: time)
      refreshKeyFrameWishes(transport)
    }
    deadlines.set(Int(transport.index), nextDeadline(of: transport, at: time))
  }

  private func nextDeadline(of transport: Handle<Transport>, at time: Instant) -> Instant {
    var next = transports[transport].secure.nextDeadline ?? .distantFuture
    if let deadline = transports[transport].association?.nextDeadline { next = min(next, deadline) }
    guard transports[transport].sendingPath != nil else { return max(next, time + Self.finest) }
    let hasMedia = !transports[transport].publications.isEmpty || !transports[transport].subscriptions.isEmpty
    if hasMedia {
      next = min(next, transports[transport].nextControlReport, transports[transport].nextAllocation)
    }
    next = next.onGrid
    if let deadline = transports[transport].arrivals.nextDeadline { next = min(next, deadline.onGrid) }
    for place in 0..<transports[transport].publications.count {
      let publication = transports[transport].publications[place]
      for index in 0..<publications[publication].encodings.count {
        let encoding = publications[publication].encodings[index]
        if let deadline = encodings[encoding].stream?.nack?.nextDeadline { next = min(next, deadline) }
        next = min(next, keyFrameDeadline(of: encoding))
      }
    }
    // Never at once again: whatever was due has been done or could not be done.
    return max(next, time + Self.finest)
  }

  /// When the next request for a key frame may leave; the distant future while nobody could be asked.
  func keyFrameDeadline(of encoding: Handle<EncodingStream>) -> Instant {
    let publication = encodings[encoding].publication
    let feedback = publications[publication].parameters.feedback
    guard encodings[encoding].ssrc != nil, feedback.pli || feedback.fir,
      !publications[publication].parameters.isMuted
    else { return .distantFuture }
    let transport = publications[publication].transport
    return encodings[encoding].requests.deadline(roundTrip: transports[transport].roundTrip)
  }

  /// The shortest time between two looks at one transport.
  private static var finest: Interval { .milliseconds(1) }

  /// A key frame may have been lost on its way: whoever still waits asks again. The throttle is elsewhere.
  private mutating func refreshKeyFrameWishes(_ transport: Handle<Transport>) {
    guard transports[transport].sendingPath != nil else { return }
    for index in 0..<transports[transport].subscriptions.count {
      let subscription = transports[transport].subscriptions[index]
      guard subscriptions.contains(subscription),
        let encoding = subscriptions[subscription].selector.encodingInNeedOfKeyFrame
      else { continue }
      wantKeyFrame(ofEncoding: encoding, in: subscriptions[subscription].publication)
    }
  }

  /// Looks what the layers of the transport's publications cost, and for those that are no longer sent: their viewers
  /// get the next best.
  private mutating func measureLayers(_ transport: Handle<Transport>, at time: Instant) {
    for index in 0..<transports[transport].publications.count {
      let publication = transports[transport].publications[index]
      guard publications[publication].kind == .video else {
        lookForCompany(of: publication)
        continue
      }
      let isScreen = publications[publication].parameters.isScreenShare
      if publications[publication].activity.expire(isScreen: isScreen, at: time) {
        aimSubscriptions(of: publication, at: time)
      }
      let rates = measuredRates(of: publication, at: time)
      publications[publication].rates = rates
    }
  }
}

extension Instant {
  /// The next instant of the grid.
  var onGrid: Instant {
    let grid = Period.grid.nanoseconds
    guard nanoseconds < Int64.max &- grid else { return self }
    let past = nanoseconds % grid
    return past == 0 ? self : Instant(nanoseconds: nanoseconds &+ grid &- past)
  }
}

// MARK: - To publishers: repair and feedback

extension MediaNode {
  /// Asks for missing packets and for key frames.
  private mutating func repair(_ transport: Handle<Transport>, _ path: Path, at time: Instant) {
    for place in 0..<transports[transport].publications.count {
      let publication = transports[transport].publications[place]
      for index in 0..<publications[publication].encodings.count {
        let encoding = publications[publication].encodings[index]
        requestMissing(encoding, transport, path, at: time)
        requestKeyFrame(encoding, of: publication, transport, path, at: time)
      }
    }
  }

  private mutating func requestMissing(
    _ encoding: Handle<EncodingStream>, _ transport: Handle<Transport>, _ path: Path, at time: Instant
  ) {
    guard let ssrc = encodings[encoding].ssrc, encodings[encoding].stream?.nack?.nextDeadline ?? .distantFuture <= time
    else { return }
    missing.removeAll(keepingCapacity: true)
    if let roundTrip = transports[transport].roundTrip { encodings[encoding].stream?.nack?.roundTrip = roundTrip }
    let lostHope = encodings[encoding].stream?.nack?.collect(into: &missing, at: time) ?? false
    if lostHope { encodings[encoding].requests.want() }
    guard !missing.isEmpty else { return }
    counters.nacksOut &+= UInt64(missing.count)
    let sender = transports[transport].controlSSRC
    let numbers = missing
    _ = departures.addReport(through: &transports[transport], to: path) { span throws(WireError) in
      let head = try ReceiverReport.write(senderSSRC: sender, into: &span, at: 0)
      // At most `Streams.Limit.missing` numbers in at most as many pairs: they fit one datagram.
      return try head
        + NegativeAcknowledgement.write(
          senderSSRC: sender, mediaSSRC: ssrc, numbers: numbers.span, into: &span, at: head
        ).byteCount
    }
  }

  private mutating func requestKeyFrame(
    _ encoding: Handle<EncodingStream>, of publication: Handle<Publication>, _ transport: Handle<Transport>,
    _ path: Path, at time: Instant
  ) {
    guard let ssrc = encodings[encoding].ssrc, keyFrameDeadline(of: encoding) <= time, departures.hasRoomForReport,
      encodings[encoding].requests.takeDue(at: time, roundTrip: transports[transport].roundTrip)
    else { return }
    let feedback = publications[publication].parameters.feedback
    if !feedback.pli { encodings[encoding].fullIntraRequests &+= 1 }
    let sender = transports[transport].controlSSRC
    let number = encodings[encoding].fullIntraRequests
    counters.keyFrameRequestsOut &+= 1
    _ = departures.addReport(through: &transports[transport], to: path) { span throws(WireError) in
      let head = try ReceiverReport.write(senderSSRC: sender, into: &span, at: 0)
      if feedback.pli {
        return try head + PictureLossIndication(senderSSRC: sender, mediaSSRC: ssrc).write(into: &span, at: head)
      }
      let entry = FullIntraRequest.Entry(mediaSSRC: ssrc, sequenceNumber: number)
      return try head + FullIntraRequest.write(senderSSRC: sender, entry, into: &span, at: head)
    }
  }

  /// Transport-wide feedback about the client's packets.
  private mutating func sendFeedback(_ transport: Handle<Transport>, _ path: Path, at time: Instant) {
    guard let deadline = transports[transport].arrivals.nextDeadline, deadline <= time else { return }
    let sender = transports[transport].controlSSRC
    let media = transports[transport].mediaSSRC
    // Changes places with a spare: the writer needs it while the transport seals.
    swap(&transports[transport].arrivals, &arrivals)
    defer { swap(&transports[transport].arrivals, &arrivals) }
    while arrivals.hasArrivals {
      let isSent = departures.addFeedback(
        &arrivals, senderSSRC: sender, mediaSSRC: media, through: &transports[transport], to: path, at: time)
      guard isSent else { break }
    }
  }
}

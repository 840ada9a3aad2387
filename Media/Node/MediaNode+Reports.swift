// What is said regularly: RTCP reports to clients, loudness and statistics to the control plane.

import Bytes
import Chronology
import Congestion
import Connectivity
import Forwarding
import MediaContract
import Streams
import Wire

// MARK: - RTCP

extension MediaNode {
  /// Receiver reports about what the client sends, and sender reports about what it gets.
  mutating func sendReports(_ transport: Handle<Transport>, _ path: Path, at time: Instant) {
    sendReceiverReports(transport, path, at: time)
    sendSenderReports(transport, path, at: time)
  }

  private mutating func sendReceiverReports(_ transport: Handle<Transport>, _ path: Path, at time: Instant) {
    blocks.removeAll(keepingCapacity: true)
    for publication in transports[transport].publications {
      for encoding in publications[publication].encodings {
        guard let block = encodings[encoding].stream?.takeReportBlock(at: time) else { continue }
        blocks.append(block)
      }
    }
    guard !blocks.isEmpty || transports[transport].referenceTime != nil else { return }
    let sender = transports[transport].controlSSRC
    let name = transports[transport].canonicalName
    let blocks = self.blocks
    let reference = transports[transport].referenceTime
    transports[transport].referenceTime = nil
    var first = 0
    repeat {
      // RFC 3550 §6.4.2: 31 blocks are what the count can say.
      let last = min(blocks.count, first + 31)
      _ = departures.addReport(through: &transports[transport], to: path) { span throws(WireError) in
        var end = try ReceiverReport.write(
          senderSSRC: sender, blocks: blocks.span.extracting(first..<last), into: &span, at: 0)
        end += try SourceDescription.write(ssrc: sender, canonicalName: name.rawSpan, into: &span, at: end)
        if first == 0, let reference {
          end += try ExtendedReport.write(senderSSRC: sender, reference.answer(at: time), into: &span, at: end)
        }
        return end
      }
      first = last
    } while first < blocks.count
  }

  /// One compound for as many streams as fit a datagram: report and canonical name of each.
  private mutating func sendSenderReports(_ transport: Handle<Transport>, _ path: Path, at time: Instant) {
    reports.removeAll(keepingCapacity: true)
    for place in 0..<transports[transport].subscriptions.count {
      guard let report = senderReport(transports[transport].subscriptions[place], at: time) else { continue }
      reports.append(report)
      // A report of 28 bytes and a name of at most 64 with its head.
      guard reports.count == Limit.reportBytes / 92 else { continue }
      sendReports(to: transport, path)
      reports.removeAll(keepingCapacity: true)
    }
    if !reports.isEmpty { sendReports(to: transport, path) }
  }

  private mutating func sendReports(to transport: Handle<Transport>, _ path: Path) {
    let batch = reports
    _ = departures.addReport(through: &transports[transport], to: path) { span throws(WireError) in
      var end = 0
      for item in batch {
        end += try item.report.write(into: &span, at: end)
        end += try SourceDescription.write(
          ssrc: item.report.ssrc, canonicalName: item.name.rawSpan, into: &span, at: end)
      }
      return end
    }
  }

  /// The sender report of one subscription; nil while nothing was sent on it. The canonical name is the publisher's: what
  /// one publisher sends belongs together in time (RFC 3550 §6.5.1).
  private mutating func senderReport(
    _ handle: Handle<Subscription>, at time: Instant
  ) -> NamedReport? {
    guard subscriptions.contains(handle) else { return nil }
    let publication = subscriptions[handle].publication
    guard publications.contains(publication), let index = subscriptions[handle].stream.encoding,
      Int(index) < publications[publication].encodings.count,
      let clock = encodings[publications[publication].encodings[Int(index)]].stream?.clock,
      let report = subscriptions[handle].stream.senderReport(clock: clock, at: moment(at: time))
    else { return nil }
    return NamedReport(report: report, name: transports[publications[publication].transport].canonicalName)
  }
}

/// The sender report of a stream, and whose stream it is.
struct NamedReport: Sendable {
  var report: SenderReport
  var name: CanonicalName
}

/// The name under which a transport's media is known in RTCP: the same for all its tracks, and for nobody else's. In place,
/// since reports name hundreds of them each second.
struct CanonicalName: Sendable {
  private var bytes = InlineArray<48, UInt8>(repeating: 0)
  private var count = 0

  init(_ text: String) {
    for byte in text.utf8.prefix(Limit.canonicalNameBytes) {
      bytes[count] = byte
      count += 1
    }
  }

  var rawSpan: RawSpan {
    @_lifetime(borrow self) borrowing get { bytes.rawSpan.slice(0, count) }
  }
}

extension ReferenceTime {
  /// The answer that lets a client compute its round trip (RFC 3611 §4.5).
  func answer(at time: Instant) -> LastReceiverReport {
    let delay = min((time - arrival).microseconds, 60_000_000) * 65_536 / 1_000_000
    return LastReceiverReport(ssrc: ssrc, lastReferenceTime: middle, delay: UInt32(truncatingIfNeeded: delay))
  }
}

// MARK: - To the control plane

extension MediaNode {
  /// Microphones whose loudness changed since the last time.
  mutating func reportSpeakers(at time: Instant) {
    var changed: [SpeakerLevel] = []
    for index in 0..<publications.places {
      guard let handle = publications.handle(at: index), let reading = publications[handle].level?.reading(at: time)
      else { continue }
      let before = publications[handle].reportedLevel
      let isNews = before.map { $0 != reading } ?? (reading.isActive || reading.level > 0)
      guard isNews else { continue }
      publications[handle].reportedLevel = reading
      changed.append(
        SpeakerLevel(publication: publications[handle].id, level: reading.level, isActive: reading.isActive))
    }
    if !changed.isEmpty { events.append(.speakers(changed)) }
  }

  /// Five seconds of everything.
  mutating func report(at time: Instant) {
    let period = max((time - lastReport).seconds, 0.001)
    lastReport = time
    counters.eventsDropped = events.dropped
    guard transports.count > 0 else { return }
    var report = ShardReport()
    for index in 0..<transports.places {
      guard let handle = transports.handle(at: index) else { continue }
      report.transports.append(
        TransportReport(
          id: transports[handle].id, path: transports[handle].sendingPath?.kind,
          roundTrip: transports[handle].roundTrip.map { $0.seconds * 1_000 },
          estimate: transports[handle].subscriptions.isEmpty ? nil : transports[handle].estimate.bitsPerSecond))
    }
    for index in 0..<publications.places {
      guard let handle = publications.handle(at: index) else { continue }
      report.publications.append(publicationReport(handle, period: period, at: time))
    }
    for index in 0..<subscriptions.places {
      guard let handle = subscriptions.handle(at: index) else { continue }
      report.subscriptions.append(subscriptionReport(handle, period: period))
    }
    events.append(.report(report))
  }

  private mutating func publicationReport(
    _ handle: Handle<Publication>, period: Double, at time: Instant
  ) -> PublicationReport {
    var report = PublicationReport(id: publications[handle].id, codec: publications[handle].codec, encodings: [])
    for encoding in publications[handle].encodings {
      guard let stream = encodings[encoding].stream else { continue }
      let before = encodings[encoding].reported
      encodings[encoding].reported = EncodingStream.ReportedCounts(
        packets: stream.packets, bytes: stream.bytes, lost: stream.lost)
      let bytes = stream.bytes &- before.bytes
      report.encodings.append(
        EncodingReport(
          spatialLayer: encodings[encoding].index, ssrc: stream.ssrc, packets: stream.packets &- before.packets,
          bytes: bytes, lost: stream.lost > before.lost ? stream.lost - before.lost : 0,
          bitsPerSecond: UInt64(Double(bytes) * 8 / period), framesPerSecond: stream.framesPerSecond(at: time),
          jitter: Double(stream.jitterTicks) * 1_000 / Double(stream.clock.rate)))
    }
    return report
  }

  private mutating func subscriptionReport(_ handle: Handle<Subscription>, period: Double) -> SubscriptionReport {
    let packets = subscriptions[handle].stream.packets
    let bytes = subscriptions[handle].stream.payloadBytes
    let retransmitted = subscriptions[handle].stream.retransmittedPackets
    let before = subscriptions[handle].reported
    subscriptions[handle].reported = Subscription.ReportedCounts(
      packets: packets, bytes: bytes, retransmitted: retransmitted)
    let layers = subscriptions[handle].selector.current
    return SubscriptionReport(
      id: subscriptions[handle].id, packets: packets &- before.packets, bytes: bytes &- before.bytes,
      retransmitted: retransmitted &- before.retransmitted,
      bitsPerSecond: UInt64(Double(bytes &- before.bytes) * 8 / period),
      lossFraction: subscriptions[handle].stream.feedback.lossFraction, spatialLayer: layers?.spatial,
      temporalLayer: layers?.temporal)
  }
}

// DTLS 1.2 (RFC 6347) with use_srtp (RFC 5764), without a socket and without a clock.
//
// OpenSSL does the handshake over two memory BIOs. Its retransmission timer runs on its own clock, so it is not used:
// the timer callback (COpenSSL.c, `flight_timer`) makes OpenSSL write every flight several times at once, each copy
// with fresh record numbers. The first goes out; the copies wait in `DTLSFlightCopies` for deadlines of ours.
//
// An idle SSL object holds some 60 KB. As soon as the handshake is done, `DTLSRecordLayer` takes over the traffic and the
// object is freed: what a server may have to send again, its last flight, is kept as the bytes that it was. Both decisions
// are explained in Sources/Documentation/decisions/0002-srtp-and-dtls.md.

import Bytes
import Chronology
import COpenSSL
import MediaContract

/// One side of one DTLS association.
@safe public struct DTLSSession: ~Copyable {
  /// Named limits.
  public enum Limit {
    /// Bytes of a datagram that we send during the handshake: fits every path that carries 1280-byte IPv6 packets, with
    /// room for tunnels.
    public static let datagramByteCount = 1_200
    /// Bytes of one application message (an SCTP packet) either way; also the largest record that we send.
    public static let messageByteCount = 1_280
    /// Bytes of a datagram that we look at. Nothing larger fits a packet slot.
    public static let receivedByteCount = 2_048
    /// Datagrams and bytes that a handshake may take, retransmissions included. A handshake with RSA certificates takes
    /// about 6 KB; eight tries of it are 48 KB. Beyond it somebody feeds us (CVE-2022-29189).
    public static let handshakeDatagrams = 256
    public static let handshakeByteCount = 128 * 1_024
    /// Datagrams that wait to be taken; a full queue drops new ones, as a network would.
    public static let queuedDatagrams = 64
    /// The first retransmission's delay; each later one waits twice as long, but no longer than `retransmission`. Short
    /// because ICE has just proved the path, and because somebody waits for the call to begin.
    public static let firstRetransmission = Interval.milliseconds(50)
    public static let retransmission = Interval.seconds(1)
    /// Copies of a flight; the last leaves 6.55 s after the first. With three datagrams lost of ten, one handshake in a
    /// thousand needs more.
    public static let copies = Int(MQVI_DTLS_COPIES)
    /// A handshake that takes longer has failed.
    public static let handshake = Interval.seconds(20)
  }

  /// Why an association ended before or after it stood.
  public enum Failure: Error, Equatable, Sendable {
    /// The peer's certificate does not have the signalled digest.
    case certificateMismatch
    /// The peer agreed on no SRTP profile that we offer.
    case noProfile
    /// An alert, or messages that are not DTLS 1.2.
    case protocolError
    /// `Limit.handshakeDatagrams` or `Limit.handshakeByteCount` was passed.
    case excessive
    /// `Limit.handshake` was passed.
    case timeout
    /// The signalled hash function is unknown, or its digest has another length.
    case unknownFingerprint
  }

  public enum State: Equatable, Sendable {
    case handshaking
    case connected(SRTPProfile)
    /// The peer said goodbye, or we did.
    case closed
    case failed(Failure)
  }

  public private(set) var state: State
  /// Keys for SRTP, once connected.
  public private(set) var keys: SRTPKeys?

  /// Owned; freed in deinit, or when `records` takes over. Nil when the fingerprint is unusable.
  private var session: OpaquePointer?
  /// The suite is one that `DTLSRecordLayer` does not know.
  private var keepsSession = false
  /// The traffic without OpenSSL's SSL object.
  private var records: DTLSRecordLayer?
  /// The highest number, and its nonce, among the encrypted records that OpenSSL wrote.
  private var lastWritten = DTLSRecordNumber(sequence: 0, nonce: 0)
  /// A server's answer to the client's last flight, until the client has shown that it has it.
  private var finalFlight: [[UInt8]] = []
  private let role: DTLSRole
  /// When the first flight left or arrived.
  private var started: Instant?
  private var copies = DTLSFlightCopies()
  private var departures: [[UInt8]] = []
  private var messages: [[UInt8]] = []
  private var handshakeDatagrams = 0
  private var handshakeByteCount = 0

  /// A session in `role`, which waits for `start` (client) or for the first datagram (server).
  ///
  /// - Parameter fingerprint: Digest that the peer's certificate must have: sha-1, sha-224, sha-256, sha-384 or sha-512.
  public init(context: borrowing DTLSContext, role: DTLSRole, fingerprint: Fingerprint) {
    self.role = role
    let algorithm = Self.algorithmName(fingerprint.algorithm)
    unsafe session = mqvi_dtls_new(
      context.context, role == .client ? 1 : 0, Int32(Limit.datagramByteCount), algorithm, fingerprint.digest,
      fingerprint.digest.count)
    state = unsafe session == nil ? .failed(.unknownFingerprint) : .handshaking
  }

  deinit {
    if let session = unsafe session { unsafe mqvi_dtls_free(session) }
  }

  /// Makes a client's first flight ready. Does nothing for a server, or when called again.
  public mutating func start(at time: Instant) {
    guard role == .client, started == nil, state == .handshaking else { return }
    started = time
    shakeHands(at: time)
  }

  /// Takes one datagram of DTLS records.
  public mutating func receive(_ datagram: RawSpan, at time: Instant) {
    guard isAlive, role == .server || started != nil else { return }
    started = started ?? time
    guard datagram.byteCount > 0, datagram.byteCount <= Limit.receivedByteCount, admits(datagram) else { return }
    if records != nil { return receiveRecords(datagram) }
    guard let session = unsafe session else { return }
    // OpenSSL copies the datagram.
    let taken = unsafe datagram.withUnsafeBytes { bytes in
      unsafe mqvi_dtls_feed(
        session, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(bytes.count))
    }
    guard taken == 1 else { return }
    if state == .handshaking { shakeHands(at: time) }
    if case .connected = state { readMessages() }
    collect(at: time)
    takeOver(newestReceived: DTLSRecordLayer.newestNumber(in: datagram))
  }

  /// The other side has shown by other means, SRTP, that it finished the handshake: it will not ask for our last flight
  /// again. Does nothing when called again.
  public mutating func confirm() { finalFlight = [] }

  /// The next datagram to send, oldest first. Never longer than `Limit.datagramByteCount` during the handshake.
  public mutating func nextDatagram() -> [UInt8]? { departures.isEmpty ? nil : departures.removeFirst() }

  /// Whether `nextMessage` has one.
  public var hasMessages: Bool { !messages.isEmpty }

  /// The next application message (an SCTP packet) that arrived.
  public mutating func nextMessage() -> [UInt8]? { messages.isEmpty ? nil : messages.removeFirst() }

  /// When `advance` has something to do; nil before the handshake has begun and once it is over.
  public var nextDeadline: Instant? {
    guard state == .handshaking, let started else { return nil }
    return min(copies.nextDeadline ?? .distantFuture, started + Limit.handshake)
  }

  /// Sends copies of the last flight that are due, and gives up when the handshake has taken too long.
  public mutating func advance(to time: Instant) {
    guard state == .handshaking, let started else { return }
    guard time < started + Limit.handshake else { return fail(.timeout) }
    while let flight = copies.takeDue(at: time) { enqueue(flight) }
  }

  /// Encrypts one application message. False when not connected, when it is too long, or when the queue is full.
  public mutating func send(_ message: RawSpan, at time: Instant) -> Bool {
    guard case .connected = state, message.byteCount > 0, message.byteCount <= Limit.messageByteCount,
      departures.count < Limit.queuedDatagrams
    else { return false }
    if let record = records?.seal(.applicationData, message) {
      departures.append(record)
      return true
    }
    guard let session = unsafe session else { return false }
    let written = unsafe message.withUnsafeBytes { bytes in
      unsafe mqvi_dtls_write(
        session, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(bytes.count))
    }
    collect(at: time)
    return written == 1
  }

  /// Says goodbye: queues close_notify. Nothing is received or sent afterwards.
  public mutating func close(at time: Instant) {
    guard isAlive else { return }
    sayGoodbye()
    collect(at: time)
    state = .closed
  }

  private var isAlive: Bool {
    switch state {
    case .handshaking, .connected: true
    case .closed, .failed: false
    }
  }

  /// Counts a datagram of the handshake against its limits.
  private mutating func admits(_ datagram: RawSpan) -> Bool {
    guard state == .handshaking else { return true }
    handshakeDatagrams += 1
    handshakeByteCount += datagram.byteCount
    if handshakeDatagrams <= Limit.handshakeDatagrams, handshakeByteCount <= Limit.handshakeByteCount { return true }
    fail(.excessive)
    return false
  }

  private mutating func shakeHands(at time: Instant) {
    guard let session = unsafe session else { return }
    let result = unsafe mqvi_dtls_handshake(session)
    let before = departures.count
    collect(at: time)
    switch result {
    case 0: return
    case 1:
      if role == .server { finalFlight = Array(departures[before...]) }
      unsafe finishHandshake(session)
    default: fail(unsafe mqvi_dtls_refused_certificate(session) == 1 ? .certificateMismatch : .protocolError)
    }
  }

  private mutating func finishHandshake(_ session: OpaquePointer) {
    copies = DTLSFlightCopies()
    guard let number = unsafe UInt16(exactly: mqvi_dtls_profile(session)), let profile = SRTPProfile(rawValue: number)
    else { return fail(.noProfile) }
    let count = 2 * (profile.keyByteCount + profile.saltByteCount)
    let material = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = unsafe mqvi_dtls_export(session, buffer.baseAddress, count) == 1 ? count : 0
    }
    guard material.count == count else { return fail(.protocolError) }
    keys = SRTPKeys(profile: profile, exported: material, weAreClient: role == .client)
    state = .connected(profile)
    readMessages()
  }

  /// Hands the traffic over to `records` and frees the SSL object. With a suite other than AES-GCM it stays, and answers
  /// repeated flights by itself.
  private mutating func takeOver(newestReceived: UInt64) {
    guard case .connected = state, records == nil, !keepsSession, let session = unsafe session else { return }
    var keys = mqvi_dtls_keys()
    guard unsafe mqvi_dtls_record_keys(session, &keys) == 1 else {
      keepsSession = true
      finalFlight = []
      unsafe mqvi_dtls_settle(session)
      return
    }
    records = DTLSRecordLayer(
      keys, isClient: role == .client, written: lastWritten, newestReceived: newestReceived)
    unsafe mqvi_dtls_free(session)
    unsafe self.session = nil
  }

  /// What `records` finds in one datagram.
  private mutating func receiveRecords(_ datagram: RawSpan) {
    var offset = 0
    while messages.count < Limit.queuedDatagrams, let record = records?.open(datagram, at: &offset) {
      switch record.content {
      case .applicationData where !record.bytes.isEmpty:
        // Nobody sends data before the handshake is over.
        finalFlight = []
        messages.append(record.bytes)
      case .handshake: repeatFinalFlight()
      case .alert where record.bytes == [1, 0] || record.bytes == [2, 0]:
        sayGoodbye()
        state = .closed
        return
      case .alert where record.bytes.first == 2: return fail(.protocolError)
      case .applicationData, .alert, .other: continue
      }
    }
  }

  /// The client sends its Finished again because our answer has not come (RFC 6347 §4.2.4). The same records are good
  /// again: to the client they are the datagrams that the network had lost, and one that it has is a repetition to it.
  private mutating func repeatFinalFlight() {
    for datagram in finalFlight where departures.count < Limit.queuedDatagrams { departures.append(datagram) }
  }

  private mutating func sayGoodbye() {
    let closeNotify: [UInt8] = [1, 0]
    if let record = records?.seal(.alert, closeNotify.rawSpan) {
      departures.append(record)
    } else if let session = unsafe session {
      unsafe mqvi_dtls_close(session)
    }
  }

  /// Reads every record that OpenSSL holds.
  private mutating func readMessages() {
    while unsafe session != nil, messages.count < Limit.queuedDatagrams {
      var message: [UInt8] = []
      switch readMessage(into: &message) {
      case 1...: messages.append(message)
      case 0: return
      case -1:
        sayGoodbye()
        state = .closed
        return
      default: return fail(.protocolError)
      }
    }
  }

  /// One record's text; the result is that of `mqvi_dtls_read`.
  private func readMessage(into message: inout [UInt8]) -> Int32 {
    guard let session = unsafe session else { return -2 }
    return unsafe withUnsafeTemporaryAllocation(byteCount: Limit.receivedByteCount, alignment: 8) { buffer in
      let bytes = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      let result = unsafe mqvi_dtls_read(session, bytes, Int32(buffer.count))
      if result > 0 { unsafe message.append(contentsOf: buffer.prefix(Int(result))) }
      return result
    }
  }

  private mutating func fail(_ failure: Failure) {
    state = .failed(failure)
    copies = DTLSFlightCopies()
  }

  /// Takes what OpenSSL wrote: sends the flight, keeps its copies.
  private mutating func collect(at time: Instant) {
    guard let session = unsafe session else { return }
    let count = unsafe Int(mqvi_dtls_pending(session))
    guard count > 0 else { return }
    var boundaries = [Int32](repeating: 0, count: Limit.copies)
    var copyCount: Int32 = 0
    var startsFlight: Int32 = 0
    let written = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      copyCount = unsafe mqvi_dtls_take(session, buffer.baseAddress, Int32(count), &boundaries, &startsFlight)
      initialized = count
    }
    lastWritten = DTLSRecordLayer.newestWritten(in: written) ?? lastWritten
    let offsets = boundaries.prefix(Int(copyCount)).map { min(max(0, Int($0)), count) } + [count]
    enqueue(written[..<offsets[0]])
    guard startsFlight == 1 else { return }
    let flights = zip(offsets, offsets.dropFirst()).map { Array(written[$0..<max($0, $1)]) }
    copies = DTLSFlightCopies(flights, sentAt: time)
  }

  private mutating func enqueue(_ records: some Collection<UInt8>) {
    for datagram in DTLSRecords.datagrams(Array(records), limit: Limit.datagramByteCount)
    where departures.count < Limit.queuedDatagrams { departures.append(datagram) }
  }

  /// The name by which OpenSSL knows a hash function of RFC 8122 §5, or one that it does not know.
  private static func algorithmName(_ name: String) -> String {
    switch name.lowercased() {
    case "sha-1": "SHA1"
    case "sha-224": "SHA224"
    case "sha-256": "SHA256"
    case "sha-384": "SHA384"
    case "sha-512": "SHA512"
    default: ""
    }
  }
}

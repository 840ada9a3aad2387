// DTLS 1.2 application records under AES-GCM (RFC 6347 §4.1, RFC 5288), after OpenSSL has done the handshake.
//
// It goes on where OpenSSL stopped: the same epoch, the next record number, the next nonce. Handshake records can only be
// repetitions of the last flight: renegotiation does not exist here.
//
// Ciphers are made when they are first needed: who sends no data over DTLS, which is most subscribers, needs none.

import Bytes
import COpenSSL

/// Where a writer of records stands.
struct DTLSRecordNumber {
  /// 48 bits.
  var sequence: UInt64
  /// The explicit part. OpenSSL starts it at random and adds one per record.
  var nonce: UInt64
}

/// Both directions of epoch 1.
@safe struct DTLSRecordLayer: ~Copyable {
  enum Content: UInt8 { case alert = 21, handshake = 22, applicationData = 23, other = 0 }

  private static let headerByteCount = 13
  private static let nonceByteCount = 8
  private static let tagByteCount = 16

  /// Both owned; freed in deinit. Nil until they are needed.
  private var sealing: OpaquePointer?
  private var opening: OpaquePointer?
  private let sealingKey: [UInt8]
  private let openingKey: [UInt8]
  private let sealingSalt: UInt32
  private let openingSalt: UInt32
  private var written: DTLSRecordNumber
  private var received = ReplayWindow()

  /// - Parameter newestReceived: The newest record number that OpenSSL has seen: nothing up to it is accepted again.
  init(_ keys: mqvi_dtls_keys, isClient: Bool, written: DTLSRecordNumber, newestReceived: UInt64) {
    let count = Int(keys.key_count)
    let client = unsafe withUnsafeBytes(of: keys.client_key) { unsafe Array($0.prefix(count)) }
    let server = unsafe withUnsafeBytes(of: keys.server_key) { unsafe Array($0.prefix(count)) }
    let clientSalt = unsafe withUnsafeBytes(of: keys.client_salt) { unsafe $0.loadUnaligned(as: UInt32.self) }
    let serverSalt = unsafe withUnsafeBytes(of: keys.server_salt) { unsafe $0.loadUnaligned(as: UInt32.self) }
    sealingKey = isClient ? client : server
    openingKey = isClient ? server : client
    sealingSalt = UInt32(bigEndian: isClient ? clientSalt : serverSalt)
    openingSalt = UInt32(bigEndian: isClient ? serverSalt : clientSalt)
    self.written = written
    received.recordAll(upTo: newestReceived)
  }

  deinit {
    unsafe mqvi_gcm_free(sealing)
    unsafe mqvi_gcm_free(opening)
  }

  /// The cipher for what leaves.
  private mutating func sealer() -> OpaquePointer {
    if let sealing = unsafe sealing { return unsafe sealing }
    // Fails only when memory runs out.
    guard let made = unsafe mqvi_gcm_new(sealingKey, Int32(sealingKey.count), 1) else {
      preconditionFailure("no memory for a cipher")
    }
    unsafe sealing = made
    return unsafe made
  }

  /// The cipher for what comes.
  private mutating func opener() -> OpaquePointer {
    if let opening = unsafe opening { return unsafe opening }
    guard let made = unsafe mqvi_gcm_new(openingKey, Int32(openingKey.count), 0) else {
      preconditionFailure("no memory for a cipher")
    }
    unsafe opening = made
    return unsafe made
  }

  /// One record, ready to send.
  mutating func seal(_ content: Content, _ text: RawSpan) -> [UInt8] {
    written.sequence = (written.sequence + 1) & 0xFFFF_FFFF_FFFF
    written.nonce &+= 1
    let number = 1 << 48 | written.sequence
    let length = Self.nonceByteCount + text.byteCount + Self.tagByteCount
    var record = [UInt8](repeating: 0, count: Self.headerByteCount + length)
    do {
      var span = record.mutableRawSpan
      span.store(content.rawValue, at: 0)
      span.store16(0xFEFD, at: 1)
      span.store64(number, at: 3)
      span.store16(UInt16(length), at: 11)
      span.store64(written.nonce, at: 13)
      span.copy(text, to: Self.headerByteCount + Self.nonceByteCount)
    }
    let vector = Self.vector(sealingSalt, written.nonce)
    let header = Self.authenticated(number, content.rawValue, text.byteCount)
    let cipher = unsafe sealer()
    let isSealed = unsafe record.withUnsafeMutableBufferPointer { bytes in
      // The array has room for header, nonce, text and tag.
      let start = unsafe bytes.baseAddress! + Self.headerByteCount + Self.nonceByteCount
      return unsafe mqvi_gcm_seal(
        cipher, vector, header, Int32(header.count), nil, 0, start, Int32(text.byteCount), start)
    }
    precondition(isSealed == 1, "AES failed")
    return record
  }

  /// The next authentic record of a datagram, from `offset` on, which moves behind it. Records that are not authentic,
  /// were seen before or belong to another epoch are passed over (RFC 6347 §4.1.2.7). Nil at the end.
  mutating func open(_ datagram: RawSpan, at offset: inout Int) -> (content: Content, bytes: [UInt8])? {
    while offset + Self.headerByteCount <= datagram.byteCount {
      let start = offset
      let length = Int(datagram.uint16(at: start + 11))
      offset = start + Self.headerByteCount + length
      guard offset <= datagram.byteCount else { break }
      let type = datagram.byte(at: start)
      let number = datagram.uint64(at: start + 3)
      guard datagram.uint16(at: start + 1) == 0xFEFD, number >> 48 == 1,
        length >= Self.nonceByteCount + Self.tagByteCount, received.accepts(number & 0xFFFF_FFFF_FFFF)
      else { continue }
      if let bytes = decrypt(datagram.slice(start + Self.headerByteCount, length), type, number) {
        received.record(number & 0xFFFF_FFFF_FFFF)
        return (Content(rawValue: type) ?? .other, bytes)
      }
    }
    offset = datagram.byteCount
    return nil
  }

  private mutating func decrypt(_ fragment: RawSpan, _ type: UInt8, _ number: UInt64) -> [UInt8]? {
    let count = fragment.byteCount - Self.nonceByteCount - Self.tagByteCount
    let vector = Self.vector(openingSalt, fragment.uint64(at: 0))
    let header = Self.authenticated(number, type, count)
    let tag = fragment.slice(Self.nonceByteCount + count, Self.tagByteCount).toArray()
    var bytes = fragment.slice(Self.nonceByteCount, count).toArray()
    // OpenSSL wants an address even for nothing.
    if bytes.isEmpty { bytes = [0] }
    let isAuthentic = unsafe mqvi_gcm_open(
      opener(), vector, header, Int32(header.count), nil, 0, &bytes, Int32(count), tag)
    guard isAuthentic == 1 else { return nil }
    return count == 0 ? [] : bytes
  }

  /// RFC 5288 §3: the salt and the explicit nonce.
  private static func vector(_ salt: UInt32, _ nonce: UInt64) -> [UInt8] {
    var writer = ByteWriter(capacity: 12)
    writer.uint32(salt)
    writer.uint64(nonce)
    return writer.bytes
  }

  /// RFC 5246 §6.2.3.3 with DTLS's epoch and number.
  private static func authenticated(_ number: UInt64, _ type: UInt8, _ count: Int) -> [UInt8] {
    var writer = ByteWriter(capacity: 13)
    writer.uint64(number)
    writer.uint8(type)
    writer.uint16(0xFEFD)
    writer.uint16(UInt16(truncatingIfNeeded: count))
    return writer.bytes
  }

  /// The highest record number of epoch 1 in a datagram; 0 without one.
  static func newestNumber(in datagram: RawSpan) -> UInt64 {
    var newest: UInt64 = 0
    var offset = 0
    while offset + headerByteCount <= datagram.byteCount {
      let number = datagram.uint64(at: offset + 3)
      if number >> 48 == 1 { newest = max(newest, number & 0xFFFF_FFFF_FFFF) }
      offset += headerByteCount + Int(datagram.uint16(at: offset + 11))
    }
    return newest
  }

  /// Number and nonce of the last record of epoch 1 that stands in what OpenSSL wrote; numbers and nonces only grow.
  static func newestWritten(in records: [UInt8]) -> DTLSRecordNumber? {
    let span = records.rawSpan
    var newest: DTLSRecordNumber?
    var offset = 0
    while offset + headerByteCount + nonceByteCount <= span.byteCount {
      let number = span.uint64(at: offset + 3)
      if number >> 48 == 1 {
        newest = DTLSRecordNumber(
          sequence: number & 0xFFFF_FFFF_FFFF, nonce: span.uint64(at: offset + headerByteCount))
      }
      offset += headerByteCount + Int(span.uint16(at: offset + 11))
    }
    return newest
  }
}

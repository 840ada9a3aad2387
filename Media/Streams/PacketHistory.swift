// The one place where a received packet is kept: retransmissions, late packets and every subscription read it from here.

import Bytes
import Chronology
import Wire

/// The packets of one encoding (one SSRC) in the order of their arrival, found again by sequence number.
///
/// Bytes stand back to back in one ring, so that memory follows the bit rate; records stand in a second ring. Both grow
/// by doubling, deterministically, from what the packets need. After that, storing allocates nothing.
public struct PacketHistory<Info: Sendable>: ~Copyable {
  @usableFromInline var bytes: Slab
  /// Ring of records; the record of serial s stands at `(s - base) % packetCapacity`.
  @usableFromInline var records: [PacketRecord<Info>] = []
  /// Low half of the serial of the packet whose extended sequence ends in the place's index.
  @usableFromInline var index: [UInt32]
  @usableFromInline var packetCapacity: Int
  @usableFromInline var byteCapacity: Int
  @usableFromInline var base: UInt64 = 0
  /// Where the next packet's bytes go, on the scale of `PacketRecord.place`.
  @usableFromInline var head: UInt64 = 0
  public let capacity: HistoryCapacity

  /// The serial that the next stored packet will get. What a reader has not seen are the serials from its own mark up to
  /// here.
  public private(set) var nextSerial: UInt64 = 0
  /// The oldest serial that is still there, if any is.
  public private(set) var oldestSerial: UInt64 = 0

  public init(_ capacity: HistoryCapacity) {
    func isPowerOfTwo(_ value: Int) -> Bool { value > 0 && value & (value - 1) == 0 }
    precondition(isPowerOfTwo(capacity.initialPackets) && isPowerOfTwo(capacity.packets))
    precondition(isPowerOfTwo(capacity.initialBytes) && isPowerOfTwo(capacity.bytes))
    precondition(capacity.initialPackets <= capacity.packets && capacity.initialBytes <= capacity.bytes)
    precondition(capacity.initialBytes >= Limit.packetBytes, "one packet must fit")
    self.capacity = capacity
    packetCapacity = capacity.initialPackets
    byteCapacity = capacity.initialBytes
    bytes = Slab(slotCount: 1, stride: capacity.initialBytes)
    records.reserveCapacity(capacity.initialPackets)
    index = [UInt32](repeating: .max, count: capacity.initialPackets * 2)
  }

  /// How many packets are there.
  @inlinable public var count: Int { Int(nextSerial &- oldestSerial) }

  /// Bytes of memory that the history takes.
  public var footprint: Int {
    byteCapacity + packetCapacity * MemoryLayout<PacketRecord<Info>>.stride + index.count * 4
  }

  /// Keeps a copy of `packet`, decrypted, from the first byte of its header on.
  ///
  /// A packet without payload leaves its record, so that its number is known, and none of its bytes.
  ///
  /// - Returns: false, and nothing is kept, when the packet is longer than `Limit.packetBytes` or so old that its place
  ///   belongs to a newer one.
  @inlinable
  @discardableResult
  public mutating func store(
    _ packet: RawSpan, _ header: RTPHeader, extendedSequence: Int64, arrival: Instant, isRetransmission: Bool = false,
    info: Info
  ) -> Bool {
    guard packet.byteCount <= Limit.packetBytes, !isOlderThanItsPlace(extendedSequence) else { return false }
    let byteCount = header.payloadByteCount == 0 ? 0 : packet.byteCount
    let start = makeRoom(byteCount, at: arrival)
    if byteCount > 0 {
      var target = bytes.mutableRange(offset(of: start), byteCount)
      target.copy(packet, to: 0)
    }
    append(
      PacketRecord(
        serial: nextSerial, header: header, extendedSequence: extendedSequence, arrival: arrival, place: start,
        byteCount: byteCount, isRetransmission: isRetransmission, info: info))
    head = start &+ UInt64(byteCount)
    return true
  }

  /// The record of the packet that arrived as number `serial`; nil when it has gone or has not come.
  @inlinable
  public func record(serial: UInt64) -> PacketRecord<Info>? {
    guard serial >= oldestSerial, serial < nextSerial else { return nil }
    return records[slot(of: serial)]
  }

  /// The record of the packet with that sequence number; nil when it is not there.
  @inlinable
  public func record(extendedSequence: Int64) -> PacketRecord<Info>? {
    guard let serial = serial(at: place(of: extendedSequence)) else { return nil }
    let record = records[slot(of: serial)]
    return record.extendedSequence == extendedSequence ? record : nil
  }

  /// The bytes of a packet that is still there. Empty for packets that were only padding.
  @inlinable
  @_lifetime(borrow self)
  public func packet(_ record: PacketRecord<Info>) -> RawSpan {
    precondition(record.serial >= oldestSerial && record.serial < nextSerial, "the packet has left the history")
    return bytes.range(offset(of: record.place), Int(record.byteCount))
  }

  /// Forgets all packets and keeps the memory.
  public mutating func removeAll() { oldestSerial = nextSerial }
}

// MARK: - Places

extension PacketHistory {
  @inlinable @inline(__always)
  func offset(of place: UInt64) -> Int { Int(truncatingIfNeeded: place) & (byteCapacity &- 1) }

  @inlinable @inline(__always)
  func slot(of serial: UInt64) -> Int { Int(truncatingIfNeeded: serial &- base) & (packetCapacity &- 1) }

  @inlinable @inline(__always)
  func place(of extendedSequence: Int64) -> Int { Int(truncatingIfNeeded: extendedSequence) & (index.count &- 1) }

  /// The serial that an index place holds, if its packet is still there.
  @inlinable
  func serial(at place: Int) -> UInt64? {
    let age = UInt32(truncatingIfNeeded: nextSerial) &- index[place]
    guard index[place] != .max, age > 0, age <= UInt32(truncatingIfNeeded: count) else { return nil }
    return nextSerial &- UInt64(age)
  }

  @inlinable
  func isOlderThanItsPlace(_ extendedSequence: Int64) -> Bool {
    guard let serial = serial(at: place(of: extendedSequence)) else { return false }
    return records[slot(of: serial)].extendedSequence > extendedSequence
  }

  @inlinable
  mutating func append(_ record: PacketRecord<Info>) {
    let slot = slot(of: record.serial)
    if slot < records.count { records[slot] = record } else { records.append(record) }
    index[place(of: record.extendedSequence)] = UInt32(truncatingIfNeeded: record.serial)
    advanceSerial()
  }

  @usableFromInline
  mutating func advanceSerial() { nextSerial &+= 1 }

  /// Makes room for one more record and `byteCount` bytes and says where they go: bytes never wrap around the end.
  @inlinable
  mutating func makeRoom(_ byteCount: Int, at time: Instant) -> UInt64 {
    while true {
      let offset = offset(of: head)
      let start = offset &+ byteCount > byteCapacity ? head &+ UInt64(byteCapacity &- offset) : head
      guard count > 0 else { return start }
      let oldest = records[slot(of: oldestSerial)]
      let lacksBytes = start &+ UInt64(byteCount) &- oldest.place > UInt64(byteCapacity)
      let lacksRecords = count >= packetCapacity
      guard lacksBytes || lacksRecords else { return start }
      let isYoung = time - oldest.arrival < capacity.retention
      if isYoung, lacksBytes, byteCapacity < capacity.bytes {
        growBytes()
      } else if isYoung, lacksRecords, packetCapacity < capacity.packets {
        growRecords()
      } else {
        evictOldest()
      }
    }
  }

  @usableFromInline
  mutating func evictOldest() { oldestSerial &+= 1 }

  /// Twice the bytes; the packets move together to the front.
  @usableFromInline
  mutating func growBytes() {
    let larger = byteCapacity * 2
    var grown = Slab(slotCount: 1, stride: larger)
    var end = 0
    for serial in oldestSerial..<nextSerial {
      let slot = slot(of: serial)
      let byteCount = Int(records[slot].byteCount)
      do {
        var target = grown.mutableRange(end, byteCount)
        target.copy(bytes.range(offset(of: records[slot].place), byteCount), to: 0)
      }
      records[slot].place = UInt64(end)
      end += byteCount
    }
    bytes = grown
    byteCapacity = larger
    head = UInt64(end)
  }

  /// Twice the records; the oldest moves to the front and the index is built anew.
  @usableFromInline
  mutating func growRecords() {
    var grown: [PacketRecord<Info>] = []
    grown.reserveCapacity(packetCapacity * 2)
    for serial in oldestSerial..<nextSerial { grown.append(records[slot(of: serial)]) }
    records = grown
    base = oldestSerial
    packetCapacity *= 2
    index = [UInt32](repeating: .max, count: packetCapacity * 2)
    for record in records {
      index[place(of: record.extendedSequence)] = UInt32(truncatingIfNeeded: record.serial)
    }
  }
}

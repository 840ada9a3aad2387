// What stands between OpenSSL's stream of records and the network: datagrams, and copies that wait for their time.

import Bytes
import Chronology

/// Copies of the last flight, ready to be sent again.
struct DTLSFlightCopies {
  private var flights: [[UInt8]] = []
  private var due = Instant.distantFuture
  private var delay = DTLSSession.Limit.firstRetransmission

  init() {}

  init(_ flights: [[UInt8]], sentAt time: Instant) {
    self.flights = flights.reversed()
    due = time + delay
  }

  var nextDeadline: Instant? { flights.isEmpty ? nil : due }

  /// The next copy if its time has come. The one after it waits twice as long, up to a limit (RFC 6347 §4.2.4.1).
  mutating func takeDue(at time: Instant) -> [UInt8]? {
    guard due <= time, let flight = flights.popLast() else { return nil }
    delay = min(delay * 2, DTLSSession.Limit.retransmission)
    due = time + delay
    return flight
  }
}

/// DTLS records as they stand one after another (RFC 6347 §4.1).
enum DTLSRecords {
  /// Groups whole records into datagrams of at most `limit` bytes. A single record is never cut.
  static func datagrams(_ records: [UInt8], limit: Int) -> [[UInt8]] {
    var datagrams: [[UInt8]] = []
    var start = 0
    var end = 0
    while end < records.count {
      let next = endOfRecord(records, at: end)
      if next - start > limit, end > start {
        datagrams.append(Array(records[start..<end]))
        start = end
      }
      end = next
    }
    if end > start { datagrams.append(Array(records[start..<end])) }
    return datagrams
  }

  /// Type, version, epoch and number take 11 bytes; then two of length.
  private static func endOfRecord(_ records: [UInt8], at start: Int) -> Int {
    guard start + 13 <= records.count else { return records.count }
    let length = Int(records[start + 11]) << 8 | Int(records[start + 12])
    return min(records.count, start + 13 + length)
  }
}

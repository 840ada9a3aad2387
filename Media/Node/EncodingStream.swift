// One encoding of a publication: its packets, the state of their reception, and the requests for its key frames.

import Bytes
import Chronology
import Forwarding
import MediaContract
import Streams
import Wire

struct EncodingStream: ~Copyable {
  let publication: Handle<Publication>
  /// Place in the publication's list.
  let index: UInt8
  /// Nil until it was signalled or a packet named its encoding.
  var ssrc: UInt32?
  var rtxSSRC: UInt32?
  /// Nil until the first packet.
  var stream: ReceiveStream?
  var history: PacketHistory<PacketInfo>
  var requests: KeyFrameRequests
  var structure = DependencyState()
  var lastArrival: Instant?
  /// Counts at the last report to the control plane.
  var reported = ReportedCounts()
  /// Numbers of full intra requests, RFC 5104 §4.3.1.2.
  var fullIntraRequests: UInt8 = 0

  struct ReportedCounts: Sendable {
    var packets: UInt64 = 0
    var bytes: UInt64 = 0
    var lost: UInt64 = 0
  }

  init(publication: Handle<Publication>, index: UInt8, kind: MediaKind) {
    self.publication = publication
    self.index = index
    history = PacketHistory(kind == .audio ? .audio : .video)
    requests = KeyFrameRequests(encoding: index)
  }

  /// Bits per second of one layer, or of all together. The stream is moved out and back, since looking into the optional
  /// in place would copy it, references and all.
  mutating func bitsPerSecond(layer: Int? = nil, at time: Instant) -> Int64 {
    guard let stream = stream.take() else { return 0 }
    let rate = layer.map { stream.bitsPerSecond(layer: $0, at: time) } ?? stream.bitsPerSecond(at: time)
    self.stream = consume stream
    return rate
  }

  /// Another source takes this one's place: nothing of before counts any more.
  mutating func restart() {
    stream = nil
    history.removeAll()
    structure = DependencyState()
    reported = ReportedCounts()
  }
}

// Finds out which encoding an SSRC belongs to (RFC 8843 §9.2, RFC 8853 §5.5): signalled SSRCs first, then the MID and RID
// that a packet carries, and at last its payload type where only one publication can have sent it.

import Bytes
import Chronology
import Forwarding
import MediaContract
import Streams
import Wire

extension MediaNode {
  /// The encoding that a packet belongs to; nil when that cannot be told, and then nothing is remembered of it.
  mutating func source(
    of header: RTPHeader, _ extensions: RTPExtensions, _ transport: Handle<Transport>, at time: Instant
  ) -> SourceBinding? {
    if let binding = transports[transport].sources.find(header.ssrc) { return binding }
    guard let found = findSource(header, extensions, transport), bindHeard(found, of: transport, at: time) else {
      return nil
    }
    return found
  }

  /// Remembers an SSRC that a description named.
  mutating func bindSignalled(
    _ ssrc: UInt32, to encoding: Handle<EncodingStream>, isRetransmission: Bool, of transport: Handle<Transport>,
    at time: Instant
  ) {
    _ = bind(
      SourceBinding(ssrc: ssrc, encoding: encoding, isRetransmission: isRetransmission), of: transport, at: time)
  }

  /// Remembers an SSRC that a packet named, unless the encoding's present source is still sending: a late packet of an
  /// old source must not take the new one's place.
  private mutating func bindHeard(_ binding: SourceBinding, of transport: Handle<Transport>, at time: Instant) -> Bool {
    if !binding.isRetransmission, encodings[binding.encoding].ssrc != nil,
      let last = encodings[binding.encoding].lastArrival, time - last < Self.takeover
    {
      return false
    }
    return bind(binding, of: transport, at: time)
  }

  /// False at the table's limit, and when the SSRC belongs to something else.
  private mutating func bind(_ binding: SourceBinding, of transport: Handle<Transport>, at time: Instant) -> Bool {
    guard transports[transport].sources.bind(binding) else { return false }
    let encoding = binding.encoding
    if binding.isRetransmission {
      encodings[encoding].rtxSSRC = binding.ssrc
      return true
    }
    let isReplaced = encodings[encoding].stream != nil && encodings[encoding].ssrc != binding.ssrc
    encodings[encoding].ssrc = binding.ssrc
    if isReplaced {
      encodings[encoding].restart()
      restartSubscriptions(of: encodings[encoding].publication, encoding: encodings[encoding].index, at: time)
    }
    return true
  }

  /// How long a source must have been silent before a packet of another SSRC may take its encoding over.
  private static var takeover: Interval { .milliseconds(200) }

  private func findSource(
    _ header: RTPHeader, _ extensions: RTPExtensions, _ transport: Handle<Transport>
  ) -> SourceBinding? {
    var candidate: SourceBinding?
    for publication in transports[transport].publications {
      guard let match = match(header, extensions, publication) else { continue }
      // The MID names the publication; without one only a single candidate is an answer.
      if !extensions.mid.isEmpty { return match }
      guard candidate == nil else { return nil }
      candidate = match
    }
    return candidate
  }

  /// What the packet would be if it belonged to `publication`; nil when it cannot.
  private func match(
    _ header: RTPHeader, _ extensions: RTPExtensions, _ publication: Handle<Publication>
  ) -> SourceBinding? {
    if !extensions.mid.isEmpty, ShortString(publications[publication].parameters.mid) != extensions.mid { return nil }
    let isMedia = publications[publication].format(of: header.payloadType) != nil
    let isRepair = publications[publication].format(repairedBy: header.payloadType) != nil
    guard isMedia || isRepair else { return nil }
    // RFC 8852 §3.2: a retransmission names the RID that it repairs; some senders use the RID itself.
    let rid = isRepair && !extensions.repairedRid.isEmpty ? extensions.repairedRid : extensions.rid
    guard let encoding = encoding(rid, of: publication) else { return nil }
    // A source that was signalled is not replaced by one that merely has the payload type.
    if extensions.mid.isEmpty, rid.isEmpty, !isRepair, encodings[encoding].ssrc != nil { return nil }
    if extensions.mid.isEmpty, rid.isEmpty, isRepair, encodings[encoding].rtxSSRC != nil { return nil }
    return SourceBinding(ssrc: header.ssrc, encoding: encoding, isRetransmission: isRepair)
  }

  private func encoding(_ rid: ShortString, of publication: Handle<Publication>) -> Handle<EncodingStream>? {
    let parameters = publications[publication].parameters.encodings
    let streams = publications[publication].encodings
    if rid.isEmpty { return streams.count == 1 ? streams[0] : nil }
    for index in 0..<min(parameters.count, streams.count) where ShortString(parameters[index].rid) == rid {
      return streams[index]
    }
    // A single encoding may carry a RID that was negotiated away.
    return streams.count == 1 && (parameters.first?.rid.isEmpty ?? true) ? streams[0] : nil
  }
}

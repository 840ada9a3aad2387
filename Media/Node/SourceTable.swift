// Which encoding an SSRC of a transport belongs to: a short array that is searched from the place of the last hit.

import Bytes

/// One SSRC that a client sends.
struct SourceBinding: Sendable {
  var ssrc: UInt32
  var encoding: Handle<EncodingStream>
  /// The SSRC carries retransmissions (RFC 4588) of the encoding.
  var isRetransmission: Bool
}

/// The SSRCs of one transport. State exists only for SSRCs that were signalled or that named their encoding.
struct SourceTable: Sendable {
  private var bindings: [SourceBinding] = []
  private var lastHit = 0

  var count: Int { bindings.count }

  mutating func find(_ ssrc: UInt32) -> SourceBinding? {
    // Packets come in bursts of one stream: the last hit is mostly the next one.
    if lastHit < bindings.count, bindings[lastHit].ssrc == ssrc { return bindings[lastHit] }
    for index in 0..<bindings.count where bindings[index].ssrc == ssrc {
      lastHit = index
      return bindings[index]
    }
    return nil
  }

  /// Adds a binding, in place of the one that the encoding had for the same purpose. False at the limit, and when the
  /// SSRC belongs to another encoding.
  mutating func bind(_ binding: SourceBinding) -> Bool {
    for index in 0..<bindings.count where bindings[index].ssrc == binding.ssrc {
      return bindings[index].encoding == binding.encoding
        && bindings[index].isRetransmission == binding.isRetransmission
    }
    bindings.removeAll {
      $0.encoding == binding.encoding && $0.isRetransmission == binding.isRetransmission
    }
    guard bindings.count < Limit.sourcesPerTransport else { return false }
    bindings.append(binding)
    return true
  }

  /// Forgets all SSRCs of an encoding.
  mutating func unbind(_ encoding: Handle<EncodingStream>) { bindings.removeAll { $0.encoding == encoding } }
}

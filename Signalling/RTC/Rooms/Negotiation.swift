// Everything of session descriptions that the control plane decides: which encodings a section carries, which codecs a
// stream is offered in, and what of a description the media plane must know.

import LiveKitProtocol
import MediaContract
import SessionDescriptions

enum Negotiation {
  /// The encodings that a client sends in a section, lowest quality first. `layers` as announced, sorted by quality.
  static func encodings(of section: MediaSection, layers: [VideoLayer]) -> [Encoding] {
    let rids = section.simulcast.isEmpty ? section.rids : section.simulcast
    if !rids.isEmpty { return sorted(rids, layers: layers).map { Encoding(rid: $0) } }
    let sources = section.primarySources
    if sources.isEmpty { return [Encoding()] }
    let isSimulcast = section.sourceGroups.contains { $0.semantics == "SIM" }
    return (isSimulcast ? sources : Array(sources.prefix(1))).prefix(3).map {
      Encoding(ssrc: $0, rtxSSRC: section.retransmissionSource(of: $0))
    }
  }

  /// Rids by quality. Their order in SDP says nothing: names do, else what the client announced.
  private static func sorted(_ rids: [String], layers: [VideoLayer]) -> [String] {
    let ladders = [["q", "h", "f"], ["2", "1", "0"], layers.map(\.rid)]
    for ladder in ladders where rids.allSatisfy(ladder.contains) {
      return Array(ladder.filter(rids.contains).prefix(3))
    }
    return Array(rids.prefix(3))
  }

  /// The formats in which a stream may go out: what is published now, and the codecs announced for those who cannot
  /// take the first one.
  static func offerable(_ track: PublishedTrack) -> [PayloadFormat] {
    var formats = track.live.flatMap(\.formats)
    for encoding in track.encodings where encoding.publication == nil {
      guard let codec = MediaContract.Codec(mime: encoding.codecName), codec.kind == track.kind else { continue }
      if formats.contains(where: { $0.codec == codec }) { continue }
      formats.append(PayloadFormat(payloadType: 0, codec: codec, clockRate: track.kind == .video ? 90_000 : 48_000))
    }
    return formats
  }

  /// How the stream is named towards its subscriber: `PA_…|TR_…` and the track's sid; in rooms that keep streams in
  /// step, `PA_…|camera` for all that belongs together.
  static func stream(of subscription: Subscription) -> SentStream {
    let track = subscription.track
    let name = usesStreamGroups(subscription.subscriber) ? track.info.stream : track.sid
    return SentStream(
      stream: track.publisher.sid + "|" + name, track: track.sid, ssrc: subscription.ssrc,
      rtxSSRC: track.kind == .video ? subscription.rtxSSRC : nil, cname: track.publisher.sid)
  }

  /// Clients match such streams by the map of m-lines, which is newer; Firefox cannot have two tracks arrive in one
  /// stream at different times.
  static func usesStreamGroups(_ subscriber: Participant) -> Bool {
    subscriber.room.synchronisesStreams && subscriber.protocolVersion >= 10
      && subscriber.client.browser.lowercased() != "firefox"
  }

  /// The other side of a transport, as the media plane must know it. Nil where the description lacks what ICE and DTLS
  /// cannot do without.
  static func remote(
    _ description: SDP, role: DTLSRole, extensions: HeaderExtensionIDs
  ) -> RemoteTransportParameters? {
    let transport = description.effectiveTransport
    guard let fragment = transport.usernameFragment, let password = transport.password,
      let fingerprint = transport.fingerprint
    else { return nil }
    let application = description.media.first { $0.kind == .application && !$0.isRejected }
    var messageSize = 0
    if let application {
      // RFC 8841 §6: absent means 64 KiB, 0 means any size.
      let announced = application.maximumMessageSize ?? 65_536
      messageSize = announced == 0 ? RoomLimit.dataPacket : announced
    }
    return RemoteTransportParameters(
      usernameFragment: fragment, password: password,
      fingerprint: Fingerprint(algorithm: fingerprint.algorithm, digest: fingerprint.digest), role: role,
      maximumMessageSize: messageSize, sctpPort: application?.sctpPort ?? 5_000, extensions: extensions)
  }

  /// Candidate lines of a shard: UDP on every address, then passive TCP.
  static func candidates(of shard: ShardDescription) -> [String] {
    var result = shard.addresses.enumerated().map { rank, address in
      HostCandidate(address: address, port: shard.udpPort, transport: .udp, rank: rank).text
    }
    if let port = shard.tcpPort {
      result += shard.addresses.enumerated().map { rank, address in
        HostCandidate(address: address, port: port, transport: .tcpPassive, rank: rank).text
      }
    }
    return result
  }
}

extension MediaSection.Kind {
  var mediaKind: MediaKind? {
    switch self {
    case .audio: .audio
    case .video: .video
    case .application, .other: nil
    }
  }
}

extension HeaderExtensionIDs {
  /// Takes over the ids that `other` has: bundled sections share one table.
  mutating func merge(_ other: HeaderExtensionIDs) {
    for path in Self.paths where other[keyPath: path] != 0 { self[keyPath: path] = other[keyPath: path] }
  }

  private static var paths: [WritableKeyPath<HeaderExtensionIDs, UInt8>] {
    [
      \.mid, \.rid, \.repairedRid, \.audioLevel, \.transportSequence, \.absoluteSendTime, \.absoluteCaptureTime,
      \.playoutDelay, \.videoOrientation, \.dependencyDescriptor,
    ]
  }
}

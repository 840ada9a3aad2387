// RTP header extensions by URI, and which of them each kind of section takes.

import MediaContract

/// The extensions that the data plane reads or writes.
public enum HeaderExtension: CaseIterable, Sendable {
  case mid, rid, repairedRid, audioLevel, transportSequence, absoluteSendTime, absoluteCaptureTime, playoutDelay,
    videoOrientation, dependencyDescriptor

  public var uri: String {
    switch self {
    case .mid: "urn:ietf:params:rtp-hdrext:sdes:mid"
    case .rid: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
    case .repairedRid: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
    case .audioLevel: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
    case .transportSequence: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    case .absoluteSendTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
    case .absoluteCaptureTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
    case .playoutDelay: "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
    case .videoOrientation: "urn:3gpp:video-orientation"
    case .dependencyDescriptor:
      "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
    }
  }

  /// The id under which our own offers name it. Below 15, so that the one-byte form serves (RFC 8285 §4.2).
  var ownID: UInt8 {
    switch self {
    case .audioLevel: 1
    case .absoluteSendTime: 2
    case .transportSequence: 3
    case .mid: 4
    case .playoutDelay: 6
    case .absoluteCaptureTime: 7
    case .dependencyDescriptor: 8
    case .rid: 10
    case .repairedRid: 11
    case .videoOrientation: 13
    }
  }

  /// What a section that receives from a client takes. RID and repaired RID belong on every video section of the first
  /// answer: libwebrtc refuses its own later simulcast offer otherwise.
  static func received(_ kind: MediaKind) -> [HeaderExtension] {
    switch kind {
    case .audio: [.mid, .audioLevel, .absoluteCaptureTime]
    case .video:
      [
        .mid, .rid, .repairedRid, .transportSequence, .absoluteSendTime, .absoluteCaptureTime, .playoutDelay,
        .videoOrientation, .dependencyDescriptor,
      ]
    }
  }

  /// What a section that sends to a client offers or takes. The voice path carries no transport-wide numbers: their
  /// feedback would cost a packet per participant every 100 ms for streams that cannot adapt.
  static func sent(_ kind: MediaKind) -> [HeaderExtension] {
    switch kind {
    // The loudness belongs on every audio section for the reason that RID belongs on every video section: sections of
    // one bundle share their extensions, and a microphone may be added to a bundle that only received so far.
    case .audio: [.mid, .audioLevel, .absoluteCaptureTime]
    case .video: received(.video)
    }
  }

  func set(_ id: UInt8, in ids: inout HeaderExtensionIDs) {
    switch self {
    case .mid: ids.mid = id
    case .rid: ids.rid = id
    case .repairedRid: ids.repairedRid = id
    case .audioLevel: ids.audioLevel = id
    case .transportSequence: ids.transportSequence = id
    case .absoluteSendTime: ids.absoluteSendTime = id
    case .absoluteCaptureTime: ids.absoluteCaptureTime = id
    case .playoutDelay: ids.playoutDelay = id
    case .videoOrientation: ids.videoOrientation = id
    case .dependencyDescriptor: ids.dependencyDescriptor = id
    }
  }
}

extension MediaSection {
  /// The ids of those extensions of this section that are in `wanted`.
  func extensionIDs(_ wanted: [HeaderExtension]) -> HeaderExtensionIDs {
    var ids = HeaderExtensionIDs()
    for kind in wanted {
      if let found = extensions.first(where: { $0.uri == kind.uri }) { kind.set(found.id, in: &ids) }
    }
    return ids
  }

  /// The ids of every extension that we know.
  public var knownExtensionIDs: HeaderExtensionIDs { extensionIDs(HeaderExtension.allCases) }

  /// The lines of an answer: the offered ids, a direction turned round (RFC 8285 §6).
  func answeredExtensions(_ wanted: [HeaderExtension]) -> [Extension] {
    extensions.compactMap { offered in
      guard wanted.contains(where: { $0.uri == offered.uri }) else { return nil }
      let direction: Direction? =
        switch offered.direction {
        case .sendonly: .recvonly
        case .recvonly: .sendonly
        case .sendrecv, .inactive, nil: offered.direction
        }
      return Extension(id: offered.id, direction: direction, uri: offered.uri)
    }
  }
}

// A track that a simulated client publishes.

import Bytes
import Chronology
import LiveKitProtocol
import MediaContract
import Peer
import Randomness
import SessionDescriptions
import Wire

/// One encoding on its way out.
struct SimulatedEncoding {
  var rid: String
  var ssrc: UInt32
  var stream: Handle<OutgoingStream>?
  var encoder: SyntheticVP8
  var wantsKey = true
  /// Dynacast wants it.
  var isEnabled = true
}

final class SimulatedTrack {
  /// Unique in the run.
  let number: UInt32
  let kind: MediaKind
  var cid: String { "track\(number)" }
  var sid: String?
  var mid: String?
  /// As the client has it.
  var isMuted = false
  /// As the server has it: it heard of the muting.
  var isMutedAtServer = false
  var encodings: [SimulatedEncoding]
  private let clockOffset: UInt32
  private var frames: UInt32 = 0

  init(number: UInt32, kind: MediaKind, random: inout Random) {
    self.number = number
    self.kind = kind
    clockOffset = UInt32(truncatingIfNeeded: random.next())
    var encodings: [SimulatedEncoding] = []
    for rid in kind == .audio ? [""] : ["q", "h", "f"] {
      encodings.append(
        SimulatedEncoding(
          rid: rid, ssrc: UInt32(truncatingIfNeeded: random.next()) | 1,
          encoder: SyntheticVP8(
            pictureID: UInt16(truncatingIfNeeded: random.next()),
            layerZeroIndex: UInt8(truncatingIfNeeded: random.next()))))
    }
    self.encodings = encodings
  }

  var request: AddTrackRequest {
    var request = AddTrackRequest()
    request.cid = cid
    request.name = cid
    request.muted = isMuted
    request.type = kind == .audio ? .audio : .video
    request.source = kind == .audio ? .microphone : .camera
    guard kind == .video else { return request }
    request.width = 1280
    request.height = 720
    request.layers = (0..<3).map { index in
      var layer = VideoLayer()
      layer.quality = VideoQuality(rawValue: Int32(index))
      layer.width = UInt32(320 << index)
      layer.height = UInt32(180 << index)
      return layer
    }
    var codec = SimulcastCodec()
    codec.codec = "vp8"
    codec.cid = cid
    codec.layers = request.layers
    request.simulcastCodecs = [codec]
    return request
  }

  var section: MediaSection {
    var section = MediaSection.make(kind, .sendonly)
    section.msid = ("-", cid)
    if kind == .audio {
      section.sources = [Source(ssrc: encodings[0].ssrc, cname: "c")]
    } else {
      section.rids = encodings.map(\.rid)
      section.simulcast = encodings.map(\.rid)
    }
    return section
  }

  /// The server accepted the section: streams may flow.
  func open(on end: PeerEnd) {
    guard let mid else { return }
    for index in encodings.indices where encodings[index].stream == nil {
      let ssrc = encodings[index].ssrc
      encodings[index].stream = end.peer.publish(
        OutgoingParameters(
          ssrc: ssrc, kind: kind, payloadType: kind == .audio ? 111 : 96, clockRate: kind == .audio ? 48_000 : 90_000,
          mid: mid, rid: encodings[index].rid, usesNACK: kind == .video,
          retransmission: kind == .video ? (ssrc &+ 0x1_0000, 97) : nil))
    }
  }

  func close(on end: PeerEnd) {
    for index in encodings.indices {
      if let stream = encodings[index].stream { end.peer.unpublish(stream) }
      encodings[index].stream = nil
    }
  }

  /// Makes and sends the next frame of each encoding, or the next packet of audio.
  func send(on end: PeerEnd, at time: Instant) {
    let madeAt = UInt32(truncatingIfNeeded: time.nanoseconds / 1_000_000)
    frames += 1
    for index in encodings.indices {
      guard !isMuted, encodings[index].isEnabled, let stream = encodings[index].stream else { continue }
      if kind == .audio {
        let payload = SyntheticOpus.payload(MediaMark(track: number, frame: frames, madeAt: madeAt))
        end.peer.send(
          payload.rawSpan, on: stream, timestamp: clockOffset &+ madeAt &* 48, marker: false,
          audioLevel: AudioLevel(level: 25, isVoice: true), at: time)
      } else {
        sendFrame(index, stream, madeAt, on: end, at: time)
      }
    }
  }

  private func sendFrame(
    _ index: Int, _ stream: Handle<OutgoingStream>, _ madeAt: UInt32, on end: PeerEnd, at time: Instant
  ) {
    let isKey = encodings[index].wantsKey
    let payloads = encodings[index].encoder.next(
      track: number, layer: UInt8(index), isKey: isKey, packets: isKey ? index + 2 : index + 1, madeAt: madeAt)
    let timestamp = clockOffset &+ UInt32(index) &* 1_000_003 &+ madeAt &* 90
    var isSent = true
    for (place, payload) in payloads.enumerated() {
      let went = end.peer.send(
        payload.rawSpan, on: stream, timestamp: timestamp, marker: place == payloads.count - 1, at: time)
      isSent = isSent && went
    }
    if isKey, isSent { encodings[index].wantsKey = false }
  }
}

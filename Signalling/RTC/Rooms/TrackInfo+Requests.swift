// A track's public description, from the request that announced it and from the m-line that carries it.

import LiveKitProtocol
import MediaContract
import SessionDescriptions

extension TrackType {
  var mediaKind: MediaKind? {
    switch self {
    case .audio: .audio
    case .video: .video
    default: nil
    }
  }
}

extension TrackSource {
  /// The second letter of a track's sid, by which people tell tracks apart in logs.
  var sidLetter: String {
    switch self {
    case .camera: "C"
    case .microphone: "M"
    case .screenShare: "S"
    case .screenShareAudio: "s"
    default: "U"
    }
  }

  /// Streams that belong together: a camera with its microphone, a screen with its sound.
  var streamGroup: String {
    switch self {
    case .camera, .microphone: "camera"
    case .screenShare, .screenShareAudio: "screen"
    default: "unknown"
    }
  }
}

extension TrackInfo {
  /// Everything that the request says; the sid and the codecs are added by the server.
  init(_ request: AddTrackRequest) {
    self.init()
    type = request.type
    name = request.name
    muted = request.muted
    width = request.width
    height = request.height
    source = request.source
    layers = request.layers.sorted { $0.quality.rawValue < $1.quality.rawValue }
    let mode = request.simulcastCodecs.first?.videoLayerMode ?? .modeUnused
    simulcast =
      max(layers.count, request.simulcastCodecs.first?.layers.count ?? 0) > 1
      && mode != .multipleSpatialLayersPerStream
    disableRed = request.disableRed || request.encryption != .none
    encryption = request.encryption
    stream = request.stream.isEmpty ? request.source.streamGroup : request.stream
    backupCodecPolicy = request.backupCodecPolicy
    packetTrailerFeatures = request.packetTrailerFeatures
    audioFeatures = request.audioFeatures
    // Two generations of clients say the same in two ways: both are kept true.
    if request.stereo, !audioFeatures.contains(.stereo) { audioFeatures.append(.stereo) }
    if request.disableDtx, !audioFeatures.contains(.noDtx) { audioFeatures.append(.noDtx) }
    stereo = audioFeatures.contains(.stereo)
    disableDtx = audioFeatures.contains(.noDtx)
  }

  /// How the answer has to set up Opus for this track (§4.7).
  var audioOptions: AudioAnswerOptions {
    var options = AudioAnswerOptions()
    options.allowsDTX = !audioFeatures.contains(.noDtx)
    options.isStereo = audioFeatures.contains(.stereo)
    options.prefersRED = !disableRed
    return options
  }
}

extension SimulcastCodecInfo {
  init(_ encoding: TrackEncoding, layers: [VideoLayer], request: AddTrackRequest, index: Int) {
    self.init()
    mimeType = MediaContract.Codec(mime: encoding.codecName)?.mime ?? ""
    cid = encoding.cid
    self.layers = layers
    let codecs = request.simulcastCodecs
    videoLayerMode = codecs.indices.contains(index) ? codecs[index].videoLayerMode : .modeUnused
  }
}

extension PublishedTrack {
  /// Bare names of the track's codecs, the primary one first.
  var codecNames: [String] {
    info.codecs.compactMap { MediaContract.Codec(mime: $0.mimeType)?.bareName }
  }

  /// Fills in what the negotiated section tells: the codec, the m-line, and the names of the layers.
  func complete(encoding index: Int, with section: Section) {
    guard let codec = section.formats.first?.codec else { return }
    encodings[index].codecName = codec.bareName
    if info.codecs.isEmpty { info.codecs = [SimulcastCodecInfo()] }
    guard info.codecs.indices.contains(index) else { return }
    info.codecs[index].mimeType = codec.mime
    info.codecs[index].mid = section.mid
    info.codecs[index].cid = encodings[index].cid
    info.codecs[index].sdpCid = section.remoteTrackID
    // Rids are given out by presence: two layers LOW and HIGH are still "q" and "h".
    for (position, encoding) in section.encodings.enumerated() {
      guard info.codecs[index].layers.indices.contains(position) else { break }
      info.codecs[index].layers[position].rid = encoding.rid
      info.codecs[index].layers[position].ssrc = encoding.ssrc ?? 0
      info.codecs[index].layers[position].spatialLayer = Int32(position)
    }
    guard index == 0 else { return }
    info.mimeType = codec.mime
    info.mid = section.mid
    if !info.codecs[0].layers.isEmpty { info.layers = info.codecs[0].layers }
  }
}

/// How an m-line finds its track, in the order in which the ways are tried over all m-lines.
enum SectionMatch: CaseIterable {
  /// The msid's track id is one that the client announced.
  case trackID
  /// Some clients change ids on the way: the oldest announced track of the kind that has no m-line.
  case kind

  func find(in tracks: [PublishedTrack], kind: MediaKind, trackID: String) -> (track: PublishedTrack, encoding: Int)? {
    for track in tracks where track.kind == kind {
      switch self {
      case .trackID:
        guard !trackID.isEmpty else { continue }
        if let index = track.encodings.firstIndex(where: { $0.publication == nil && $0.cid == trackID }) {
          return (track, index)
        }
      case .kind:
        if !track.isAnnounced, track.live.isEmpty, !track.encodings.isEmpty { return (track, 0) }
      }
    }
    return nil
  }
}

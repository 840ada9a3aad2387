// A published track as others see it, and the request that publishes it.

/// A client wants to publish a track. `cid` is the client's own id for it.
public struct AddTrackRequest: ProtobufMessage {
  public var cid = ""
  public var name = ""
  public var type = TrackType()
  public var width: UInt32 = 0
  public var height: UInt32 = 0
  public var muted = false
  public var disableDtx = false
  public var source = TrackSource()
  public var layers: [VideoLayer] = []
  public var simulcastCodecs: [SimulcastCodec] = []
  public var sid = ""
  public var stereo = false
  public var disableRed = false
  public var encryption = Encryption.Kind()
  public var stream = ""
  public var backupCodecPolicy = BackupCodecPolicy()
  public var audioFeatures: [AudioTrackFeature] = []
  public var packetTrailerFeatures: [PacketTrailerFeature] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "cid", &cid)
    fields.field(2, "name", &name)
    fields.field(3, "type", &type)
    fields.field(4, "width", &width)
    fields.field(5, "height", &height)
    fields.field(6, "muted", &muted)
    fields.field(7, "disable_dtx", &disableDtx)
    fields.field(8, "source", &source)
    fields.field(9, "layers", &layers)
    fields.field(10, "simulcast_codecs", &simulcastCodecs)
    fields.field(11, "sid", &sid)
    fields.field(12, "stereo", &stereo)
    fields.field(13, "disable_red", &disableRed)
    fields.field(14, "encryption", &encryption)
    fields.field(15, "stream", &stream)
    fields.field(16, "backup_codec_policy", &backupCodecPolicy)
    fields.field(17, "audio_features", &audioFeatures)
    fields.field(18, "packet_trailer_features", &packetTrailerFeatures)
  }
}

/// A track's public state.
public struct TrackInfo: ProtobufMessage {
  public var sid = ""
  public var type = TrackType()
  public var name = ""
  public var muted = false
  public var width: UInt32 = 0
  public var height: UInt32 = 0
  public var simulcast = false
  public var disableDtx = false
  public var source = TrackSource()
  public var layers: [VideoLayer] = []
  public var mimeType = ""
  public var mid = ""
  public var codecs: [SimulcastCodecInfo] = []
  public var stereo = false
  public var disableRed = false
  public var encryption = Encryption.Kind()
  public var stream = ""
  public var version: TimedVersion?
  public var audioFeatures: [AudioTrackFeature] = []
  public var backupCodecPolicy = BackupCodecPolicy()
  public var packetTrailerFeatures: [PacketTrailerFeature] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "sid", &sid)
    fields.field(2, "type", &type)
    fields.field(3, "name", &name)
    fields.field(4, "muted", &muted)
    fields.field(5, "width", &width)
    fields.field(6, "height", &height)
    fields.field(7, "simulcast", &simulcast)
    fields.field(8, "disable_dtx", &disableDtx)
    fields.field(9, "source", &source)
    fields.field(10, "layers", &layers)
    fields.field(11, "mime_type", &mimeType)
    fields.field(12, "mid", &mid)
    fields.field(13, "codecs", &codecs)
    fields.field(14, "stereo", &stereo)
    fields.field(15, "disable_red", &disableRed)
    fields.field(16, "encryption", &encryption)
    fields.field(17, "stream", &stream)
    fields.field(18, "version", &version)
    fields.field(19, "audio_features", &audioFeatures)
    fields.field(20, "backup_codec_policy", &backupCodecPolicy)
    fields.field(21, "packet_trailer_features", &packetTrailerFeatures)
  }
}

/// The track that a client asked for now exists.
public struct TrackPublishedResponse: ProtobufMessage {
  public var cid = ""
  public var track: TrackInfo?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "cid", &cid)
    fields.field(2, "track", &track)
  }
}

/// The server has ended a client's track.
public struct TrackUnpublishedResponse: ProtobufMessage {
  public var trackSid = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track_sid", &trackSid)
  }
}

/// A codec that a track is to be published with.
public struct SimulcastCodec: ProtobufMessage {
  public var codec = ""
  public var cid = ""
  public var layers: [VideoLayer] = []
  public var videoLayerMode = VideoLayer.Mode()

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "codec", &codec)
    fields.field(2, "cid", &cid)
    fields.field(4, "layers", &layers)
    fields.field(5, "video_layer_mode", &videoLayerMode)
  }
}

/// A codec that a track is published with.
public struct SimulcastCodecInfo: ProtobufMessage {
  public var mimeType = ""
  public var mid = ""
  public var cid = ""
  public var layers: [VideoLayer] = []
  public var videoLayerMode = VideoLayer.Mode()
  public var sdpCid = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "mime_type", &mimeType)
    fields.field(2, "mid", &mid)
    fields.field(3, "cid", &cid)
    fields.field(4, "layers", &layers)
    fields.field(5, "video_layer_mode", &videoLayerMode)
    fields.field(6, "sdp_cid", &sdpCid)
  }
}

/// One simulcast encoding or spatial layer. Sizes in pixels, bitrate in bits per second.
public struct VideoLayer: ProtobufMessage {
  public var quality = VideoQuality()
  public var width: UInt32 = 0
  public var height: UInt32 = 0
  public var bitrate: UInt32 = 0
  public var ssrc: UInt32 = 0
  public var spatialLayer: Int32 = 0
  public var rid = ""
  public var repairSsrc: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "quality", &quality)
    fields.field(2, "width", &width)
    fields.field(3, "height", &height)
    fields.field(4, "bitrate", &bitrate)
    fields.field(5, "ssrc", &ssrc)
    fields.field(6, "spatial_layer", &spatialLayer)
    fields.field(7, "rid", &rid)
    fields.field(8, "repair_ssrc", &repairSsrc)
  }

  /// How layers map to RTP streams.
  public struct Mode: ProtobufEnum {
    public static let modeUnused = Self(rawValue: 0)
    public static let oneSpatialLayerPerStream = Self(rawValue: 1)
    public static let multipleSpatialLayersPerStream = Self(rawValue: 2)
    public static let oneSpatialLayerPerStreamIncompleteRtcpSr = Self(rawValue: 3)

    public static let names = [
      "MODE_UNUSED", "ONE_SPATIAL_LAYER_PER_STREAM", "MULTIPLE_SPATIAL_LAYERS_PER_STREAM",
      "ONE_SPATIAL_LAYER_PER_STREAM_INCOMPLETE_RTCP_SR",
    ]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}

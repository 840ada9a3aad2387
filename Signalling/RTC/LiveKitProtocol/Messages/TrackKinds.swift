// The enumerations that describe tracks.

/// Audio, video or data.
public struct TrackType: ProtobufEnum {
  public static let audio = Self(rawValue: 0)
  public static let video = Self(rawValue: 1)
  public static let data = Self(rawValue: 2)

  public static let names = ["AUDIO", "VIDEO", "DATA"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// Where a track comes from.
public struct TrackSource: ProtobufEnum {
  public static let unknown = Self(rawValue: 0)
  public static let camera = Self(rawValue: 1)
  public static let microphone = Self(rawValue: 2)
  public static let screenShare = Self(rawValue: 3)
  public static let screenShareAudio = Self(rawValue: 4)

  public static let names = ["UNKNOWN", "CAMERA", "MICROPHONE", "SCREEN_SHARE", "SCREEN_SHARE_AUDIO"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// A quality level; higher numbers up to `high` are better.
public struct VideoQuality: ProtobufEnum {
  public static let low = Self(rawValue: 0)
  public static let medium = Self(rawValue: 1)
  public static let high = Self(rawValue: 2)
  public static let off = Self(rawValue: 3)

  public static let names = ["LOW", "MEDIUM", "HIGH", "OFF"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// End-to-end encryption, which the server only announces.
public enum Encryption {
  /// The scheme (`Encryption.Type` in the schema, a name that Swift keeps for itself).
  public struct Kind: ProtobufEnum {
    public static let none = Self(rawValue: 0)
    public static let gcm = Self(rawValue: 1)
    public static let custom = Self(rawValue: 2)

    public static let names = ["NONE", "GCM", "CUSTOM"]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}

/// What to do when subscribers cannot decode a track's first codec.
public struct BackupCodecPolicy: ProtobufEnum {
  public static let preferRegression = Self(rawValue: 0)
  public static let simulcast = Self(rawValue: 1)
  public static let regression = Self(rawValue: 2)

  public static let names = ["PREFER_REGRESSION", "SIMULCAST", "REGRESSION"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// A property of an audio track.
public struct AudioTrackFeature: ProtobufEnum {
  public static let stereo = Self(rawValue: 0)
  public static let noDtx = Self(rawValue: 1)
  public static let autoGainControl = Self(rawValue: 2)
  public static let echoCancellation = Self(rawValue: 3)
  public static let noiseSuppression = Self(rawValue: 4)
  public static let enhancedNoiseCancellation = Self(rawValue: 5)
  public static let preconnectBuffer = Self(rawValue: 6)

  public static let names = [
    "TF_STEREO", "TF_NO_DTX", "TF_AUTO_GAIN_CONTROL", "TF_ECHO_CANCELLATION", "TF_NOISE_SUPPRESSION",
    "TF_ENHANCED_NOISE_CANCELLATION", "TF_PRECONNECT_BUFFER",
  ]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// What a publisher appends to its packets.
public struct PacketTrailerFeature: ProtobufEnum {
  public static let userTimestamp = Self(rawValue: 0)
  public static let frameId = Self(rawValue: 1)
  public static let userData = Self(rawValue: 2)

  public static let names = ["PTF_USER_TIMESTAMP", "PTF_FRAME_ID", "PTF_USER_DATA"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

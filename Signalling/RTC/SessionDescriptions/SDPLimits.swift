/// What a description may hold. Browsers stay far below; beyond it the description is refused as a whole.
public enum SDPLimit {
  /// Bytes of text. A 100-section offer of Chromium has about 300 kB.
  public static let bytes = 1 << 20
  /// `m=` lines: 2 × the tracks that one participant may publish and see, with room for stopped ones.
  public static let sections = 1_024
  /// Payload types of one section; RFC 3551 has 128.
  public static let formats = 128
  /// Extensions of one section; ids are a byte.
  public static let extensions = 64
  /// Bytes of a format's parameters. Parameter sets of H.264 and H.265 are the longest: some hundred.
  public static let parameterBytes = 1_024
  /// Sources, groups, rids and candidates of one section.
  public static let attributes = 128
}

/// Why a description was refused.
public enum SDPError: Error, Equatable, Sendable {
  case tooLarge
  case tooManySections
  /// `line` counts from 1.
  case malformed(line: Int)
  /// No `v=0` at the start.
  case notSDP
  /// Two sections with one mid, or a section without one.
  case mids
}

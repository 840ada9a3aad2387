// The list that tests and the seed check walk. A new entry is added here, in Package.swift and as a folder in Tests/Fuzz.

import FuzzSupport

extension FuzzEntry {
  /// Every parser of the Wire module.
  public static let wire: [FuzzEntry] = [
    .stun, .framing, .socketAddress, .rtp, .red, .rtcp, .vp8, .vp9, .h264, .h265, .av1, .opus, .dependencyDescriptor,
  ]
}

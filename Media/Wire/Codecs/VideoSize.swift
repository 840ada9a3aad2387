// Frame dimensions in luma samples.

/// A picture's width and height, each 1…65536.
public struct VideoSize: Sendable, Hashable {
  public var width: Int32
  public var height: Int32

  @inlinable
  public init(width: Int, height: Int) {
    self.width = Int32(truncatingIfNeeded: width)
    self.height = Int32(truncatingIfNeeded: height)
  }
}

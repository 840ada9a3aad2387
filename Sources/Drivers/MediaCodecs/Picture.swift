// Raw pictures and how alike two of them are.

import Glibc

/// A picture in I420: luma at full size, two planes of chroma at half width and half height, rows without gaps.
public struct Picture: Sendable, Hashable {
  /// Even numbers of pixels.
  public let width: Int
  public let height: Int
  public var luma: [UInt8]
  /// Blue difference (U).
  public var blue: [UInt8]
  /// Red difference (V).
  public var red: [UInt8]

  /// A picture of one colour. Traps on sizes that are odd or not above zero.
  public init(width: Int, height: Int, luma: UInt8 = 16, blue: UInt8 = 128, red: UInt8 = 128) {
    precondition(width > 0 && height > 0 && width & 1 == 0 && height & 1 == 0, "I420 needs even sizes")
    self.width = width
    self.height = height
    self.luma = [UInt8](repeating: luma, count: width * height)
    self.blue = [UInt8](repeating: blue, count: width * height / 4)
    self.red = [UInt8](repeating: red, count: width * height / 4)
  }

  /// Peak signal-to-noise ratio of the luma in decibels: about 30 is recognizable, 40 is good, infinity is equal.
  /// Traps when the sizes differ.
  public func peakSignalToNoise(of other: Picture) -> Double {
    precondition(width == other.width && height == other.height, "pictures of different sizes")
    var squares = 0
    for index in 0..<luma.count {
      let difference = Int(luma[index]) - Int(other.luma[index])
      squares += difference * difference
    }
    guard squares > 0 else { return .infinity }
    return 10 * log10(255 * 255 * Double(luma.count) / Double(squares))
  }

  /// The picture at a half of its width and height, each pixel the mean of four. For simulcast. Traps when a quarter of
  /// the width or height is not even.
  public func halved() -> Picture {
    var half = Picture(width: width / 2, height: height / 2)
    Self.halve(luma, width: width, into: &half.luma)
    Self.halve(blue, width: width / 2, into: &half.blue)
    Self.halve(red, width: width / 2, into: &half.red)
    return half
  }

  private static func halve(_ source: [UInt8], width: Int, into target: inout [UInt8]) {
    let columns = width / 2
    for row in 0..<target.count / columns {
      let upper = row * 2 * width
      let lower = upper + width
      for column in 0..<columns {
        let at = column * 2
        let sum =
          Int(source[upper + at]) + Int(source[upper + at + 1]) + Int(source[lower + at]) + Int(source[lower + at + 1])
        target[row * columns + column] = UInt8(truncatingIfNeeded: (sum + 2) >> 2)
      }
    }
  }
}

// A screen that nobody shares: a page of text-like lines that scrolls now and then, a running bar and a blinking cursor.

import Randomness

public struct SyntheticScreen: Sendable {
  private enum Layout {
    /// Height of a line of text in pixels, and what of it is letters.
    static let lineHeight = 24
    static let letterHeight = 14
    static let letterWidth = 9
    static let margin = 48
    /// Height of the title bar at the top and of the status bar at the bottom.
    static let titleHeight = 40
    static let statusHeight = 32
  }

  public let width: Int
  public let height: Int
  /// The whole page, luma only: twice as high as the screen, and its upper half again behind it, so that any window of
  /// the screen's height is one piece.
  private let page: [UInt8]
  private let pageHeight: Int
  private var picture: Picture
  private var offset = 0
  private var frame = 0

  /// Sizes are even and at least 320 × 180.
  public init(width: Int = 1920, height: Int = 1080, random: Random) {
    precondition(width >= 320 && height >= 180, "too small for a page")
    self.width = width
    self.height = height
    pageHeight = 2 * height
    var random = random
    page = Self.drawPage(width: width, height: pageHeight, repeating: height, &random)
    picture = Picture(width: width, height: height, luma: 235)
    drawFrame()
  }

  /// The next picture. It scrolls for two seconds of every eight (at 30 pictures a second) and is still otherwise, but for
  /// the bar and the cursor.
  public mutating func nextPicture() -> Picture {
    frame += 1
    if frame % 240 >= 180 {
      offset = (offset + 6) % pageHeight
      drawBody()
    }
    drawStatus()
    return picture
  }

  // MARK: Drawing

  private mutating func drawFrame() {
    drawBody()
    fill(0..<Layout.titleHeight, 0..<width, 60)
    tint(0..<Layout.titleHeight, 0..<width, blue: 160, red: 110)
    drawStatus()
  }

  private mutating func drawBody() {
    let rows = Layout.titleHeight..<height - Layout.statusHeight
    let start = (offset + rows.lowerBound) * width
    picture.luma.replaceSubrange(
      rows.lowerBound * width..<rows.upperBound * width, with: page[start..<start + rows.count * width])
  }

  /// A bar that runs across once in ten seconds, and a cursor that blinks.
  private mutating func drawStatus() {
    let rows = height - Layout.statusHeight..<height
    let filled = width * (frame % 300) / 300 & ~1
    fill(rows, 0..<filled, 110)
    fill(rows, filled..<width, 200)
    tint(rows, 0..<filled, blue: 100, red: 170)
    tint(rows, filled..<width, blue: 128, red: 128)
    let cursor = width / 3 & ~1
    let line = Layout.titleHeight + 5 * Layout.lineHeight
    fill(line..<line + Layout.letterHeight, cursor..<cursor + 4, frame / 15 % 2 == 0 ? 20 : 235)
  }

  private mutating func fill(_ rows: Range<Int>, _ columns: Range<Int>, _ value: UInt8) {
    for row in rows {
      for column in columns { picture.luma[row * width + column] = value }
    }
  }

  private mutating func tint(_ rows: Range<Int>, _ columns: Range<Int>, blue: UInt8, red: UInt8) {
    for row in rows.lowerBound / 2..<rows.upperBound / 2 {
      for column in columns.lowerBound / 2..<columns.upperBound / 2 {
        picture.blue[row * width / 2 + column] = blue
        picture.red[row * width / 2 + column] = red
      }
    }
  }

  /// Lines of words of letters; a letter is a small pattern of strokes that the seed chooses.
  private static func drawPage(
    width: Int, height: Int, repeating repeated: Int, _ random: inout Random
  ) -> [UInt8] {
    var page = [UInt8](repeating: 235, count: width * height)
    var top = Layout.lineHeight
    while top + Layout.lineHeight < height {
      // Paragraphs: every seventh line or so stays empty.
      if !random.chance(0.14) { drawLine(at: top, width: width, on: &page, &random) }
      top += Layout.lineHeight
    }
    page.append(contentsOf: page[0..<width * repeated])
    return page
  }

  private static func drawLine(at top: Int, width: Int, on page: inout [UInt8], _ random: inout Random) {
    let end = width - Layout.margin - Int(random.unit() * Double(width) / 4)
    var left = Layout.margin
    while left + Layout.letterWidth < end {
      if random.chance(0.16) {
        left += Layout.letterWidth
        continue
      }
      drawLetter(random.next(), at: top, left, width: width, on: &page)
      left += Layout.letterWidth
    }
  }

  /// Up to five strokes of two pixels: three upright, two level.
  private static func drawLetter(_ shape: UInt64, at top: Int, _ left: Int, width: Int, on page: inout [UInt8]) {
    for stroke in 0..<3 where shape >> UInt64(stroke) & 1 == 1 {
      for row in top..<top + Layout.letterHeight {
        page[row * width + left + stroke * 3] = 30
        page[row * width + left + stroke * 3 + 1] = 70
      }
    }
    for stroke in 0..<2 where shape >> UInt64(stroke + 3) & 1 == 1 {
      let row = top + (stroke == 0 ? 1 : Int(shape >> 8) & 7 + 4)
      for column in left..<left + Layout.letterWidth - 2 {
        page[row * width + column] = 40
        page[(row + 1) * width + column] = 90
      }
    }
  }
}

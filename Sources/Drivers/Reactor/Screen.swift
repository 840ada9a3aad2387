// A terminal that a program draws on again and again, and whose keys it reads one by one.

import CLinux

/// The terminal of this process, taken over until `leave`.
public struct Screen: ~Copyable {
  /// A key, or the reason that there is none.
  public enum Key: Sendable, Equatable {
    case character(UInt8)
    /// The time is over.
    case none
    /// Nobody types here.
    case end
  }

  /// Nil when standard output is no terminal.
  public init?() {
    guard Screen.size != nil else { return nil }
    _ = mqvi_single_keys(1)
    // The other buffer, so that what stood there is there again afterwards; no cursor.
    Process.write("\u{1B}[?1049h\u{1B}[?25l", toStandardError: false)
  }

  /// Rows and columns; nil when standard output is no terminal.
  public static var size: (rows: Int, columns: Int)? {
    var rows: Int32 = 0
    var columns: Int32 = 0
    return unsafe mqvi_screen_size(&rows, &columns) == 0 ? (Int(rows), Int(columns)) : nil
  }

  /// Shows these lines from the top on, as many as there is room for.
  public func show(_ lines: [String]) {
    let rows = Screen.size?.rows ?? 24
    // Home, each line with the rest of its row erased, then what is below.
    let text = lines.prefix(rows).joined(separator: "\u{1B}[K\r\n")
    Process.write("\u{1B}[H" + text + "\u{1B}[K\u{1B}[J", toStandardError: false)
  }

  /// Waits for a key.
  public func key(within milliseconds: Int) -> Key {
    switch mqvi_read_key(Int32(clamping: milliseconds)) {
    case -1: .none
    case let key where key >= 0: .character(UInt8(truncatingIfNeeded: key))
    default: .end
    }
  }

  /// Gives the terminal back as it was.
  public consuming func leave() {
    Process.write("\u{1B}[?25h\u{1B}[?1049l", toStandardError: false)
    _ = mqvi_single_keys(0)
  }
}

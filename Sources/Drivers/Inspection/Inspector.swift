// The parent's side: starts a child for one file, waits a bounded time, and believes nothing that does not parse.

import CInspection
import Chronology
import Glibc
public import Reactor

/// Looks at strangers' files in processes of their own. Calls block: they are for workers, of which each has one child
/// at a time.
public struct Inspector: Sendable {
  private let program: String
  private let arguments: [String]
  private let patience: Interval

  /// `program` with `arguments` and a wish behind them is a child. By default this program itself, also when its file
  /// was replaced by an update meanwhile.
  public init(
    program: String = "/proc/self/exe", arguments: [String] = ["mqvi", "inspect"],
    patience: Interval = InspectionLimit.time
  ) {
    self.program = program
    self.arguments = arguments
    self.patience = patience
  }

  /// What a child says about `content`; nil when it failed, was ended, or spoke nonsense.
  public func look(at content: [UInt8], _ wish: InspectionWish) throws(SystemError) -> InspectionReport? {
    guard content.count <= InspectionLimit.fileBytes else { return nil }
    guard let answer = try answer(to: content, wish) else { return nil }
    return InspectionReport(answer)
  }

  /// What the child writes, whatever it is.
  func answer(to content: [UInt8], _ wish: InspectionWish) throws(SystemError) -> [UInt8]? {
    let file = try SystemError.check(unsafe mqvi_memory_file(content, content.count), "memfd_create")
    let input = Descriptor(owning: file)
    var ends: [Int32] = [-1, -1]
    // Fills the two places of the array.
    try SystemError.check(unsafe mqvi_pipe(&ends), "pipe")
    let output = Descriptor(owning: ends[0])
    let process: Int32
    do {
      let childsOutput = Descriptor(owning: ends[1])
      process = try spawn(input.rawValue, childsOutput.rawValue, arguments + wish.arguments)
    }
    let answer = read(output.rawValue)
    let status = mqvi_reap(process)
    // One that has said everything may be ended before it has ended itself.
    guard let answer, status == 0 || status == 128 + SIGKILL else { return nil }
    return answer
  }

  private func spawn(_ input: Int32, _ output: Int32, _ arguments: [String]) throws(SystemError) -> Int32 {
    // Copies of the texts, which live until the child has its own; a null pointer ends the list.
    let texts = unsafe arguments.map { unsafe strdup($0) }
    defer { unsafe texts.forEach { unsafe free($0) } }
    let list = unsafe texts.map { unsafe UnsafePointer<CChar>($0) } + [nil]
    return try SystemError.check(unsafe mqvi_spawn_confined(program, list, input, output), "start \(program)")
  }

  /// All that comes until the other end closes. Nil when that takes too long or is too much.
  private func read(_ descriptor: Int32) -> [UInt8]? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    let deadline = Clock.now() + patience
    while true {
      let left = (deadline - Clock.now()).milliseconds
      guard left > 0 else { return nil }
      var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      // One entry, a local.
      guard unsafe poll(&wanted, 1, Int32(clamping: left)) > 0 else { continue }
      // The kernel writes at most what the array holds.
      let count = unsafe Glibc.read(descriptor, &piece, piece.count)
      guard count >= 0, bytes.count + count <= InspectionLimit.reportBytes else { return nil }
      guard count > 0 else { return bytes }
      bytes += piece[..<count]
    }
  }
}

// What waits to be written to a connection: bytes in memory, and files of which only the next piece is.

/// Bytes on their way out. A payload that goes to many connections is queued on each without being copied.
struct OutputQueue {
  private enum Chunk {
    case bytes([UInt8])
    case file(OpenFile)
  }

  private var chunks: [Chunk] = []
  private var head = 0
  private var offset = 0
  /// Small chunks gathered for one write; stays what it was until it is consumed, as TLS demands.
  private var gathered: [UInt8] = []
  /// Bytes that wait.
  private(set) var count = 0
  /// Whether a file is among them.
  private(set) var holdsFile = false

  var isEmpty: Bool { count == 0 }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    count += bytes.count
    chunks.append(.bytes(bytes))
  }

  mutating func append(_ file: OpenFile) {
    guard file.length > 0 else { return }
    count += file.length
    holdsFile = true
    chunks.append(.file(file))
  }

  /// What to write next: about a socket's worth. Nil when a file cannot be read any more.
  mutating func next() -> [UInt8]? {
    if !gathered.isEmpty { return gathered }
    while gathered.count < Limit.filePiece, head < chunks.count {
      let room = Limit.filePiece - gathered.count
      let taken: Int
      let length: Int
      switch chunks[head] {
      case .bytes(let chunk):
        length = chunk.count
        taken = min(length - offset, room)
        gathered += chunk[offset..<(offset + taken)]
      case .file(let file):
        length = file.length
        taken = min(length - offset, room)
        guard file.read(taken, from: offset, into: &gathered) else { return nil }
      }
      offset += taken
      if offset == length { finishChunk() }
    }
    compact()
    return gathered
  }

  private mutating func finishChunk() {
    if case .file = chunks[head] { holdsFile = false }
    chunks[head] = .bytes([])
    head += 1
    offset = 0
  }

  private mutating func compact() {
    if head == chunks.count {
      chunks.removeAll(keepingCapacity: false)
      head = 0
    } else if head > 64, head > chunks.count / 2 {
      chunks.removeFirst(head)
      head = 0
    }
  }

  mutating func consume(_ written: Int) {
    count -= written
    if written == gathered.count { gathered = [] } else { gathered.removeFirst(written) }
  }
}

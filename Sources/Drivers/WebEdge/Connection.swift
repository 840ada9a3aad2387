// One accepted connection: its bytes in and out and where its protocol stands.

import Bytes
import Chronology
import Reactor
import Wire

/// Names a connection for as long as the process lives.
public struct ConnectionID: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Names a request that is to be answered, on the connection that it came on.
public struct RequestID: Hashable, Sendable {
  let connection: ConnectionID
  let ordinal: UInt64
}

/// Why a WebSocket is gone.
public enum ClosedReason: Sendable, Equatable {
  /// A close frame came, or ours was answered.
  case closed(CloseCode?)
  /// The connection broke, fell silent, or never answered our close.
  case lost
  /// It did not read what was sent to it.
  case slowConsumer
  /// It broke the protocol or a limit.
  case violation
}

/// Which readiness of a socket matters.
struct Interest: Equatable {
  var reads: Bool
  var writes: Bool
}

struct Connection: ~Copyable {
  enum Phase {
    /// Between or in requests.
    case reading
    /// A request is with the handler.
    case answering(HTTPMethod, keepsAlive: Bool)
    case webSocket
    /// Our close frame is out; the other side's is awaited.
    case closing
    /// Everything is said: output is flushed, then input ignored until the other side closes too.
    case draining
  }

  var id: ConnectionID
  let peer: SocketAddress
  // Declared before the socket: freed first, while the descriptor is still open.
  private var tls: TLSSession?
  private let socket: StreamSocket

  var phase = Phase.reading
  var input = InputBuffer()
  var parser = RequestParser()
  var decoder = WebSocketDecoder()
  var output = OutputQueue()
  /// Requests so far; the last one's ordinal.
  var requests: UInt64 = 0
  /// When the phase has lasted too long.
  var deadline: Instant
  var lastHeard: Instant
  var nextPing = Instant.distantFuture
  var lastProgress: Instant
  /// Interest that the poller has been told.
  var interest = Interest(reads: true, writes: false)
  /// The other side has said its last byte; it may still read.
  var isHalfClosed = false
  /// Why it ends, once that is known.
  var ending: ClosedReason?
  /// Whether the bytes of a request have begun to come.
  var hasBegun = false
  /// Whether the handler knows this connection as a WebSocket although its phase no longer tells.
  var wasWebSocket = false
  /// What the request that is being answered says about the parts of a file that it wants.
  var conditions = FileConditions()
  /// Bytes of a request's body that this connection keeps in memory, until its answer is queued.
  var heldBytes = 0
  /// When the body that is being read began to come.
  var bodyBegan = Instant.origin
  /// Whether the handler knows that too much waits for this WebSocket.
  var isCongested = false
  /// Whether our half of the TCP connection is closed.
  var hasFinishedWriting = false

  init(
    id: ConnectionID, descriptor: Int32, peer: SocketAddress, tls context: TLSContext?, at now: Instant
  ) {
    self.id = id
    self.peer = peer
    socket = StreamSocket(owning: descriptor)
    if let context { tls = TLSSession(context, descriptor: descriptor) } else { tls = nil }
    deadline = now + Limit.headTime
    lastHeard = now
    lastProgress = now
  }

  var descriptor: Int32 { socket.descriptor.rawValue }
  var isSecure: Bool { tls != nil }
  var isWebSocket: Bool {
    switch phase {
    case .webSocket, .closing: true
    default: false
    }
  }

  /// What the poller should tell now.
  var wantedInterest: Interest {
    let tlsWants = tls?.wantsWrite() ?? false
    return Interest(reads: !isHalfClosed && !isAhead, writes: !output.isEmpty || tlsWants)
  }

  /// Whether the client has sent enough behind a request whose answer it does not have yet.
  var isAhead: Bool {
    switch phase {
    case .answering: input.count >= Limit.headBytes
    case .reading: isBehind && input.count >= Limit.headBytes
    case .webSocket, .closing, .draining: false
    }
  }

  /// Whether the client takes its answers more slowly than it asks. One file at a time is open for it.
  var isBehind: Bool { output.count > Limit.answersAhead || output.holdsFile }

  /// Queues bytes to send.
  mutating func queue(_ bytes: [UInt8], at now: Instant) {
    if output.isEmpty { lastProgress = now }
    output.append(bytes)
  }

  /// Queues a file behind what is queued.
  mutating func queue(_ file: OpenFile, at now: Instant) {
    if output.isEmpty { lastProgress = now }
    output.append(file)
  }

  /// Reads what has come over `buffer`.
  mutating func read(into buffer: inout [UInt8]) -> Transfer {
    var span = buffer.mutableRawSpan
    if let outcome = tls?.read(into: &span) { return outcome }
    return socket.read(into: &span)
  }

  /// Writes what is queued until the socket takes no more or this turn is over. False when the connection is broken, or
  /// a file is shorter than it was.
  mutating func flush(at now: Instant) -> Bool {
    var written = 0
    while !output.isEmpty, written < Limit.writtenPerTurn {
      guard let piece = output.next() else { return false }
      switch write(piece) {
      case .bytes(let count):
        output.consume(count)
        written += count
        lastProgress = now
      case .wouldBlock: return true
      case .end, .failed: return false
      }
    }
    lastProgress = now
    return true
  }

  private func write(_ bytes: [UInt8]) -> Transfer {
    if let outcome = tls?.write(bytes.rawSpan) { return outcome }
    return socket.write(bytes.rawSpan)
  }

  mutating func finishWriting() {
    guard !hasFinishedWriting else { return }
    hasFinishedWriting = true
    tls?.finishWriting()
    socket.finishWriting()
  }
}

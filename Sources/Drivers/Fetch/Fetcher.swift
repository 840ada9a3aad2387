// HTTP requests that the server makes itself: on a thread of its own, bounded, and only to where it may go.

import CCurl
public import Chronology
public import Reactor
import Wire

/// A request to make.
public struct FetchRequest: Sendable {
  public enum Method: Sendable, Hashable {
    /// Its answer's body is nobody's concern.
    case post
    /// At most three redirects are followed. So many bytes of the answer are kept; the rest is not waited for.
    case get(keeping: Int)
  }

  /// Comes back with the result.
  public var id: UInt64
  /// http or https.
  public var url: String
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]
  public var method: Method
  /// From the start, name lookup included, to the end of the answer.
  public var timeout: Interval

  public init(
    id: UInt64, url: String, headers: [(name: String, value: String)], body: [UInt8], method: Method = .post,
    timeout: Interval = .seconds(10)
  ) {
    self.id = id
    self.url = url
    self.headers = headers
    self.body = body
    self.method = method
    self.timeout = timeout
  }
}

public struct FetchResult: Sendable, Equatable {
  public var id: UInt64
  /// Nil: no answer, for whatever reason.
  public var status: Int?
  /// Of the answer to a GET: its Content-Type, and its beginning.
  public var type: String
  public var body: [UInt8]

  public init(id: UInt64, status: Int?, type: String = "", body: [UInt8] = []) {
    self.id = id
    self.status = status
    self.type = type
    self.body = body
  }
}

/// Where requests may go.
public enum FetchReach: Sendable {
  /// Only to addresses of the open internet. Decided on the address that is connected to, so that a name cannot point
  /// inside after it was checked.
  case globalAddresses
  /// Anywhere, private and loopback addresses included.
  case everywhere
}

/// The fetching thread. `stop` it before it goes.
public struct Fetcher: ~Copyable {
  public enum Limit {
    /// Requests that may wait.
    public static let waiting = 1024
    /// Connections at once.
    public static let connections: Int32 = 32
    /// Bytes of an answer, which nobody reads: more ends the request.
    public static let responseBytes = 256 * 1024
  }

  private enum Message: Sendable {
    case post(FetchRequest)
    case stop
  }

  private let messages: Mailbox<Message>
  private let worker: Worker

  /// - Parameter results: one for each request that was taken, unless the fetcher is stopped first.
  public init(_ reach: FetchReach, results: Mailbox<FetchResult>) throws(SystemError) {
    try self.init(reach) { results.post($0) }
  }

  /// - Parameter deliver: called on the fetching thread for each request that was taken; again a second later while it
  ///   answers false.
  public init(_ reach: FetchReach, deliver: @escaping @Sendable (FetchResult) -> Bool) throws(SystemError) {
    let messages = try Mailbox<Message>(capacity: Limit.waiting)
    let worker = try Worker(name: "fetch") { Fetcher.run(reach, messages, deliver) }
    self.messages = messages
    self.worker = worker
  }

  /// Queues a request. False when too many wait.
  public func post(_ request: FetchRequest) -> Bool { messages.post(.post(request)) }

  /// Ends the thread. Requests under way are cut off.
  public consuming func stop() {
    while !messages.post(.stop) {}
    worker.join()
  }

  private static func run(
    _ reach: FetchReach, _ messages: Mailbox<Message>, _ deliver: @Sendable (FetchResult) -> Bool
  ) {
    guard let session = CurlSession(reach) else { return }
    var unsent: [FetchResult] = []
    while true {
      for message in messages.takeAll() {
        switch message {
        case .post(let request): if !session.begin(request) { unsent.append(FetchResult(id: request.id, status: nil)) }
        case .stop: return
        }
      }
      // A second is how long a result can wait for room in a full mailbox.
      session.wait(for: messages.signal.readable, .seconds(unsent.isEmpty ? 60 : 1))
      while let result = session.next() { unsent.append(result) }
      while let first = unsent.first, deliver(first) { unsent.removeFirst() }
    }
  }
}

/// libcurl's state, used by one thread.
@safe private struct CurlSession: ~Copyable {
  private let fetcher: OpaquePointer
  private let reach: FetchReach

  /// Nil when memory ran out.
  init?(_ reach: FetchReach) {
    guard let opened = unsafe mqvi_fetcher_open(Fetcher.Limit.connections) else { return nil }
    unsafe fetcher = opened
    self.reach = reach
  }

  deinit { unsafe mqvi_fetcher_close(fetcher) }

  func begin(_ request: FetchRequest) -> Bool {
    // One line each: a value with a line end would be another header.
    let headers = request.headers.map { "\($0.name): \($0.value.filter { $0 >= " " })\n" }.joined()
    let allow: mqvi_fetch_allow =
      switch reach {
      case .everywhere: { _, _ in 1 }
      case .globalAddresses: { SocketAddress(high: $0, low: $1, port: 0).isGlobal ? 1 : 0 }
      }
    // All texts and the body are copied before the call returns.
    if case .get(let kept) = request.method {
      return unsafe mqvi_fetcher_get(
        fetcher, request.id, request.url, headers, Int(request.timeout.milliseconds), kept, allow) == 0
    }
    return unsafe mqvi_fetcher_post(
      fetcher, request.id, request.url, headers, request.body, request.body.count,
      Int(request.timeout.milliseconds), Fetcher.Limit.responseBytes, allow) == 0
  }

  func wait(for wake: Int32, _ time: Interval) {
    unsafe mqvi_fetcher_wait(fetcher, wake, Int32(clamping: time.milliseconds))
  }

  func next() -> FetchResult? {
    var fetched = unsafe mqvi_fetched()
    guard unsafe mqvi_fetcher_next(fetcher, &fetched) == 1 else { return nil }
    defer { unsafe mqvi_fetched_free(&fetched) }
    // The body has `size` bytes and is ours until it is freed; the type ends with a zero.
    let body = unsafe fetched.body.map { unsafe [UInt8](UnsafeRawBufferPointer(start: $0, count: fetched.size)) }
    let type = unsafe withUnsafeBytes(of: fetched.type) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return unsafe FetchResult(
      id: fetched.id, status: fetched.status == 0 ? nil : fetched.status, type: type, body: body ?? [])
  }
}

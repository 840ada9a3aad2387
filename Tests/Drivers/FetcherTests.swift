// Requests that the server makes, to a server of our own.

import Chronology
import Fetch
import Reactor
import Testing

@Suite struct FetcherTests {
  private func request(_ id: UInt64, _ url: String, timeout: Interval = .seconds(10)) -> FetchRequest {
    FetchRequest(
      id: id, url: url, headers: [("Content-Type", "text/plain")], body: Array("hello".utf8), timeout: timeout)
  }

  private func post(_ request: FetchRequest, to fetcher: borrowing Fetcher) {
    let isTaken = fetcher.post(request)
    #expect(isTaken)
  }

  @Test func `a post arrives and its status comes back`() throws {
    let server = try TestServer()
    let results = try Mailbox<FetchResult>(capacity: 10)
    let fetcher = try Fetcher(.everywhere, results: results)
    post(request(7, "http://127.0.0.1:\(server.port)/echo"), to: fetcher)
    #expect(waitForMessage(results) == FetchResult(id: 7, status: 200))
    post(request(8, "http://127.0.0.1:\(server.port)/nothing"), to: fetcher)
    #expect(waitForMessage(results) == FetchResult(id: 8, status: 404))
    fetcher.stop()
    server.stop()
  }

  @Test func `private addresses are not connected to unless they may be`() throws {
    let server = try TestServer()
    let results = try Mailbox<FetchResult>(capacity: 10)
    let fetcher = try Fetcher(.globalAddresses, results: results)
    for (id, host) in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433"].enumerated() {
      post(request(UInt64(id), "http://\(host):\(server.port)/echo"), to: fetcher)
      #expect(waitForMessage(results) == FetchResult(id: UInt64(id), status: nil))
    }
    fetcher.stop()
    server.stop()
  }

  @Test func `no answer in time is a failure, and other protocols are not spoken`() throws {
    let server = try TestServer()
    let results = try Mailbox<FetchResult>(capacity: 10)
    let fetcher = try Fetcher(.everywhere, results: results)
    post(request(1, "http://127.0.0.1:\(server.port)/later", timeout: .milliseconds(50)), to: fetcher)
    #expect(waitForMessage(results) == FetchResult(id: 1, status: nil))
    post(request(2, "file:///etc/hostname"), to: fetcher)
    #expect(waitForMessage(results) == FetchResult(id: 2, status: nil))
    fetcher.stop()
    server.stop()
  }

  @Test func `a page is got, and its beginning when it is long`() throws {
    let server = try TestServer()
    let results = try Mailbox<FetchResult>(capacity: 10)
    let fetcher = try Fetcher(.everywhere, results: results)
    var get = request(1, "http://127.0.0.1:\(server.port)/hello")
    get.method = .get(keeping: 1_000)
    post(get, to: fetcher)
    let whole = try #require(waitForMessage(results))
    #expect(whole.status == 200)
    #expect(!whole.body.isEmpty)
    get.id = 2
    get.method = .get(keeping: 3)
    post(get, to: fetcher)
    let part = try #require(waitForMessage(results))
    #expect(part == FetchResult(id: 2, status: 200, type: whole.type, body: Array(whole.body.prefix(3))))
    fetcher.stop()
    server.stop()
  }
}

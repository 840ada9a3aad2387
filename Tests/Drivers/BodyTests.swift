// Request bodies: who may send one, how long it may be, and what all of them together may take.

import Chronology
import Reactor
import Testing
import WebEdge

@Suite struct BodyTests {
  private let largest = 26_214_400

  @Test func `a body of exactly its limit arrives, and one byte more is refused in the envelope`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("POST /count HTTP/1.1\r\nHost: test\r\nContent-Length: \(largest)\r\n\r\n")
    client.send([UInt8](repeating: 65, count: largest))
    #expect(client.response().body == "26214400")
    client.send("POST /count HTTP/1.1\r\nHost: test\r\nContent-Length: \(largest + 1)\r\n\r\n")
    let refusal = client.response()
    #expect(refusal.status == 413)
    #expect(refusal.head.contains("content-type: application/json\r\n"))
    #expect(refusal.body.hasPrefix(#"{"success":false,"error":""#))
    #expect(refusal.body.hasSuffix(#"","code":"PAYLOAD_TOO_LARGE"}"#))
    server.stop()
  }

  @Test func `who may not send is refused on the head and not asked for the body`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("POST /members HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: \(largest)\r\n\r\n")
    let response = client.response()
    #expect(response.status == 401)
    #expect(response.body == "who are you?")
    #expect(response.head.contains("connection: close\r\n"))
    server.stop()
  }

  @Test func `a refusal can be read by who sends the whole body first`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("POST /members HTTP/1.1\r\nHost: test\r\nContent-Length: \(largest)\r\n\r\n")
    client.send([UInt8](repeating: 65, count: 4 << 20))
    #expect(client.response().status == 401)
    server.stop()
  }

  @Test func `a chunked body has the same limit as one of known length`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("POST /count HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n1900000\r\n")
    client.send([UInt8](repeating: 65, count: largest))
    client.send("\r\n1\r\nA\r\n0\r\n\r\n")
    #expect(client.response().status == 413)
    server.stop()
  }

  @Test func `bodies beyond what fits into memory are sent away until there is room, short ones are not`() throws {
    let server = try TestServer(bodiesInFlight: 1 << 20)
    let holder = try Client(port: server.port)
    let part = [UInt8](repeating: 65, count: 700_000)
    holder.send("POST /count HTTP/1.1\r\nHost: test\r\nContent-Length: 700001\r\n\r\n")
    holder.send(part)
    let watcher = try Client(port: server.port)
    var held = ""
    let deadline = Clock.now() + patience
    while held != "700000", Clock.now() < deadline {
      watcher.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n")
      held = watcher.response().body
    }
    let second = try Client(port: server.port)
    second.send("POST /count HTTP/1.1\r\nHost: test\r\nContent-Length: 700000\r\n\r\n")
    second.send(part)
    let refusal = second.response()
    #expect(refusal.status == 503)
    #expect(refusal.head.contains("retry-after: 5\r\n"))
    #expect(refusal.body.contains(#""code":"UNAVAILABLE""#))
    let short = try Client(port: server.port)
    short.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody")
    #expect(short.response().body == "body")
    holder.send([65])
    #expect(holder.response().body == "700001")
    let third = try Client(port: server.port)
    third.send("POST /count HTTP/1.1\r\nHost: test\r\nContent-Length: 700000\r\n\r\n")
    third.send(part)
    #expect(third.response().body == "700000")
    server.stop()
  }

  @Test func `a connection that breaks gives back what its body took`() throws {
    let server = try TestServer(bodiesInFlight: 1 << 20)
    for _ in 0..<5 {
      let client = try Client(port: server.port)
      client.send("POST /count HTTP/1.1\r\nHost: test\r\nContent-Length: 700001\r\n\r\n")
      client.send([UInt8](repeating: 65, count: 700_000))
      client.socket.finishWriting()
      #expect(client.readToEnd())
    }
    let last = try Client(port: server.port)
    last.send("POST /count HTTP/1.1\r\nHost: test\r\nContent-Length: 700000\r\n\r\n")
    last.send([UInt8](repeating: 65, count: 700_000))
    #expect(last.response().body == "700000")
    server.stop()
  }
}

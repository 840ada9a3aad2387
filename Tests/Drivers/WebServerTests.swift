// The web edge over real loopback connections: what clients of every kind do to it.

import Chronology
import Foundation
import Reactor
import Testing
import WebEdge
import Wire

@Suite struct WebServerTests {
  @Test func `a request line of 32 kB arrives whole and undecoded`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    let query = "join_request=" + String(repeating: "aB+/%3D=", count: 4096)
    client.send("GET /query?\(query) HTTP/1.1\r\nHost: test\r\n\r\n")
    let response = client.response()
    #expect(response.status == 200)
    #expect(response.body == query)
    server.stop()
  }

  @Test func `a head beyond its limit is refused and the refusal can be read`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("GET /query?" + String(repeating: "a", count: 200_000) + " HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(client.response().status == 431)
    server.stop()
  }

  @Test func `an upgrade is refused with its status and text and no 101`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    let response = client.upgrade("/elsewhere")
    #expect(response.status == 401)
    #expect(response.body == "no permission for you")
    server.stop()
  }

  @Test func `HEAD tells the length and sends no body`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("HEAD /hello HTTP/1.1\r\nHost: test\r\n\r\nGET /hello HTTP/1.1\r\nHost: test\r\n\r\n")
    let head = client.response(hasBody: false)
    #expect(head.status == 200)
    #expect(head.head.contains("content-length: 5\r\n"))
    // If a body had come, the next response would not begin here.
    #expect(client.response().body == "hello")
    server.stop()
  }

  @Test func `leading slashes are one`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("GET ///hello HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(client.response().body == "hello")
    server.stop()
  }

  @Test func `a body that says it is too large is refused before it comes`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10485761\r\n\r\n")
    #expect(client.response().status == 413)
    server.stop()
  }

  @Test func `a chunked body that grows too large is refused`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
    let chunk = Array("100000\r\n".utf8) + [UInt8](repeating: 65, count: 1 << 20) + Array("\r\n".utf8)
    for _ in 0..<11 where !client.send(chunk) { break }
    #expect(client.response().status == 413)
    server.stop()
  }

  @Test func `a client that waits for 100 Continue gets it and its answer`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("PUT /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    #expect(client.response().status == 100)
    client.send("body")
    #expect(client.response().body == "body")
    server.stop()
  }

  @Test func `pipelined requests are answered in order, even when the first takes its time`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("GET /later HTTP/1.1\r\nHost: test\r\n\r\n")
    client.send(String(repeating: "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n", count: 1000))
    // Another connection's answer shows that the server has seen all of this.
    let other = try Client(port: server.port)
    other.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(other.response().body == "hello")
    #expect(server.commands.post("answer"))
    #expect(client.response().body == "at last")
    for _ in 0..<1000 { #expect(client.response().body == "hello") }
    server.stop()
  }

  @Test func `who asks faster than it reads is not answered ahead without end`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    let count = 100
    client.send(String(repeating: "GET /large HTTP/1.1\r\nHost: test\r\n\r\n", count: count))
    let other = try Client(port: server.port)
    other.send("GET /larges HTTP/1.1\r\nHost: test\r\n\r\n")
    // The kernel's buffers hold some; 25 MB they do not.
    #expect(try #require(Int(other.response().body)) < count)
    for _ in 0..<count { #expect(client.response().body.utf8.count == 256 * 1024) }
    server.stop()
  }

  @Test func `who pings and does not read the pongs is cut off`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    _ = client.upgrade("/ws")
    _ = waitForMessage(server.heard)
    let ping = Client.frame(9, [UInt8](repeating: 1, count: 125))
    let pings = [UInt8]((0..<1000).flatMap { _ in ping })
    var poller = try Poller()
    let descriptor = client.socket.descriptor.rawValue
    try poller.add(descriptor, token: 0, writes: true)
    poller.change(descriptor, token: 0, reads: false, writes: true)
    // Until the connection breaks: nothing is read on the way.
    let deadline = Clock.now() + patience
    var written = 0
    loop: while Clock.now() < deadline {
      switch client.socket.write(Array(pings[written...])) {
      case .bytes(let count): written = (written + count) % pings.count
      case .wouldBlock: _ = poller.wait(patience)
      case .end, .failed: break loop
      }
    }
    #expect(waitForMessage(server.heard) == .closed(.slowConsumer))
    server.stop()
  }

  @Test func `a request whose sender has closed its half is still answered`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    client.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n")
    client.socket.finishWriting()
    #expect(client.response().body == "hello")
    #expect(client.readToEnd())
    server.stop()
  }

  @Test func `messages come back as they went, text and binary`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    let response = client.upgrade("/ws")
    #expect(response.status == 101)
    // The example of RFC 6455 §1.3.
    #expect(response.head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
    client.send(Client.frame(1, Array("günaydın".utf8)))
    #expect(client.nextFrame()?.payload == Array("günaydın".utf8))
    let large = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    client.send(Client.frame(2, large))
    let frame = client.nextFrame()
    #expect(frame?.first == 0x82)
    #expect(frame?.payload == large)
    server.stop()
  }

  @Test func `fragments become one message although a ping comes between them`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    _ = client.upgrade("/ws")
    client.send(Client.frame(1, Array("one ".utf8), isFinal: false))
    client.send(Client.frame(9, Array("?".utf8)))
    client.send(Client.frame(0, Array("two ".utf8), isFinal: false))
    client.send(Client.frame(0, Array("three".utf8)))
    let pong = client.nextFrame()
    #expect(pong?.first == 0x8A)
    #expect(pong?.payload == Array("?".utf8))
    #expect(client.nextFrame()?.payload == Array("one two three".utf8))
    server.stop()
  }

  @Test func `a message beyond 2 MiB closes with 1009, also in fragments`() throws {
    let server = try TestServer()
    for isFragmented in [false, true] {
      let client = try Client(port: server.port)
      _ = client.upgrade("/ws")
      if isFragmented {
        let mebibyte = [UInt8](repeating: 0, count: 1 << 20)
        client.send(Client.frame(2, mebibyte, isFinal: false))
        client.send(Client.frame(0, mebibyte, isFinal: false))
        client.send(Client.frame(0, [0], isFinal: true))
      } else {
        client.send(Client.frame(2, [UInt8](repeating: 0, count: (2 << 20) + 1)))
      }
      let frame = client.nextFrame()
      #expect(frame?.first == 0x88)
      #expect(frame?.payload.prefix(2) == [0x03, 0xF1])
    }
    server.stop()
  }

  @Test func `a close is answered with its code, and the program hears of it once`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    _ = client.upgrade("/ws")
    _ = waitForMessage(server.heard)
    client.send(Client.frame(8, [0x03, 0xE8]))
    let frame = client.nextFrame()
    #expect(frame?.first == 0x88)
    #expect(frame?.payload == [0x03, 0xE8])
    #expect(client.readToEnd())
    #expect(waitForMessage(server.heard) == .closed(.closed(.normal)))
    server.stop()
  }

  @Test func `the program's close carries its code and reason`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    _ = client.upgrade("/ws")
    client.send(Client.frame(1, Array("goodbye".utf8)))
    let frame = client.nextFrame()
    #expect(frame?.first == 0x88)
    #expect(frame?.payload == [0x03, 0xE9] + Array("as you like".utf8))
    server.stop()
  }

  @Test func `a reader that does not read is cut off and the others are not held up`() throws {
    let server = try TestServer()
    let slow = try Client(port: server.port)
    _ = slow.upgrade("/ws")
    _ = waitForMessage(server.heard)
    slow.send(Client.frame(1, Array("flood".utf8)))
    #expect(waitForMessage(server.heard) == .closed(.slowConsumer))
    let other = try Client(port: server.port)
    other.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(other.response().body == "hello")
    server.stop()
  }

  @Test func `the program hears when a reader falls behind and when it has caught up`() throws {
    let server = try TestServer()
    let client = try Client(port: server.port)
    _ = client.upgrade("/ws")
    _ = waitForMessage(server.heard)
    var asked = 0
    var heard: [Heard] = []
    // Each message has an answer of half a megabyte; the kernel takes some of them before any has to wait.
    while asked < 100, !heard.contains(.congestion(true)) {
      client.send(Client.frame(1, Array("more".utf8)))
      asked += 1
      heard += waitForMessages(server.heard)
    }
    #expect(heard.contains(.congestion(true)))
    for _ in 0..<asked { #expect(client.nextFrame()?.payload.count == 512 * 1024) }
    while !heard.contains(.congestion(false)) {
      let more = waitForMessages(server.heard)
      guard !more.isEmpty else { break }
      heard += more
    }
    #expect(heard.last == .congestion(false))
    server.stop()
  }

  @Test func `a connection that breaks is told as lost`() throws {
    let server = try TestServer()
    do {
      let client = try Client(port: server.port)
      _ = client.upgrade("/ws")
      _ = waitForMessage(server.heard)
    }
    #expect(waitForMessage(server.heard) == .closed(.lost))
    server.stop()
  }

  @Test func `TLS serves the same over an encrypted connection`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mqvi-tls-\(UUID().uuidString)").path
    try Files.makePrivateDirectory(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let made = try run(
      "/usr/bin/openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
        "-days", "1", "-keyout", folder + "/key.pem", "-out", folder + "/certificate.pem",
      ])
    try #require(made.status == 0)
    let certificate = (chain: folder + "/certificate.pem", key: folder + "/key.pem")
    let server = try TestServer(certificate: certificate, file: folder + "/body")
    let body = String(repeating: "x", count: 200_000) + "y"
    try Files.createPrivate(folder + "/body", Array(body.utf8))
    let options = ["-s", "--cacert", certificate.chain, "--resolve", "localhost:\(server.port):127.0.0.1"]
    let address = "https://localhost:\(server.port)"
    let answer = try run("/usr/bin/curl", options + ["--data-binary", "@\(folder)/body", address + "/echo"])
    #expect(answer.output == body)
    #expect(try run("/usr/bin/curl", options + [address + "/file"]).output == body)
    #expect(try run("/usr/bin/curl", options + ["-r", "199999-", address + "/file"]).output == "xy")
    server.stop()
  }

  private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Foundation.Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}

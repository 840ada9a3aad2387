// Mailboxes, addresses and files.

import Chronology
import Foundation
import Reactor
import Testing
import Wire

@Suite struct ReactorTests {
  @Test func `a full mailbox refuses, and takes again once it was emptied`() throws {
    let mailbox = try Mailbox<Int>(capacity: 2)
    #expect(mailbox.post(1))
    #expect(mailbox.post(2))
    #expect(!mailbox.post(3))
    #expect(mailbox.takeAll() == [1, 2])
    #expect(mailbox.post(4))
    #expect(mailbox.takeAll() == [4])
  }

  @Test func `a mailbox is readable exactly while something waits`() throws {
    let mailbox = try Mailbox<Int>(capacity: 10)
    var poller = try Poller()
    try poller.add(mailbox.signal.readable, token: 5)
    let before = poller.wait(.zero)
    _ = mailbox.post(1)
    _ = mailbox.post(2)
    let during = poller.wait(.zero)
    let token = poller[0].token
    _ = mailbox.takeAll()
    let after = poller.wait(.zero)
    let counts: [Int] = [before, during, after]
    #expect(counts == [0, 1, 0] as [Int])
    #expect(token == 5)
  }

  @Test func `every message of every writer arrives once and in its writer's order`() throws {
    let mailbox = try Mailbox<(writer: Int, number: Int)>(capacity: 100_000)
    let first = try Worker(name: "writer") { for number in 0..<20_000 { _ = mailbox.post((0, number)) } }
    let second = try Worker(name: "writer") { for number in 0..<20_000 { _ = mailbox.post((1, number)) } }
    var poller = try Poller()
    try poller.add(mailbox.signal.readable, token: 0)
    var seen: [[Int]] = [[], []]
    while seen[0].count + seen[1].count < 40_000, poller.wait(patience) > 0 {
      for message in mailbox.takeAll() { seen[message.writer].append(message.number) }
    }
    first.join()
    second.join()
    #expect(seen[0] == Array(0..<20_000))
    #expect(seen[1] == Array(0..<20_000))
  }

  @Test(arguments: [
    ("8.8.8.8", true), ("192.0.2.1", false), ("10.1.2.3", false), ("100.64.0.1", false), ("127.0.0.1", false),
    ("169.254.169.254", false), ("172.31.255.255", false), ("172.32.0.1", true), ("192.168.1.1", false),
    ("198.18.0.1", false), ("224.0.0.1", false), ("255.255.255.255", false), ("0.0.0.0", false), ("1.1.1.1", true),
    ("::1", false), ("::", false), ("fe80::1", false), ("fd00::1", false), ("2001:4860:4860::8888", true),
    ("2001:db8::1", false), ("2002:7f00:1::", false), ("64:ff9b::7f00:1", false), ("::ffff:127.0.0.1", false),
    ("ff02::1", false), ("2001::1", false),
  ])
  func `only addresses of the open internet count as global`(text: String, isGlobal: Bool) throws {
    let address = try #require(SocketAddress(host: text, port: 0))
    #expect(address.isGlobal == isGlobal)
  }

  @Test func `private files are for their owner and are never written over`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mqvi-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Files.makePrivateDirectory(folder + "/a/b")
    #expect(Files.mode(folder + "/a/b") == 0o700)
    try Files.createPrivate(folder + "/a/b/key", [1, 2, 3])
    #expect(Files.mode(folder + "/a/b/key") == 0o600)
    #expect(try Files.read(folder + "/a/b/key", limit: 3) == [1, 2, 3])
    #expect(throws: SystemError.self) { try Files.read(folder + "/a/b/key", limit: 2) }
    #expect(throws: SystemError.self) { try Files.createPrivate(folder + "/a/b/key", [4]) }
    #expect(Files.list(folder + "/a/b") == ["key"])
  }
}

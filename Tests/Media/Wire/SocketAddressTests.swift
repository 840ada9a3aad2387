import Randomness
import TestSupport
import Testing
import Wire

@Suite struct `Socket addresses` {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
    ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
    ("1:0:0:2:0:0:3:4", "1::2:0:0:3:4"),
    ("1:2:3:4:5:6:0:8", "1:2:3:4:5:6:0:8"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("fe80::0204", "fe80::204"),
    ("::1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
  ])
  func `text is written in the canonical form of RFC 5952`(text: String, canonical: String) throws {
    #expect(try #require(SocketAddress(host: text, port: 1)).host == canonical)
  }

  @Test(arguments: [
    "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "+1.2.3.4", ":", ":::", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1.2.3", "1.2.3.4::", "1:2:3:4:5:6:7::8:9", "fe80::1%eth0",
    "[::1]", "localhost", "1:2:3:4:5:6:7:1.2.3.4",
  ])
  func `what is no address is refused`(text: String) {
    #expect(SocketAddress(host: text, port: 1) == nil)
  }

  @Test(arguments: [
    "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "::1:5", "[::1]", "[::1]5", "[1.2.3.4:5", ":5",
  ])
  func `what is no address with a port is refused`(text: String) {
    #expect(SocketAddress(text) == nil)
  }

  @Test func `an address reads what it writes`() {
    forEachSeed { seed, random in
      var high = random.next()
      var low = random.next()
      // Groups of zeros are what compression is about.
      for group in 0..<4 where random.chance(0.4) { high &= ~(0xFFFF << UInt64(16 * group)) }
      for group in 0..<4 where random.chance(0.4) { low &= ~(0xFFFF << UInt64(16 * group)) }
      let six = SocketAddress(high: high, low: low, port: UInt16(truncatingIfNeeded: random.next()))
      let four = SocketAddress(v4: UInt32(truncatingIfNeeded: low), port: six.port)
      #expect(SocketAddress(six.description) == six, "seed \(seed)")
      #expect(SocketAddress(four.description) == four, "seed \(seed)")
    }
  }

  @Test func `both spellings of an IPv4 address are one key`() {
    let mapped = SocketAddress(high: 0, low: 0x0000_FFFF_7F00_0001, port: 5)
    #expect(mapped == SocketAddress(v4: 0x7F00_0001, port: 5))
    #expect(mapped.isIPv4 && mapped.v4 == 0x7F00_0001)
  }

  private func addresses(_ texts: [String]) -> [SocketAddress] { texts.compactMap { SocketAddress(host: $0, port: 1) } }

  @Test func `kinds of addresses are told apart in both families`() {
    #expect(
      addresses(["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"]).map(\.isLoopback) == [true, true, true, true])
    #expect(addresses(["128.0.0.1", "::2", "1::1"]).map(\.isLoopback) == [false, false, false])
    #expect(
      addresses(["169.254.1.1", "fe80::1", "febf::1", "fec0::1"]).map(\.isLinkLocal) == [true, true, true, false])
    #expect(addresses(["0.0.0.0", "::", "::1"]).map(\.isUnspecified) == [true, true, false])
    #expect(
      addresses(["224.0.0.1", "239.1.1.1", "ff02::1", "240.0.0.1"]).map(\.isMulticast) == [true, true, true, false])
    let inside = ["10.1.1.1", "172.16.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "100.127.0.1", "fd00::1"]
    #expect(addresses(inside).map(\.isPrivate) == inside.map { _ in true })
    let outside = ["11.0.0.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2001:db8::1"]
    #expect(addresses(outside).map(\.isPrivate) == outside.map { _ in false })
  }
}

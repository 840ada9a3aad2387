// UDP and TCP as a client uses them: one socket for each peer connection, one connection for its signalling.

import Bytes
import CLinux
import Glibc
import Reactor
import Wire

/// A UDP socket of one peer connection. It does not ask for coalesced arrivals (UDP_GRO), which a client over a network
/// would not get either: the kernel then takes the server's runs apart on the server's time.
final class DatagramEndpoint {
  let descriptor: Int32
  private static let bufferBytes: Int32 = 4 << 20

  init?() {
    // Any address: Janus does not offer the loopback's, but another one of this machine.
    var address = SocketAddress(v4: 0, port: 0).raw
    descriptor = mqvi_open_datagram(AF_INET, &address, Self.bufferBytes)
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  var port: UInt16 {
    var address = mqvi_address()
    return mqvi_local_address(descriptor, &address) == 0 ? SocketAddress(address).port : 0
  }

  func send(_ bytes: RawSpan, to address: SocketAddress) {
    bytes.withUnsafeBytes { memory in
      guard let base = memory.baseAddress else { return }
      // One departure that covers the borrowed bytes.
      var departure = mqvi_departure(
        offset: 0, byte_count: UInt32(memory.count), segment_size: 0, to: address.raw)
      _ = mqvi_send_batch(descriptor, AF_INET, base, &departure, 1)
    }
  }
}

/// Memory that all endpoints receive into, one after the other.
struct ReceiveBuffers: ~Copyable {
  static let count = 64
  static let stride = 2_048
  private var memory = Slab(slotCount: ReceiveBuffers.count, stride: ReceiveBuffers.stride)
  private var arrivals = [mqvi_arrival](repeating: mqvi_arrival(), count: ReceiveBuffers.count)

  /// Takes what has come: how many datagrams.
  mutating func receive(from endpoint: DatagramEndpoint) -> Int {
    let count = mqvi_receive_batch(
      endpoint.descriptor, memory.unsafeBase, UInt32(Self.stride), &arrivals, Int32(Self.count))
    return max(0, Int(count))
  }

  func byteCount(_ index: Int) -> Int { arrivals[index].is_truncated == 0 ? Int(arrivals[index].byte_count) : 0 }

  func source(_ index: Int) -> SocketAddress { SocketAddress(arrivals[index].from) }

  @_lifetime(&self)
  mutating func datagram(_ index: Int) -> MutableRawSpan { memory.mutableBytes(of: index) }
}

// One demo participant's media connection: a client of the server like any other, over a UDP socket of its own.

import Bytes
import Chronology
import Connectivity
import Cryptography
import EventLoops
import MediaCodecs
import MediaContract
import Peer
import Randomness
import Reactor
import Wire

struct StagePeer: ~Copyable {
  private enum Size {
    /// Datagrams are handed to the kernel in pieces of at most this many bytes: a key frame is two of them.
    static let arena = 131_072
  }

  private var peer: MediaPeer
  private var socket: DatagramSocket
  /// Where departures lie until the kernel has taken them.
  private var arena = Slab(slotCount: 1, stride: Size.arena)
  private let voice: Handle<OutgoingStream>?
  private let screen: [Handle<OutgoingStream>]
  private let screenSources: [UInt32]
  private var packetizers: [VP8Packetizer]
  private var voiceClock: UInt32
  private var screenClock: UInt32
  /// The last frame of the voice was not sent: the next one begins a talkspurt (RFC 3551 §4.1).
  private var wasSilent = true
  private(set) var demand = Demand()
  private(set) var hasFailed = false
  /// A subscriber cannot go on without a key frame, or a layer begins.
  private(set) var wantsKeyFrame = false

  /// Binds a socket and begins to connect.
  ///
  /// - Parameter host: where the server's media ports are reached from within this process; what the candidates say is
  ///   meant for others, and may be a public address that is not this machine's own.
  init(
    _ plan: MediaPlan, host: SocketAddress, context: borrowing DTLSContext, random: Random, at moment: Moment
  ) throws(SystemError) {
    var random = random
    let socket = DatagramSocket(try BoundDatagramSocket(host.withPort(0), bufferBytes: Size.arena))
    var peer = MediaPeer(local: plan.credentials, start: moment, random: Random(seed: random.next()))
    var voice: Handle<OutgoingStream>?
    if let parameters = plan.voice { voice = peer.publish(parameters) }
    var screen: [Handle<OutgoingStream>] = []
    for parameters in plan.screen {
      if let handle = peer.publish(parameters) { screen.append(handle) }
    }
    screenSources = plan.screen.map(\.ssrc)
    packetizers = screen.map { _ in
      VP8Packetizer(firstPictureID: UInt16(truncatingIfNeeded: random.next()), hasTemporalLayers: true)
    }
    voiceClock = UInt32(truncatingIfNeeded: random.next())
    screenClock = UInt32(truncatingIfNeeded: random.next())
    var server = plan.server
    var candidates: [Path] = []
    for candidate in server.candidates {
      let path = Path(host.withPort(candidate.address.port))
      if !candidates.contains(path) { candidates.append(path) }
    }
    server.candidates = candidates
    peer.connect(to: server, context: context, at: moment.instant)
    self.peer = peer
    self.socket = socket
    self.voice = voice
    self.screen = screen
  }

  var readable: Int32 { socket.readable }
  var nextDeadline: Instant? { peer.nextDeadline }
  private var isConnected: Bool { peer.state == .connected }

  /// Whether the voice, or anything of the screen, is to be played.
  var playsVoice: Bool { isConnected && demand.voice && voice != nil }
  var playsScreen: Bool { isConnected && demand.layers.contains(true) && !screen.isEmpty }

  mutating func set(_ demand: Demand) {
    for index in demand.layers.indices where demand.layers[index] && !self.demand.layers[index] { wantsKeyFrame = true }
    self.demand = demand
  }

  // MARK: Driving

  mutating func receive(at now: Instant) {
    while true {
      let count = socket.receive()
      for index in 0..<count { Self.receive(index, &socket, &peer, at: now) }
      if count < EventLoops.Limit.receiveBuffers { break }
    }
  }

  private static func receive(
    _ index: Int, _ socket: inout DatagramSocket, _ peer: inout MediaPeer, at now: Instant
  ) {
    let arrival = socket.arrival(index)
    var offset = 0
    while offset < arrival.byteCount {
      let size = min(arrival.segmentSize, arrival.byteCount - offset)
      var datagram = socket.datagram(index, offset, size)
      _ = peer.receive(&datagram, byteCount: size, from: Path(arrival.from), at: now)
      offset += size
    }
  }

  /// Timers, then what happened, then what leaves.
  mutating func settle(at now: Instant) {
    peer.advance(to: now)
    while let event = peer.nextEvent() {
      switch event {
      case .state(.failed): hasFailed = true
      case .keyFrameRequested(let ssrc): if screenSources.contains(ssrc) { wantsKeyFrame = true }
      case .state, .data: break
      }
    }
    Self.send(&peer, &socket, &arena)
  }

  mutating func close(at now: Instant) {
    peer.close(at: now)
    Self.send(&peer, &socket, &arena)
  }

  private static func send(_ peer: inout MediaPeer, _ socket: inout DatagramSocket, _ arena: inout Slab) {
    var end = 0
    peer.drainDepartures { datagram, path in
      if end + datagram.byteCount > Size.arena {
        socket.flush(from: arena)
        end = 0
      }
      guard datagram.byteCount <= Size.arena else { return }
      copy(datagram, into: &arena, at: end)
      socket.enqueue(
        offset: end, byteCount: datagram.byteCount, segmentSize: datagram.byteCount, to: path.address)
      end += datagram.byteCount
    }
    socket.flush(from: arena)
  }

  private static func copy(_ datagram: RawSpan, into arena: inout Slab, at offset: Int) {
    var space = arena.mutableRange(offset, datagram.byteCount)
    space.copy(datagram, to: 0)
  }

  // MARK: Playing

  /// Sends 20 ms of the voice; nil is silence.
  ///
  /// - Parameter tick: counts frames of 20 ms since the start of the stage, also those that nobody heard.
  mutating func play(_ frame: VoiceRecording.Frame?, tick: Int64, at now: Instant) {
    guard let voice, let frame else {
      wasSilent = true
      return
    }
    let timestamp = voiceClock &+ UInt32(truncatingIfNeeded: tick &* Int64(Audio.frameSamples))
    peer.send(
      frame.payload.rawSpan, on: voice, timestamp: timestamp, marker: wasSilent,
      audioLevel: AudioLevel(level: frame.level, isVoice: frame.isVoice), at: now)
    wasSilent = false
  }

  /// Sends one picture in every layer that anybody looks at.
  ///
  /// - Parameters:
  ///   - isKeyFrame: it is where a decoder can begin.
  ///   - tick: counts pictures since the start of the stage.
  mutating func play(_ picture: ScreenRecording.Layers, isKeyFrame: Bool, tick: Int64, at now: Instant) {
    if isKeyFrame { wantsKeyFrame = false }
    let ticks = tick &* Int64(90_000 / ScreenRecording.Layout.framesPerSecond)
    let timestamp = screenClock &+ UInt32(truncatingIfNeeded: ticks)
    for layer in screen.indices where demand.layers[layer] {
      guard let frame = picture[layer] else { continue }
      let payloads = packetizers[layer].packetize(frame)
      for (index, payload) in payloads.enumerated() {
        peer.send(
          payload.rawSpan, on: screen[layer], timestamp: timestamp, marker: index == payloads.count - 1, at: now)
      }
    }
  }
}

// Sends a clip over and over on the streams of one track, in time.

import Bytes
import Chronology
import Peer
import Streams
import Wire

/// Writes the time of sending where the receiver looks for it.
private func stamp(_ payload: inout [UInt8], _ time: Instant) {
  guard payload.count >= MediaLibrary.smallestStamped else { return }
  let offset = payload.count - MediaLibrary.stampBytes
  var span = payload.mutableRawSpan
  span.store64(UInt64(bitPattern: time.nanoseconds), at: offset)
}

final class VoiceSender {
  private let connection: PeerConnection
  private let stream: Handle<OutgoingStream>
  private let interval: Interval
  private var clip: VoiceClip
  private var place: Int
  private var timestamp: UInt32
  private var wasSilent = true
  private(set) var next: Instant

  /// - Parameters:
  ///   - interval: between two packets.
  ///   - phase: where in the clip, and when in the interval, this one begins: people do not speak in step.
  init(
    _ connection: PeerConnection, _ stream: Handle<OutgoingStream>, _ clip: VoiceClip, every interval: Interval,
    phase: Int, at time: Instant
  ) {
    self.interval = interval
    self.connection = connection
    self.stream = stream
    self.clip = clip
    place = phase * 37 % clip.frames.count
    timestamp = UInt32(truncatingIfNeeded: phase &* 48_271)
    next = time + .microseconds(Int64(phase * 997) % max(1, interval.microseconds))
  }

  func send(at time: Instant) {
    // After a pause of the whole program nothing is made up for.
    next = max(next + interval, time - .milliseconds(100))
    timestamp &+= UInt32(truncatingIfNeeded: interval.microseconds * 48 / 1_000)
    place = (place + 1) % clip.frames.count
    guard !clip.frames[place].payload.isEmpty else {
      wasSilent = true
      return
    }
    stamp(&clip.frames[place].payload, time)
    let frame = clip.frames[place]
    connection.peer.send(
      frame.payload.rawSpan, on: stream, timestamp: timestamp, marker: wasSilent, audioLevel: frame.level, at: time)
    wasSilent = false
    connection.flush()
  }
}

final class ScreenSender {
  private let connection: PeerConnection
  private let streams: [Handle<OutgoingStream>]
  private var layers: [ScreenLayer]
  private var places: [Int]
  private var pictures: [UInt16]
  private var timestamp: UInt32 = 0
  private(set) var next: Instant

  init(_ connection: PeerConnection, _ streams: [Handle<OutgoingStream>], _ layers: [ScreenLayer], at time: Instant) {
    self.connection = connection
    self.streams = streams
    self.layers = layers
    places = layers.map { _ in 0 }
    pictures = layers.map { _ in 0 }
    next = time
  }

  /// A viewer needs a key frame: every layer begins its round anew, which starts with one.
  func restart() { for index in places.indices { places[index] = 0 } }

  /// All layers of one picture.
  func send(at time: Instant) {
    next = max(next + .microseconds(33_333), time - .milliseconds(100))
    timestamp &+= 3_000
    for index in streams.indices { send(layer: index, at: time) }
    connection.flush()
  }

  private func send(layer index: Int, at time: Instant) {
    let place = places[index]
    places[index] = (place + 1) % layers[index].frames.count
    pictures[index] = (pictures[index] + 1) & 0x7FFF
    let last = layers[index].frames[place].count - 1
    for packet in 0...max(0, last) {
      stamp(&layers[index].frames[place][packet], time)
      number(&layers[index].frames[place][packet], pictures[index])
      let payload = layers[index].frames[place][packet]
      connection.peer.send(
        payload.rawSpan, on: streams[index], timestamp: timestamp, marker: packet == last, at: time)
    }
  }

  /// The picture id goes on over the rounds: RFC 7741 §4.2, two bytes behind the descriptor's flags.
  private func number(_ payload: inout [UInt8], _ picture: UInt16) {
    guard payload.count > 4 else { return }
    var span = payload.mutableRawSpan
    span.store16(picture | 0x8000, at: 2)
  }
}

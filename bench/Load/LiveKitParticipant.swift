// A participant of our own server, by LiveKit's signalling: protobuf, one connection to publish and one to subscribe.

import Chronology
import Cryptography
import LiveKitProtocol
import MediaContract
import SessionDescriptions

final class LiveKitParticipant: Participant {
  private var published = 0
  private var nextPing: Instant?
  private static let pingInterval = Interval.seconds(5)

  override func receive(context: borrowing DTLSContext, at moment: Moment) -> Bool {
    var isNew = false
    for case .binary(let bytes) in socket.receive() {
      guard let message = (try? SignalResponse(protobuf: bytes))?.message else { continue }
      if handle(message, context: context, at: moment) { isNew = true }
    }
    return isNew
  }

  private func handle(_ message: SignalResponse.Message, context: borrowing DTLSContext, at moment: Moment) -> Bool {
    switch message {
    case .join:
      hasJoined = true
      nextPing = moment.instant + Self.pingInterval
      for track in tracks { send(.addTrack(track.kind == .audio ? voiceRequest(track) : screenRequest(track))) }
      return false
    case .offer(let description): return answer(description, context: context, at: moment)
    case .trackPublished:
      published += 1
      return published == tracks.count && offer(at: moment)
    case .answer(let description):
      guard let sdp = try? SDP(parsing: description.sdp), let server = sdp.server else { return false }
      publisher?.describe(server, context: context, at: moment.instant)
      publisher?.flush()
      return false
    case .leave:
      leaves = moment.instant
      return false
    default: return false
    }
  }

  private func send(_ message: SignalRequest.Message) {
    var request = SignalRequest()
    request.message = message
    socket.send(.binary(request.protobuf))
  }

  /// The server gives up on who is silent for three of its intervals.
  override func advance(at moment: Moment) {
    guard let nextPing, moment.instant >= nextPing else { return }
    self.nextPing = moment.instant + Self.pingInterval
    var ping = Ping()
    ping.timestamp = moment.wall.milliseconds
    send(.pingReq(ping))
  }

  override func leave() {
    var request = LeaveRequest()
    request.reason = .clientInitiated
    send(.leave(request))
  }

  // MARK: Descriptions

  private func answer(_ description: SessionDescription, context: borrowing DTLSContext, at moment: Moment) -> Bool {
    guard let offer = try? SDP(parsing: description.sdp), let server = offer.server else { return false }
    let isNew = subscriber == nil
    guard let subscriber = makeSubscriber(at: moment) else { return false }
    subscriber.expect(offer.incoming)
    var reply = SessionDescription()
    reply.type = "answer"
    reply.id = description.id
    reply.sdp = ClientDescriptions.answer(to: offer, subscriber.end).text
    send(.answer(reply))
    subscriber.describe(server, context: context, at: moment.instant)
    subscriber.flush()
    return isNew
  }

  private func offer(at moment: Moment) -> Bool {
    guard let text = makeOffer(at: moment) else { return false }
    var description = SessionDescription()
    description.type = "offer"
    description.id = 1
    description.sdp = text
    send(.offer(description))
    return true
  }

  private func voiceRequest(_ track: OfferedTrack) -> AddTrackRequest {
    var request = AddTrackRequest()
    request.cid = track.id
    request.type = .audio
    request.source = .microphone
    request.disableRed = true
    return request
  }

  private func screenRequest(_ track: OfferedTrack) -> AddTrackRequest {
    var request = AddTrackRequest()
    request.cid = track.id
    request.type = .video
    request.source = .screenShare
    request.width = UInt32(layers.last?.width ?? 0)
    request.height = UInt32(layers.last?.height ?? 0)
    let qualities: [VideoQuality] = layers.count > 1 ? [.low, .medium, .high] : [.high]
    for (layer, quality) in zip(layers, qualities.suffix(layers.count)) {
      var entry = VideoLayer()
      entry.quality = quality
      entry.width = UInt32(layer.width)
      entry.height = UInt32(layer.height)
      entry.bitrate = UInt32(layer.bitrate)
      request.layers.append(entry)
    }
    return request
  }
}

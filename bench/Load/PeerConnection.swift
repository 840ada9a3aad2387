// One peer connection of a synthetic participant, with its socket.

import Chronology
import Connectivity
import Cryptography
import MediaContract
import Peer
import Randomness
import Reactor
import Wire

final class PeerConnection {
  var peer: MediaPeer
  let endpoint: DatagramEndpoint
  let end: LocalEnd
  var isConnected = false
  /// Its streams are being sent.
  var hasStarted = false
  /// The last number of each incoming stream.
  var newest: [UInt32: Int64] = [:]
  private var connected: ServerParameters?

  init?(_ name: String, certificate: Certificate, seed: UInt64, at moment: Moment) {
    guard let endpoint = DatagramEndpoint() else { return nil }
    self.endpoint = endpoint
    // RFC 8839 §5.4: letters, digits, "+" and "/", at least four.
    let fragment = "load" + name.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    let credentials = ICECredentials(usernameFragment: fragment, password: "0123456789abcdefghijklmn")
    end = LocalEnd(credentials: credentials, fingerprint: certificate.fingerprint, port: endpoint.port)
    peer = MediaPeer(local: credentials, start: moment, random: Random(seed: seed))
  }

  /// Connects, or takes over changed extensions.
  func describe(_ server: ServerParameters, context: borrowing DTLSContext, at time: Instant) {
    if let connected, connected.credentials == server.credentials, connected.extensions == server.extensions { return }
    connected = server
    peer.connect(to: server, context: context, at: time)
  }

  /// Expects the streams that are new in a description.
  func expect(_ streams: [IncomingParameters]) {
    for stream in streams where newest[stream.ssrc] == nil {
      newest[stream.ssrc] = -1
      peer.expect(stream)
    }
  }

  func flush() {
    let endpoint = endpoint
    peer.drainDepartures { bytes, path in endpoint.send(bytes, to: path.address) }
  }

  func advance(to time: Instant) {
    guard let deadline = peer.nextDeadline, deadline <= time else { return }
    peer.advance(to: time)
    flush()
  }

  /// Packets that were given up, all streams together.
  func lost(at time: Instant) -> UInt64 {
    newest.keys.reduce(0) { $0 + (peer.statistics(ofIncoming: $1, at: time)?.lost ?? 0) }
  }
}

// A client as the other end of a node: ICE, DTLS and SRTP of its own, and nothing else.

import Bytes
import Chronology
import Connectivity
import Cryptography
import MediaContract
import Randomness
import Wire

final class SyntheticClient {
  let id: TransportID
  let path: Path
  var secure: SecureTransport
  var sequences: [UInt32: Int64] = [:]
  private static let password = "a-password-of-22-chars"

  init(number: Int) {
    id = TransportID(rawValue: UInt64(number))
    path = Path(SocketAddress(v4: 0x7F00_0001, port: UInt16(20_000 + number)))
    secure = SecureTransport(
      role: .controlling,
      local: ICECredentials(usernameFragment: "client\(number)", password: SyntheticClient.password),
      random: Random(seed: UInt64(number)))
  }

  /// As browsers number them.
  static let extensions: HeaderExtensionIDs = {
    var ids = HeaderExtensionIDs()
    ids.audioLevel = 1
    ids.absoluteSendTime = 2
    ids.transportSequence = 3
    ids.mid = 4
    ids.rid = 10
    ids.repairedRid = 11
    return ids
  }()

  var parameters: TransportParameters {
    TransportParameters(
      id: id, localUsernameFragment: "server\(id.rawValue)", localPassword: SyntheticClient.password)
  }

  func remoteParameters(_ certificate: Certificate) -> RemoteTransportParameters {
    RemoteTransportParameters(
      usernameFragment: "client\(id.rawValue)", password: SyntheticClient.password,
      fingerprint: certificate.fingerprint,
      role: .server, maximumMessageSize: 0, sctpPort: 5_000, extensions: SyntheticClient.extensions)
  }

  func connect(to server: Path, _ certificate: Certificate, context: borrowing DTLSContext, at time: Instant) {
    secure.setRemote(
      ICECredentials(usernameFragment: "server\(id.rawValue)", password: SyntheticClient.password),
      fingerprint: certificate.fingerprint, role: .client, context: context, at: time)
    _ = secure.addCandidate(server, at: time)
  }

  /// Writes a sealed RTP packet at the start of `target`; returns its length.
  func write(
    _ fields: RTPFields, _ extensions: RTPExtensions, payload: RawSpan, into target: inout MutableRawSpan
  ) -> Int {
    guard
      let layout = try? RTPHeaderWriter.write(fields, extensions, ids: SyntheticClient.extensions, into: &target)
    else { return 0 }
    let index = sequences[fields.ssrc, default: Int64(fields.sequenceNumber)]
    sequences[fields.ssrc] = index + 1
    return secure.seal(
      &target, headerByteCount: layout.headerByteCount, payload: payload, ssrc: fields.ssrc, index: UInt64(index))
  }

  /// The number of the next packet of a stream.
  func nextSequence(_ ssrc: UInt32) -> UInt16 { UInt16(truncatingIfNeeded: sequences[ssrc, default: 1_000]) }
}

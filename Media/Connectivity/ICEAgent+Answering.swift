// The controlled side's whole work: answering checks (RFC 8445 §7.3, RFC 8489 §6.3, §9.1.3).

import Bytes
import Chronology
import Cryptography
import Wire

extension ICEAgent {
  mutating func answer(_ message: STUNMessage, _ packet: RawSpan, from path: Path, at time: Instant) {
    guard let fragments = message.usernameFragments(in: packet), let key = key(for: fragments.receiver),
      message.hasValidIntegrity(in: packet, hmac: { key.hmac.code(for: $0) })
    else {
      // Not even an error: who cannot authenticate learns nothing, and nobody is reflected at.
      refusedMessages &+= 1
      return
    }
    guard message.unknownAttributes.isEmpty else {
      var response = STUNBuilder(.error, transactionID: message.transactionID)
      response.errorCode(STUNErrorCode.unknownAttribute, reason: "Unknown Attribute")
      response.unknownAttributes(message.unknownAttributes)
      return depart(response.finish { key.hmac.code(for: $0) }, to: path)
    }
    guard !conflicts(message.role) else {
      var response = STUNBuilder(.error, transactionID: message.transactionID)
      response.errorCode(STUNErrorCode.roleConflict, reason: "Role Conflict")
      return depart(response.finish { key.hmac.code(for: $0) }, to: path)
    }
    if fragments.receiver == local.fragment { previousLocal = nil }
    var response = STUNBuilder(.success, transactionID: message.transactionID)
    response.xorMappedAddress(path.address)
    depart(response.finish { key.hmac.code(for: $0) }, to: path)
    if role == .controlled {
      confirm(path, priority: message.priority ?? 0, isNominated: message.usesCandidate, at: time)
    }
  }

  private func key(for fragment: String) -> ICEKey? {
    if fragment == local.fragment { return local }
    if let previousLocal, fragment == previousLocal.fragment { return previousLocal }
    return nil
  }

  /// A peer that claims our own role. A lite agent never changes its role, and the client of one never has to, so the
  /// tie-breaker is not looked at: the peer is told to switch (RFC 8445 §7.3.1.1).
  private func conflicts(_ claim: ICERoleClaim?) -> Bool {
    switch (role, claim) {
    case (.controlled, .controlled), (.controlling, .controlling): true
    case (.controlled, .controlling), (.controlling, .controlled), (_, nil): false
    }
  }
}

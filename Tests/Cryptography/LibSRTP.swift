// libsrtp behind two functions: an independent implementation that ours is held against.

import CSRTP
import Cryptography

/// One direction of libsrtp, any SSRC, replay window 1024.
final class LibSRTP {
  private var session: srtp_t?
  private static let isInitialized = srtp_init() == srtp_err_status_ok

  init(profile: SRTPProfile, key: SRTPMasterKey, sealing: Bool) {
    precondition(Self.isInitialized)
    var policy = srtp_policy_t()
    switch profile {
    case .aeadAES128GCM:
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
    case .aeadAES256GCM:
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp)
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp)
    case .aes128CMSHA1:
      srtp_crypto_policy_set_rtp_default(&policy.rtp)
      srtp_crypto_policy_set_rtp_default(&policy.rtcp)
    }
    policy.ssrc.type = sealing ? ssrc_any_outbound : ssrc_any_inbound
    policy.window_size = 1_024
    policy.allow_repeat_tx = 1
    var material = key.key + key.salt
    material.withUnsafeMutableBufferPointer { bytes in
      policy.key = bytes.baseAddress
      precondition(srtp_create(&session, &policy) == srtp_err_status_ok)
    }
  }

  deinit { srtp_dealloc(session) }

  func seal(_ packet: [UInt8]) -> [UInt8]? { transform(packet, srtp_protect) }
  func open(_ packet: [UInt8]) -> [UInt8]? { transform(packet, srtp_unprotect) }
  func sealControl(_ packet: [UInt8]) -> [UInt8]? { transform(packet, srtp_protect_rtcp) }
  func openControl(_ packet: [UInt8]) -> [UInt8]? { transform(packet, srtp_unprotect_rtcp) }

  private func transform(
    _ packet: [UInt8],
    _ function: (srtp_t?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>?) -> srtp_err_status_t
  ) -> [UInt8]? {
    var bytes = packet + [UInt8](repeating: 0, count: 160)
    var count = Int32(packet.count)
    let status = bytes.withUnsafeMutableBytes { function(session, $0.baseAddress, &count) }
    return status == srtp_err_status_ok ? Array(bytes.prefix(Int(count))) : nil
  }
}

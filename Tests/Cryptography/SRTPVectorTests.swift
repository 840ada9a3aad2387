// The examples that RFC 3711 and RFC 7714 print.

import Bytes
import Cryptography
import Testing

@Suite struct SRTPVectorTests {
  /// RFC 3711 Appendix B.3: master key and salt; the session keys show in what a packet of zeros encrypts to.
  private static let counterMode = SRTPMasterKey(
    key: hex("E1F97A0D3E018BE0D64FA32C06DE4139"), salt: hex("0EC675AD498AFEEBB6960B3AABE6"))

  @Test func `RFC 3711 B.3: the key derivation gives the printed session keys`() {
    let keys = SRTPSessionKeys(profile: .aes128CMSHA1, master: Self.counterMode)
    #expect(keys.cipherKey == hex("C61E7A93744F39EE10734AFE3FF7A087"))
    #expect(keys.salt == hex("30CBBC08863D8C85D49DB34A9AE1"))
    #expect(keys.authenticationKey == hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"))
  }

  /// RFC 7714 §16: an RTP packet whose session key and salt are given outright.
  private static let packet = hex(
    """
    8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976
    69736120 696e2070 61727465 73207472 6573
    """)

  @Test func `RFC 7714 16.1.1: AEAD_AES_128_GCM seals the printed packet`() {
    let keys = SRTPSessionKeys(
      profile: .aeadAES128GCM, cipherKey: hex("000102030405060708090a0b0c0d0e0f"),
      salt: hex("517569642070726f2071756f"))
    let sealer = ArraySealer(keys)
    #expect(
      sealer.seal(Self.packet, headerByteCount: 12, ssrc: 0x5501_A0B2, index: 0xF17B)
        == hex(
          """
          8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca
          be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce
          """))
  }

  @Test func `RFC 7714 16.2.1: AEAD_AES_256_GCM seals the printed packet`() {
    let keys = SRTPSessionKeys(
      profile: .aeadAES256GCM,
      cipherKey: hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
      salt: hex("517569642070726f2071756f"))
    let sealer = ArraySealer(keys)
    #expect(
      sealer.seal(Self.packet, headerByteCount: 12, ssrc: 0x5501_A0B2, index: 0xF17B)
        == hex(
          """
          8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238
          9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13
          """))
  }
}

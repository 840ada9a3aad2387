// Digests, codes, base 64, randomness and certificates against printed examples.

import Bytes
import Chronology
import Cryptography
import MediaContract
import Randomness
import TestSupport
import Testing

@Suite struct DigestTests {
  @Test func `SHA-256 of the FIPS 180-4 example`() {
    #expect(
      SHA256.digest(of: Array("abc".utf8))
        == hex("ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad"))
    #expect(
      SHA256.digest(of: [UInt8]())
        == hex("e3b0c442 98fc1c14 9afbf4c8 996fb924 27ae41e4 649b934c a495991b 7852b855"))
  }

  @Test func `HMAC-SHA256 of RFC 4231 case 2`() {
    let code = hex("5bdcc146 bf60754e 6a042426 089575c7 5a003f08 9d273983 9dec58b9 64ec3843")
    let message = Array("what do ya want for nothing?".utf8)
    #expect(HMACSHA256.code(for: message, key: Array("Jefe".utf8)) == code)
    #expect(HMACSHA256.isValid(code, for: message, key: Array("Jefe".utf8)))
    #expect(!HMACSHA256.isValid(code, for: message, key: Array("jefe".utf8)))
  }

  @Test func `HMAC-SHA256 with an empty key and message`() {
    #expect(
      HMACSHA256.code(for: [], key: [])
        == hex("b613679a 0814d9ec 772f95d7 78c35fc5 ff1697c4 93715653 c6c71214 4292c5ad"))
  }

  @Test(arguments: [
    ("Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    (
      String(repeating: "k", count: 100), "longer than a block",
      "a07387cdd27caa1db187db3563910ee0de5b5076"
    ),
  ])
  func `HMAC-SHA1 with a short and a long key`(key: String, message: String, code: String) {
    let keyed = HMACSHA1(key: Array(key.utf8))
    #expect(keyed.code(for: Array(message.utf8)) == hex(code))
  }

  @Test func `a code over two parts is the code over the whole`() {
    forEachSeed(100) { seed, random in
      let keyed = HMACSHA1(key: RandomPacket.bytes(Int.random(in: 0...80, using: &random), &random))
      let message = RandomPacket.bytes(Int.random(in: 0...300, using: &random), &random)
      let cut = Int.random(in: 0...message.count, using: &random)
      let (first, second) = (Array(message[..<cut]), Array(message[cut...]))
      let code = keyed.code(for: first.rawSpan, followedBy: second.rawSpan)
      #expect(code == keyed.code(for: message), "seed \(seed)")
    }
  }

  @Test func `constant-time comparison compares`() {
    #expect(ConstantTime.areEqual([], []))
    #expect(ConstantTime.areEqual([1, 2], [1, 2]))
    #expect(!ConstantTime.areEqual([1, 2], [1, 3]))
    #expect(!ConstantTime.areEqual([1, 2], [1, 2, 0]))
  }

  @Test func `secrets are as long as asked, of the alphabet and never the same`() {
    #expect(SecureRandom.bytes(0).isEmpty)
    #expect(SecureRandom.bytes(33).count == 33)
    #expect(SecureRandom.uint64() != SecureRandom.uint64())
    let texts = (0..<200).map { _ in SecureRandom.alphanumeric(12) }
    #expect(Set(texts).count == 200)
    #expect(texts.allSatisfy { $0.utf8.count == 12 && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } })
    // Every character of 62 shows among 2400.
    #expect(Set(texts.joined()).count == 62)
  }
}

@Suite struct Base64Tests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func `RFC 4648 section 10`(plain: String, encoded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(plain.utf8))
  }

  @Test func `what is encoded is decoded, in every form`() {
    forEachSeed(100) { seed, random in
      let bytes = RandomPacket.bytes(Int.random(in: 0...100, using: &random), &random)
      #expect(Base64.decode(Base64.encode(bytes)) == bytes, "seed \(seed)")
      #expect(Base64.decodeURL(Base64.encodeURL(bytes)) == bytes, "seed \(seed)")
      #expect(Base64.decodeLenient(Base64.encode(bytes)) == bytes, "seed \(seed)")
      #expect(Base64.decodeLenient(Base64.encodeURL(bytes)) == bytes, "seed \(seed)")
      let spaced = String(Base64.encode(bytes).map { $0 == "+" ? " " : $0 })
      #expect(Base64.decodeLenient(spaced) == bytes, "seed \(seed)")
    }
  }

  @Test(arguments: ["A", "AA=", "=AAA", "A=AA", "AA==AA==", "AAAAA", "AA===", "A*AA", "AAA\u{e9}"])
  func `texts that no encoder makes are refused`(text: String) {
    #expect(Base64.decode(text) == nil)
    #expect(Base64.decodeLenient(text) == nil)
  }

  @Test func `the strict decoders take their own alphabet only`() {
    #expect(Base64.decode("-_-_") == nil)
    #expect(Base64.decodeURL("+/+/") == nil)
    #expect(Base64.decodeURL("Zg==") == nil)
    #expect(Base64.decode("Zg") == nil)
  }
}

@Suite struct CertificateTests {
  private static let now = WallTime(milliseconds: 1_700_000_000_000)

  @Test func `a certificate survives being written and read`() throws {
    let made = try Certificate.selfSigned(at: Self.now)
    let read = try Certificate(pem: made.pem)
    #expect(read.certificate == made.certificate)
    #expect(read.fingerprint == made.fingerprint)
    #expect(read.pem == made.pem)
  }

  @Test func `every certificate is new`() throws {
    let (first, second) = (try Certificate.selfSigned(at: Self.now), try Certificate.selfSigned(at: Self.now))
    #expect(first.fingerprint != second.fingerprint)
  }

  @Test func `the fingerprint is written as session descriptions want it`() throws {
    let certificate = try Certificate.selfSigned(at: Self.now)
    let parts = certificate.fingerprintText.split(separator: ":")
    #expect(parts.count == 32)
    #expect(parts.allSatisfy { $0.count == 2 && $0 == $0.uppercased() })
    #expect(parts.compactMap { UInt8($0, radix: 16) } == certificate.fingerprint.digest)
    #expect(certificate.fingerprint.algorithm == "sha-256")
    #expect(certificate.fingerprint.digest == SHA256.digest(of: certificate.certificate))
  }

  @Test func `text without a certificate, or with another one's key, is refused`() throws {
    #expect(throws: CertificateError.unreadable) { try Certificate(pem: "nothing") }
    #expect(throws: CertificateError.unreadable) { try Certificate(pem: "") }
    let (first, second) = (try Certificate.selfSigned(at: Self.now), try Certificate.selfSigned(at: Self.now))
    let mark = "-----BEGIN PRIVATE KEY-----"
    let mixed =
      try #require(first.pem.split(separator: mark).first) + mark
      + #require(second.pem.split(separator: mark).last)
    #expect(throws: CertificateError.unreadable) { try Certificate(pem: String(mixed)) }
  }
}

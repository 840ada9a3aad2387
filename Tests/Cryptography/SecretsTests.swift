// Passwords and sealed secrets against printed examples and against whoever changes them.

import Cryptography
import Randomness
import TestSupport
import Testing

@Suite struct PasswordHashTests {
  /// Of the test suite that bcrypt's implementations share; the last one is UTF-8.
  @Test(arguments: [
    ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    (
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
      "$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
    ),
    ("ÿ£345", "$2b$05$/OK.fbVrR/bpIqNJ5ianF.EcDbR3nJ6IunkWoMOE9OFZeF17PkWlO"),
  ])
  func `known hashes belong to their passwords and to no others`(_ password: String, _ hash: String) {
    #expect(PasswordHash.matches(password, hash))
    #expect(!PasswordHash.matches(password.lowercased() + "x", hash))
    #expect(!PasswordHash.matches(String(password.dropLast()), hash))
  }

  @Test func `every hash has a salt of its own`() throws {
    let hashes = (0..<4).compactMap { _ in PasswordHash.hash("same words", cost: 4) }
    #expect(Set(hashes).count == 4)
    #expect(hashes.allSatisfy { $0.hasPrefix("$2b$04$") && PasswordHash.matches("same words", $0) })
  }

  @Test func `72 bytes all count, and one more is refused`() throws {
    let longest = String(repeating: "a", count: 72)
    let hash = try #require(PasswordHash.hash(longest, cost: 4))
    #expect(!PasswordHash.matches(String(repeating: "a", count: 71) + "b", hash))
    #expect(PasswordHash.hash(longest + "a", cost: 4) == nil)
    #expect(!PasswordHash.matches(longest + "a", hash))
    #expect(PasswordHash.hash("a\u{0}b", cost: 4) == nil)
  }

  @Test(arguments: ["", "test$abc", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$1$abc$def"])
  func `what is no hash of ours matches nothing`(_ hash: String) {
    #expect(!PasswordHash.matches("U*U", hash))
    #expect(PasswordHash.cost(of: hash) == nil)
  }

  @Test func `costs out of range are refused`() {
    #expect(PasswordHash.hash("same words", cost: 3) == nil)
    #expect(PasswordHash.hash("same words", cost: 17) == nil)
  }
}

@Suite struct SealedBoxTests {
  @Test func `AES-256-GCM of the specification's test case 14`() {
    // Nonce, ciphertext and tag of McGrew and Viega; a context without bytes is no associated data.
    let box =
      [UInt8](repeating: 0, count: 12) + hex("cea7403d 4d606b6e 074ec5d3 baf39d18 d0d1c8a7 99996bf0 265b98b5 d48ab919")
    let opened = SealedBox(key: [UInt8](repeating: 0, count: 32)).open(box, context: "")
    #expect(opened == [UInt8](repeating: 0, count: 16))
  }

  @Test func `what was sealed opens with its key and context alone`() {
    forEachSeed(50) { seed, random in
      let key = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
      let secret = (0..<Int.random(in: 0...100, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let box = SealedBox(key: key).seal(secret, context: "row \(seed)")
      #expect(box.count == secret.count + 28)
      #expect(SealedBox(key: key).open(box, context: "row \(seed)") == secret)
      #expect(SealedBox(key: key).open(box, context: "row \(seed + 1)") == nil)
      var other = key
      other[Int.random(in: 0..<32, using: &random)] ^= 1
      #expect(SealedBox(key: other).open(box, context: "row \(seed)") == nil)
    }
  }

  @Test func `a box with any bit flipped, or cut short, stays shut`() {
    let cipher = SealedBox(key: [UInt8](repeating: 3, count: 32))
    let box = cipher.seal(Array("secret".utf8), context: "row")
    for bit in 0..<box.count * 8 {
      var changed = box
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(cipher.open(changed, context: "row") == nil)
    }
    for count in 0..<box.count { #expect(cipher.open(Array(box.prefix(count)), context: "row") == nil) }
  }
}

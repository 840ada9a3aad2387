// Randomness that must not be guessed: keys, credentials, identifiers that give access.

import COpenSSL

/// OpenSSL's generator, seeded by the kernel.
public enum SecureRandom {
  /// `count` random bytes.
  public static func bytes(_ count: Int) -> [UInt8] {
    precondition(count >= 0 && count <= Int(Int32.max))
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      // The buffer has room for `count` bytes. A generator that fails leaves nothing that may be used as a secret.
      let filled = unsafe RAND_bytes(buffer.baseAddress, Int32(count))
      precondition(filled == 1, "the system's random generator failed")
      initialized = count
    }
  }

  /// A random number of 64 bits.
  public static func uint64() -> UInt64 {
    var value: UInt64 = 0
    for byte in bytes(8) { value = value << 8 | UInt64(byte) }
    return value
  }

  /// `count` characters of `0…9A…Za…z`, each equally likely: 5.95 bits a character.
  public static func alphanumeric(_ count: Int) -> String {
    let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    var characters: [UInt8] = []
    characters.reserveCapacity(count)
    while characters.count < count {
      // Six bits at a time; the two values outside the alphabet are thrown away rather than folded in.
      for byte in bytes(count - characters.count) where byte & 63 < 62 { characters.append(alphabet[Int(byte & 63)]) }
    }
    return String(decoding: characters, as: UTF8.self)
  }
}

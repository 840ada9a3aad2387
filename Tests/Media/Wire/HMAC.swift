// HMAC-SHA1 (RFC 2104, FIPS 180-4) for the STUN vectors, so that this suite needs no C library.

import Bytes

func hmacSHA1(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
  let key = (key.count > 64 ? sha1(key) : key)
  let block = key + [UInt8](repeating: 0, count: 64 - key.count)
  return sha1(block.map { $0 ^ 0x5C } + sha1(block.map { $0 ^ 0x36 } + message))
}

private func sha1(_ message: [UInt8]) -> [UInt8] {
  var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
  var padded = message + [0x80]
  while padded.count % 64 != 56 { padded.append(0) }
  let bits = UInt64(message.count * 8)
  padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
  for start in stride(from: 0, to: padded.count, by: 64) { compress(padded[start..<start + 64], &state) }
  return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
}

private func compress(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
  func rotate(_ value: UInt32, _ by: UInt32) -> UInt32 { value << by | value >> (32 - by) }
  let bytes = Array(block)
  var words = (0..<16).map { index in (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[4 * index + $1]) } }
  for index in 16..<80 {
    words.append(rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1))
  }
  var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
  for index in 0..<80 {
    let (mix, constant): (UInt32, UInt32) =
      switch index / 20 {
      case 0: (b & c | ~b & d, 0x5A82_7999)
      case 1: (b ^ c ^ d, 0x6ED9_EBA1)
      case 2: (b & c | b & d | c & d, 0x8F1B_BCDC)
      default: (b ^ c ^ d, 0xCA62_C1D6)
      }
    let next = rotate(a, 5) &+ mix &+ e &+ constant &+ words[index]
    (e, d, c, b, a) = (d, c, rotate(b, 30), a, next)
  }
  for (index, value) in [a, b, c, d, e].enumerated() { state[index] &+= value }
}

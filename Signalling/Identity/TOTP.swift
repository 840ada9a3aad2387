// Codes of six digits that change every thirty seconds (RFC 6238 with HMAC-SHA1, as every authenticator app has it).

import Chronology
import Cryptography

/// A shared secret and the codes that follow from it.
struct TOTP: Sendable {
  /// RFC 4226 §4 recommends 160 bits.
  static let secretByteCount = 20
  private static let period: Int64 = 30
  private static let digits = 6

  let secret: [UInt8]

  init(secret: [UInt8]) { self.secret = secret }

  /// Thirty seconds that share a code, counted from 1970.
  static func step(at time: WallTime) -> Int64 { time.seconds / period }

  /// The code of a step (RFC 4226 §5.3).
  func code(step: Int64) -> String {
    let message = (0..<8).map { UInt8(truncatingIfNeeded: step >> Int64(8 * (7 - $0))) }
    let code = HMACSHA1(key: secret).code(for: message)
    let offset = Int(code[19] & 15)
    var number = UInt32(code[offset] & 0x7F)
    for byte in code[offset + 1...offset + 3] { number = number << 8 | UInt32(byte) }
    let text = String(number % 1_000_000)
    return String(repeating: "0", count: Self.digits - text.utf8.count) + text
  }

  /// The step that `code` belongs to: the present one, the last one and the next one are taken, because clocks of
  /// phones differ (RFC 6238 §5.2). All are compared, whichever matches.
  func step(of code: String, at time: WallTime) -> Int64? {
    let now = Self.step(at: time)
    var found: Int64?
    for step in now - 1...now + 1
    where ConstantTime.areEqual(Array(self.code(step: step).utf8), Array(code.utf8)) {
      found = step
    }
    return found
  }

  /// The secret as apps take it: base 32 without padding (RFC 4648 §6).
  var text: String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
    var result: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in secret {
      bits = bits << 8 | UInt32(byte)
      count += 8
      while count >= 5 {
        count -= 5
        result.append(alphabet[Int(bits >> UInt32(count)) & 31])
      }
    }
    if count > 0 { result.append(alphabet[Int(bits << UInt32(5 - count)) & 31]) }
    return String(decoding: result, as: UTF8.self)
  }

  /// What the QR code says (github.com/google/google-authenticator/wiki/Key-Uri-Format).
  func url(issuer: String, account: String) -> String {
    let issuer = Self.escaped(issuer)
    return "otpauth://totp/\(issuer):\(Self.escaped(account))?secret=\(text)&issuer=\(issuer)"
      + "&algorithm=SHA1&digits=6&period=30"
  }

  /// Percent-encodes everything but the unreserved characters of RFC 3986 §2.3.
  private static func escaped(_ text: String) -> String {
    let hexadecimal = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126: result.append(byte)
      default: result += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

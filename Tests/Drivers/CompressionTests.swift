// Compressed bytes from strangers.

import Compression
import Randomness
import TestSupport
import Testing

@Suite struct CompressionTests {
  private static let formats: [CompressionFormat] = [.gzip, .zlib, .rawDeflate]

  @Test func `what was compressed comes back`() throws {
    forEachSeed(100) { seed, random in
      let count = Int.random(in: 0...50_000, using: &random)
      let spread = UInt8.random(in: 0...255, using: &random)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...spread, using: &random) }
      for format in Self.formats {
        let compressed = Compression.deflate(bytes, format)
        let inflated = try? Compression.inflate(compressed, format, limit: count)
        #expect(inflated == bytes, "seed \(seed)")
      }
    }
  }

  @Test func `a few bytes cannot become more than the limit`() {
    let bomb = Compression.deflate([UInt8](repeating: 0, count: 50 << 20), .gzip, level: 9)
    #expect(bomb.count < 60_000)
    #expect(throws: CompressionError.tooLarge(limit: 1 << 20)) {
      try Compression.inflate(bomb, .gzip, limit: 1 << 20)
    }
  }

  @Test func `bytes that end early or are damaged are refused`() {
    let compressed = Compression.deflate(Array("the same again, the same again".utf8), .gzip)
    for count in 0..<(compressed.count - 8) {
      #expect(throws: CompressionError.truncated) {
        try Compression.inflate(Array(compressed.prefix(count)), .gzip, limit: 1000)
      }
    }
    #expect(throws: CompressionError.malformed) { try Compression.inflate([1, 2, 3, 4], .gzip, limit: 1000) }
    forEachSeed(200) { _, random in
      var damaged = compressed
      damaged[Int.random(in: 0..<damaged.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
      _ = try? Compression.inflate(damaged, .gzip, limit: 1000)
    }
  }
}

// gzip, zlib and raw deflate by zlib, with a bound on what a few bytes may become.

import CZlib

public enum CompressionFormat: Sendable {
  /// RFC 1952.
  case gzip
  /// RFC 1950.
  case zlib
  /// RFC 1951 without a wrapper.
  case rawDeflate

  /// zlib's way of naming the format: a window of 2^15 bytes, negative for raw, 16 more for gzip.
  fileprivate var windowBits: Int32 {
    switch self {
    case .gzip: 15 + 16
    case .zlib: 15
    case .rawDeflate: -15
    }
  }
}

public enum CompressionError: Error, Equatable, Sendable {
  /// Not what the format says, or damaged.
  case malformed
  /// It ends before its end.
  case truncated
  /// More than `limit` bytes come out.
  case tooLarge(limit: Int)
}

public enum Compression {
  /// Bytes that are made at a time: memory follows what really comes out, not what the input claims.
  private static let step = 16 * 1024

  /// Undoes the compression of `bytes`. What follows the compressed data is ignored.
  public static func inflate(
    _ bytes: [UInt8], _ format: CompressionFormat, limit: Int
  ) throws(CompressionError) -> [UInt8] {
    var stream = unsafe z_stream()
    // The structure is local and zlib keeps a pointer to it only between this call and inflateEnd below.
    let begun = unsafe inflateInit2_(
      &stream, format.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(begun == Z_OK, "zlib cannot start")
    defer { unsafe inflateEnd(&stream) }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: step)
    var offset = 0
    while true {
      let (code, consumed, produced) = unsafe advance(&stream, bytes, offset, &buffer, CZlib.inflate, Z_NO_FLUSH)
      offset += consumed
      guard output.count + produced <= limit else { throw .tooLarge(limit: limit) }
      output += buffer[..<produced]
      switch code {
      case Z_STREAM_END: return output
      case Z_OK, Z_BUF_ERROR: if produced == 0, offset == bytes.count { throw .truncated }
      default: throw .malformed
      }
    }
  }

  /// Compresses `bytes`. `level` is 1 (fast) to 9 (small).
  public static func deflate(_ bytes: [UInt8], _ format: CompressionFormat, level: Int32 = 6) -> [UInt8] {
    var stream = unsafe z_stream()
    let begun = unsafe deflateInit2_(
      &stream, level, Z_DEFLATED, format.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(begun == Z_OK, "zlib cannot start")
    defer { unsafe deflateEnd(&stream) }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: step)
    var offset = 0
    while true {
      let (code, consumed, produced) = unsafe advance(&stream, bytes, offset, &buffer, CZlib.deflate, Z_FINISH)
      offset += consumed
      output += buffer[..<produced]
      if code == Z_STREAM_END { return output }
    }
  }

  /// One call into zlib with the rest of `input` and all of `output`.
  @unsafe private static func advance(
    _ stream: inout z_stream, _ input: [UInt8], _ offset: Int, _ output: inout [UInt8],
    _ work: (UnsafeMutablePointer<z_stream>?, Int32) -> Int32, _ flush: Int32
  ) -> (code: Int32, consumed: Int, produced: Int) {
    unsafe input.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        // zlib reads and writes inside these two ranges, whose lengths it is given, and only during the call.
        let rest = source.count - offset
        unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress.map { unsafe $0 + offset })
        unsafe stream.avail_in = UInt32(min(rest, Int(UInt32.max)))
        unsafe stream.next_out = target.baseAddress
        unsafe stream.avail_out = UInt32(target.count)
        let given = unsafe Int(stream.avail_in)
        let code = unsafe work(&stream, flush)
        return unsafe (code, given - Int(stream.avail_in), target.count - Int(stream.avail_out))
      }
    }
  }
}

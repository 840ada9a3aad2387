// Owners of libopus encoders and decoders (RFC 6716): 48 kHz, frames of 20 ms.

import COpus
import Glibc

/// Why a codec refused.
public enum CodecError: Error, Hashable, Sendable {
  /// The library could not be set up with these parameters.
  case configuration
  /// It could not encode: a wrong number of samples, or a picture of another size.
  case encoding
  /// The bytes are damaged, or need frames that never came.
  case damaged
}

/// What audio in this module looks like.
public enum Audio {
  /// Samples a second and channel.
  public static let sampleRate = 48_000
  /// Samples of one channel in a frame of 20 ms.
  public static let frameSamples = 960

  /// Loudness for the audio level header extension: −dBov, 0 (loudest) to 127 (silence), RFC 6465 appendix A.
  public static func level(of samples: [Int16]) -> UInt8 {
    guard !samples.isEmpty else { return 127 }
    var squares = 0.0
    for sample in samples { squares += Double(sample) * Double(sample) }
    let mean = squares / Double(samples.count) / (32_767 * 32_767)
    guard mean > 0 else { return 127 }
    return UInt8(min(127, max(0, (-10 * log10(mean)).rounded())))
  }
}

/// Encodes speech.
@safe public struct OpusEncoder: ~Copyable {
  /// Owned; freed in deinit.
  private let encoder: OpaquePointer
  public let channels: Int
  private enum Limit {
    /// Largest Opus frame, RFC 6716 §3.4 R2.
    static let packetBytes = 1275
  }

  /// - Parameters:
  ///   - channels: 1 or 2.
  ///   - bitrate: bits a second, 6,000…510,000.
  ///   - usesDTX: silence is hardly sent: most frames of a pause are at most two bytes and need not be transmitted.
  ///   - expectedLoss: percent of packets that FEC is to repair, 0 = no FEC.
  public init(
    channels: Int = 1, bitrate: Int = 32_000, usesDTX: Bool = false, expectedLoss: Int = 0
  ) throws(CodecError) {
    var status: Int32 = 0
    let encoder = unsafe opus_encoder_create(
      Int32(Audio.sampleRate), Int32(channels), OPUS_APPLICATION_VOIP, &status)
    guard let encoder = unsafe encoder, status == OPUS_OK else { throw .configuration }
    guard unsafe mqvi_opus_configure(encoder, Int32(bitrate), usesDTX ? 1 : 0, Int32(expectedLoss)) == 0 else {
      unsafe opus_encoder_destroy(encoder)
      throw .configuration
    }
    unsafe self.encoder = encoder
    self.channels = channels
  }

  deinit { unsafe opus_encoder_destroy(encoder) }

  /// Encodes 20 ms: `Audio.frameSamples` samples of each channel, interleaved. A frame of at most two bytes is silence
  /// that need not be sent.
  public mutating func encode(_ samples: [Int16]) throws(CodecError) -> [UInt8] {
    guard samples.count == Audio.frameSamples * channels else { throw .encoding }
    var count: Int32 = 0
    let encoder = unsafe encoder
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Limit.packetBytes) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      // The library reads as many samples as were counted above, and writes no more than the buffer holds.
      count = unsafe opus_encode(
        encoder, samples, Int32(Audio.frameSamples), base, Int32(Limit.packetBytes))
      initialized = max(0, Int(count))
    }
    guard count > 0 else { throw .encoding }
    return bytes
  }

  /// Changes the bit rate, bits a second.
  public mutating func setBitrate(_ bitrate: Int) throws(CodecError) {
    guard unsafe mqvi_opus_set_bitrate(encoder, Int32(bitrate)) == 0 else { throw .configuration }
  }
}

/// Decodes what any Opus encoder made.
@safe public struct OpusDecoder: ~Copyable {
  /// Owned; freed in deinit.
  private let decoder: OpaquePointer
  public let channels: Int
  private enum Limit {
    /// Samples of one channel in the longest packet, 120 ms (RFC 6716 §3.2.5).
    static let packetSamples = 5760
  }

  public init(channels: Int = 1) throws(CodecError) {
    var status: Int32 = 0
    let decoder = unsafe opus_decoder_create(Int32(Audio.sampleRate), Int32(channels), &status)
    guard let decoder = unsafe decoder, status == OPUS_OK else { throw .configuration }
    unsafe self.decoder = decoder
    self.channels = channels
  }

  deinit { unsafe opus_decoder_destroy(decoder) }

  /// The samples of one packet, interleaved. An empty packet stands for one that was lost: 20 ms are made up.
  public mutating func decode(_ packet: [UInt8]) throws(CodecError) -> [Int16] {
    let capacity = packet.isEmpty ? Audio.frameSamples : Limit.packetSamples
    var count: Int32 = 0
    let (decoder, channels) = unsafe (decoder, channels)
    let samples = unsafe [Int16](unsafeUninitializedCapacity: capacity * channels) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      if packet.isEmpty {
        count = unsafe opus_decode(decoder, nil, 0, base, Int32(capacity), 0)
      } else {
        count = unsafe opus_decode(decoder, packet, Int32(packet.count), base, Int32(capacity), 0)
      }
      initialized = max(0, Int(count)) * channels
    }
    guard count > 0 else { throw .damaged }
    return samples
  }
}

// Works out what a packet is, once, when it comes in: codec facts from the payload's clear bytes, or from the dependency
// descriptor where there is one, and the header extensions that travel on.

import Bytes
import MediaContract
import Streams
import Wire

public enum PacketReader {
  /// Describes a decrypted packet.
  ///
  /// Only bytes that stay clear under end-to-end encryption are read: payload descriptors, the first bytes of VP8 frames,
  /// headers of NAL units, header extensions.
  ///
  /// - Parameters:
  ///   - ids: by which the publisher marks its header extensions.
  ///   - structure: the encoding's dependency structure; changed by packets that bring a new one.
  /// - Returns: nil when the payload is not what its payload type says.
  public static func describe(
    _ packet: RawSpan, _ header: RTPHeader, _ extensions: RTPExtensions, ids: HeaderExtensionIDs, codec: Codec,
    encoding: UInt8, isLate: Bool, structure: inout DependencyState
  ) -> PacketInfo? {
    var info = PacketInfo(codec: codec, encoding: encoding)
    info.extensions = forwarded(extensions, packet, header, ids)
    if isLate { info.flags.insert(.late) }
    // Probes carry nothing but padding.
    guard header.payloadByteCount > 0 else { return info }
    do throws(WireError) {
      switch codec {
      case .opus, .red, .pcmu, .pcma, .g722: info.flags.formUnion([.startsFrame, .endsFrame])
      case .vp8: read(try VP8Descriptor(parsing: packet, header.payload), header, &info)
      case .vp9: read(try VP9Descriptor(parsing: packet, header.payload), header, &info)
      case .h264, .h265, .av1:
        if extensions.dependencyDescriptor.isEmpty {
          try readPayload(packet, header, &info)
        } else {
          try structure.read(packet, header, extensions.dependencyDescriptor, &info)
        }
      }
      return info
    } catch {
      return nil
    }
  }

  private static func read(_ descriptor: VP8Descriptor, _ header: RTPHeader, _ info: inout PacketInfo) {
    if descriptor.startsFrame { info.flags.insert(.startsFrame) }
    if descriptor.isKeyFrame { info.flags.insert(.keyFrame) }
    if descriptor.isLayerSync { info.flags.insert(.switchingPoint) }
    if header.marker { info.flags.insert(.endsFrame) }
    if let layer = descriptor.temporalLayer {
      info.temporal = layer
      info.flags.insert(.layered)
    }
    if let id = descriptor.pictureID {
      info.picture.pictureID = id
      info.picture.pictureIDIsLong = descriptor.isPictureIDLong
      info.picture.pictureIDOffset = place(descriptor.pictureIDOffset, header)
    }
    if let index = descriptor.temporalLevelZeroIndex {
      info.picture.layerZeroIndex = index
      info.picture.layerZeroOffset = place(descriptor.temporalLevelZeroOffset, header)
    }
    if let index = descriptor.keyIndex {
      info.picture.keyIndex = index
      info.picture.keyIndexOffset = place(descriptor.temporalLayerOffset, header)
    }
  }

  private static func read(_ descriptor: VP9Descriptor, _ header: RTPHeader, _ info: inout PacketInfo) {
    if descriptor.startsFrame { info.flags.insert(.startsFrame) }
    if descriptor.endsFrame { info.flags.insert(.endsFrame) }
    if descriptor.isKeyFrame { info.flags.insert(.keyFrame) }
    if descriptor.isSwitchingUpPoint { info.flags.insert(.switchingPoint) }
    if descriptor.isInterPicturePredicted { info.flags.insert(.interPicture) }
    if let layer = descriptor.temporalLayer {
      info.temporal = min(layer, 3)
      info.flags.insert(.layered)
    }
    info.spatial = min(descriptor.spatialLayer ?? 0, 3)
    if let id = descriptor.pictureID {
      info.picture.pictureID = id
      info.picture.pictureIDIsLong = descriptor.isPictureIDLong
      info.picture.pictureIDOffset = place(descriptor.pictureIDOffset, header)
    }
    if let index = descriptor.temporalLevelZeroIndex {
      info.picture.layerZeroIndex = index
      info.picture.layerZeroOffset = place(descriptor.temporalLevelZeroOffset, header)
    }
  }

  /// H.264, H.265 and AV1 without a dependency descriptor: one layer, key frames by their parameter sets.
  private static func readPayload(
    _ packet: RawSpan, _ header: RTPHeader, _ info: inout PacketInfo
  ) throws(WireError) {
    if header.marker { info.flags.insert(.endsFrame) }
    var startsKeyFrame = false
    switch info.codec {
    case .h264: startsKeyFrame = try H264Payload(parsing: packet, header.payload).startsKeyFrame
    case .h265:
      let payload = try H265Payload(parsing: packet, header.payload)
      startsKeyFrame = payload.startsKeyFrame
      info.temporal = min(payload.temporalLayer, 3)
    default: startsKeyFrame = try AV1Payload(parsing: packet, header.payload).startsKeyFrame
    }
    if startsKeyFrame { info.flags.formUnion([.keyFrame, .startsFrame]) }
  }

  /// An offset in the payload, from one in the packet. Descriptors are short: it fits a byte.
  private static func place(_ offset: Int, _ header: RTPHeader) -> UInt8 {
    UInt8(truncatingIfNeeded: offset &- header.headerByteCount)
  }

  private static func forwarded(
    _ extensions: RTPExtensions, _ packet: RawSpan, _ header: RTPHeader, _ ids: HeaderExtensionIDs
  ) -> ForwardedExtensions {
    var result = ForwardedExtensions()
    if let level = extensions.audioLevel { result.audioLevel = UInt16(level.level) | (level.isVoice ? 0x80 : 0) }
    if let orientation = extensions.videoOrientation { result.videoOrientation = UInt16(orientation) }
    if let delay = extensions.playoutDelay {
      result.playoutDelay = UInt32(delay.minimum) << 12 | UInt32(delay.maximum)
    }
    if extensions.absoluteCaptureTime != nil {
      var reader = HeaderExtensionReader(header)
      while let element = reader.next(in: packet) {
        guard element.id == ids.absoluteCaptureTime else { continue }
        result.captureTimeOffset = UInt16(truncatingIfNeeded: element.data.offset)
        result.captureTimeByteCount = UInt8(truncatingIfNeeded: element.data.count)
      }
    }
    return result
  }
}

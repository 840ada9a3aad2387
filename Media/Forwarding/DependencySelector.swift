// Chooses a decode target of a stream that carries the dependency descriptor (AV1 RTP payload, appendix A): works on
// encrypted payloads too, for the descriptor is a header extension.

import MediaContract
import Streams

/// The layers of each decode target, from the template structure that came with the last key frame.
public struct DecodeTargets: BitwiseCopyable, Sendable, Hashable {
  /// The specification's bound: dt_cnt_minus_one has five bits (A.8.2).
  public static let limit = 32
  /// Chains beyond these are not followed: the targets that they protect can be taken up at key frames only.
  static let chains = 4

  /// One byte for each target: two bits of spatial layer, two of temporal layer, four of the chain that protects it.
  private var entries = InlineArray<32, UInt8>(repeating: 0)
  public private(set) var count: UInt8 = 0
  /// Bit d: the publisher still sends what decode target d needs.
  public var active = UInt32.max

  public init() {}

  /// Adds a target. Ignored beyond the limit; layers above 3 count as 3.
  ///
  /// - Parameter chain: that protects the target; nil in a stream without chains.
  public mutating func append(spatial: UInt8, temporal: UInt8, chain: Int?) {
    guard count < Self.limit else { return }
    let protection = UInt8(min(chain ?? 15, 14 + (chain == nil ? 1 : 0)))
    entries[Int(count)] = min(spatial, 3) << 6 | min(temporal, 3) << 4 | protection
    count += 1
  }

  public subscript(target: UInt8) -> (spatial: UInt8, temporal: UInt8) {
    let entry = entries[Int(target & 31)]
    return (entry >> 6, entry >> 4 & 3)
  }

  /// The chain that protects a target; nil in a stream without chains.
  func chain(of target: UInt8) -> Int? {
    let chain = entries[Int(target & 31)] & 15
    return chain == 15 ? nil : Int(chain)
  }

  /// The richest active target within both bounds, spatial layers first; nil when even the lowest lies above them.
  public func best(spatial: UInt8, temporal: UInt8) -> UInt8? {
    var best: UInt8?
    var rank = -1
    for target in 0..<count where active & (1 << UInt32(target)) != 0 {
      let layers = self[target]
      guard layers.spatial <= spatial, layers.temporal <= temporal else { continue }
      let own = Int(layers.spatial) * 4 + Int(layers.temporal)
      if own > rank {
        rank = own
        best = target
      }
    }
    return best
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.count == b.count && a.active == b.active && (0..<32).allSatisfy { a.entries[$0] == b.entries[$0] }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for index in 0..<Int(count) { hasher.combine(entries[index]) }
  }
}

/// Forwards the frames of one decode target and changes to another where the descriptor says that this is safe.
public struct DependencySelector: Sendable {
  public private(set) var target: UInt8?
  public private(set) var wantedSpatial: Int8 = -1
  public private(set) var wantedTemporal: UInt8 = 0
  private var targets = DecodeTargets()
  /// Bit n: the frame n before the newest one was forwarded.
  private var forwarded: UInt64 = 0
  private var newestFrame: UInt16 = 0
  private var firstSequence: Int64 = 0

  public init() {}

  public mutating func aim(spatial: Int8, temporal: UInt8) {
    wantedSpatial = spatial
    wantedTemporal = temporal
    if spatial < 0 { target = nil }
  }

  /// What flowed has ended; the next key frame is a new beginning.
  public mutating func restart() { target = nil }

  /// Layers of what flows.
  public var layers: (spatial: UInt8, temporal: UInt8)? { target.map { targets[$0] } }

  private var wantedTarget: UInt8? {
    wantedSpatial < 0 ? nil : targets.best(spatial: UInt8(wantedSpatial), temporal: wantedTemporal)
  }

  /// Nothing flows although something is wanted, or a higher spatial layer is wanted.
  public var needsKeyFrame: Bool {
    guard wantedSpatial >= 0 else { return false }
    guard let target, let wanted = wantedTarget else { return true }
    return targets[wanted].spatial > targets[target].spatial
  }

  /// The last packet of the highest spatial layer that flows ends the picture for this subscriber.
  public func endsPicture(_ packet: MediaPacket) -> Bool {
    guard !packet.marker, let target else { return packet.marker }
    return packet.info.flags.contains(.endsFrame) && packet.info.spatial == targets[target].spatial
  }

  /// Decides about `packet`; `current` is the structure that its frame belongs to. Late packets change nothing.
  public mutating func select(_ packet: MediaPacket, _ current: DecodeTargets) -> Verdict {
    let frame = packet.info.dependencies
    guard let target else { return begin(packet, current) }
    if packet.isLate {
      guard packet.extendedSequence > firstSequence else { return .ignore }
      return frame.present & bit(target) != 0 ? .forward : .skip
    }
    targets.active = current.active
    if packet.startsKeyFrame {
      targets = current
      guard let wanted = wantedTarget else { return .skip }
      self.target = wanted
      startHistory(frame)
      return .forward
    }
    if packet.info.flags.contains(.startsFrame) { startFrame(frame, target) }
    return frame.present & bit(self.target ?? target) != 0 ? .forward : .skip
  }

  private mutating func begin(_ packet: MediaPacket, _ current: DecodeTargets) -> Verdict {
    guard wantedSpatial >= 0, packet.startsKeyFrame, packet.info.spatial == 0 else { return .ignore }
    targets = current
    guard let wanted = wantedTarget else { return .ignore }
    target = wanted
    firstSequence = packet.extendedSequence
    startHistory(packet.info.dependencies)
    return .begin
  }

  private mutating func startHistory(_ frame: FrameDependencies) {
    newestFrame = frame.frameNumber
    forwarded = 1
  }

  /// Takes the wanted target up if this frame allows it, and notes whether the frame goes through.
  private mutating func startFrame(_ frame: FrameDependencies, _ target: UInt8) {
    let distance = frame.frameNumber &- newestFrame
    guard distance != 0, distance < 0x8000 else { return }
    forwarded = distance < 64 ? forwarded << UInt64(distance) : 0
    newestFrame = frame.frameNumber
    if let wanted = wantedTarget, wanted != target, frame.switches & bit(wanted) != 0,
      isDecodable(frame, for: wanted)
    {
      self.target = wanted
    }
    if frame.present & bit(self.target ?? target) != 0 { forwarded |= 1 }
  }

  /// The chain of the wanted target was forwarded up to the newest frame: nothing that it needs is missing (A.8.1).
  private func isDecodable(_ frame: FrameDependencies, for wanted: UInt8) -> Bool {
    guard let chain = targets.chain(of: wanted) else { return true }
    guard chain < DecodeTargets.chains else { return false }
    let distance = frame.chains >> UInt32(8 * chain) & 0xFF
    return distance == 0 || (distance < 64 && forwarded & (1 << UInt64(distance)) != 0)
  }

  private func bit(_ target: UInt8) -> UInt32 { 1 << UInt32(target & 31) }
}

// What a participant's data needs: reliable packets in order and once, and data tracks by their handles.

import Chronology
import LiveKitProtocol

/// Data of one participant.
struct DataState {
  // MARK: Packets

  /// The last reliable packet that it sent (§4.4): what it repeats after a resume is dropped.
  var lastSequence: UInt32 = 0
  var isReliableOpen = false
  /// Where in the room's order its reception begins.
  var nextReliable: UInt64 = 1
  /// API packets that wait for its channel.
  private(set) var held: [[UInt8]] = []
  private var heldBytes = 0

  /// Keeps a packet until the channel opens; drops it beyond the limit.
  mutating func hold(_ packet: [UInt8]) {
    guard heldBytes + packet.count <= RoomLimit.reliableCache else { return }
    held.append(packet)
    heldBytes += packet.count
  }

  mutating func releaseHeld() -> [[UInt8]] {
    defer {
      held = []
      heldBytes = 0
    }
    return held
  }

  // MARK: Data tracks

  /// What it publishes, oldest first.
  var published: [DataTrack] = []
  /// Data tracks that it asked for, also before they exist.
  var wishes: Set<String> = []
  /// Its own handles for what it gets: sid by handle, and the other way round.
  private(set) var handles: [UInt16: String] = [:]
  private(set) var handleBySid: [String: UInt16] = [:]
  private var lastHandle: UInt16 = 0
  /// Whether its client holds a map that has to be kept true.
  var hasToldHandles = false

  /// A handle that is not in use; 0 is none.
  mutating func addHandle(for sid: String) -> UInt16? {
    guard handles.count < RoomLimit.dataTrackSubscriptions else { return nil }
    repeat { lastHandle = lastHandle == .max ? 1 : lastHandle + 1 } while handles[lastHandle] != nil
    handles[lastHandle] = sid
    handleBySid[sid] = lastHandle
    return lastHandle
  }

  mutating func removeHandle(for sid: String) {
    guard let handle = handleBySid.removeValue(forKey: sid) else { return }
    handles[handle] = nil
  }
}

/// A data track: frames without a codec, forwarded packet by packet (§4.10).
final class DataTrack {
  let sid: String
  let publisher: Participant
  let info: DataTrackInfo
  /// Handles of those who get it, by participant key.
  var subscribers: [UInt64: UInt16] = [:]

  init(publisher: Participant, info: DataTrackInfo) {
    sid = info.sid
    self.publisher = publisher
    self.info = info
  }

  /// The publisher's handle in its packets.
  var handle: UInt16 { UInt16(truncatingIfNeeded: info.pubHandle) }
}

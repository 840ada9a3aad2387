// What the receiver of a stream can show, and what it must never see: numbers that contradict each other.

import Chronology
import Wire

struct Decoder {
  private struct Piece: CustomStringConvertible {
    var mark: MediaMark
    var timestamp: UInt32
    var pictureID: UInt16?

    var description: String {
      """
      [layer \(mark.layer) frame \(mark.frame)\(mark.isKey ? " key" : "") piece \(mark.packet)/\(mark.packets) \
      picture \(pictureID ?? 0) time \(timestamp)]
      """
    }
  }

  /// Packets that are remembered, by their numbers.
  private static let kept: Int64 = 400

  private var pieces: [Int64: Piece] = [:]
  private var newest: Int64 = .min
  private(set) var decoded: (layer: UInt8, frame: UInt32)?
  /// Virtual milliseconds at which the newest shown frame, or heard packet, was made.
  private(set) var newestMadeAt: UInt32?
  private(set) var lastProgress: Instant?
  private(set) var framesShown = 0
  private(set) var packets = 0

  /// Takes an audio packet. What is wrong with it, if anything.
  mutating func hear(_ mark: MediaMark, sequence: Int64, timestamp: UInt32, at time: Instant) -> String? {
    defer { keep(Piece(mark: mark, timestamp: timestamp), sequence) }
    if let newestMadeAt, mark.madeAt < newestMadeAt { return compare(mark, sequence, timestamp) }
    newestMadeAt = mark.madeAt
    lastProgress = time
    return compare(mark, sequence, timestamp)
  }

  /// Takes a video packet. What is wrong with it, if anything.
  mutating func see(
    _ mark: MediaMark, sequence: Int64, timestamp: UInt32, pictureID: UInt16?, at time: Instant
  ) -> String? {
    let piece = Piece(mark: mark, timestamp: timestamp, pictureID: pictureID)
    for (first, second, position) in [
      (pieces[sequence - 1], piece, sequence), (piece, pieces[sequence + 1], sequence + 1),
    ] {
      guard let first, let second, let error = contradiction(first, second) else { continue }
      return "\(error) at \(position): \(first) then \(second)"
    }
    keep(piece, sequence)
    decode(from: sequence - Int64(mark.packet), at: time)
    return nil
  }

  private mutating func keep(_ piece: Piece, _ sequence: Int64) {
    packets += 1
    pieces[sequence] = piece
    newest = max(newest, sequence)
    if pieces.count > 2 * Self.kept { pieces = pieces.filter { $0.key > newest - Self.kept } }
  }

  private func compare(_ mark: MediaMark, _ sequence: Int64, _ timestamp: UInt32) -> String? {
    if let before = pieces[sequence - 1], mark.madeAt <= before.mark.madeAt { return "audio goes backwards" }
    if let before = pieces[sequence - 1], Int32(bitPattern: timestamp &- before.timestamp) <= 0 {
      return "the audio clock stands or goes backwards"
    }
    return nil
  }

  /// What two packets with adjacent numbers must be to each other.
  private func contradiction(_ first: Piece, _ second: Piece) -> String? {
    let isSameFrame = first.mark.layer == second.mark.layer && first.mark.frame == second.mark.frame
    let pictures = ((second.pictureID ?? 0) &- (first.pictureID ?? 0)) & 0x7FFF
    if isSameFrame {
      if second.mark.packet != first.mark.packet + 1 { return "pieces of a frame in disorder" }
      if first.timestamp != second.timestamp { return "two times in one frame" }
      if pictures != 0 { return "two picture ids in one frame" }
      return nil
    }
    if second.mark.packet != 0 { return "a frame begins with its piece \(second.mark.packet)" }
    // A key frame may begin anywhere: the rest of the frame before it was lost, or came too late.
    if first.mark.packet + 1 != first.mark.packets, !second.mark.isKey { return "a frame ends before its last piece" }
    if Int32(bitPattern: second.timestamp &- first.timestamp) <= 0 { return "the video clock stands or goes backwards" }
    if pictures != 1 { return "picture id moves by \(pictures)" }
    if first.mark.layer != second.mark.layer, !second.mark.isKey { return "a layer change without a key frame" }
    if first.mark.layer == second.mark.layer, second.mark.frame <= first.mark.frame { return "an old frame anew" }
    return nil
  }

  private mutating func decode(from start: Int64, at time: Instant) {
    var position = start
    var gaps = 0
    while gaps < 4 {
      guard let first = pieces[position] else {
        // Padding takes numbers without being seen.
        if position == start || position > newest { return }
        position += 1
        gaps += 1
        continue
      }
      gaps = 0
      guard first.mark.packet == 0 else { return }
      let end = position + Int64(first.mark.packets)
      for place in position..<end {
        guard let piece = pieces[place], piece.mark.frame == first.mark.frame else { return }
      }
      let isNext = decoded.map { $0.layer == first.mark.layer && $0.frame + 1 == first.mark.frame } ?? false
      let isOld = decoded.map { $0.layer == first.mark.layer && $0.frame >= first.mark.frame } ?? false
      guard isNext || (first.mark.isKey && !isOld) else { return }
      decoded = (first.mark.layer, first.mark.frame)
      newestMadeAt = max(newestMadeAt ?? 0, first.mark.madeAt)
      lastProgress = time
      framesShown += 1
      position = end
    }
  }
}

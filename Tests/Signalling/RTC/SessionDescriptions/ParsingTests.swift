// Reading descriptions: real ones of browsers, and everything that is wrong with the others.

import Foundation
import MediaContract
import Randomness
import TestSupport
import Testing

@testable import SessionDescriptions

/// The text of a description that a real client wrote.
func fixture(_ name: String) throws -> String {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../Fixtures/SessionDescriptions")
  return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
}

@Suite struct ParsingTests {
  @Test func `an offer of Chromium is read section by section`() throws {
    let sdp = try SDP(parsing: fixture("chromium-156-single-connection.sdp"))
    #expect(sdp.media.count == 9)
    #expect(sdp.bundle == ["0", "1", "2", "3", "4", "5", "6", "7", "8"])
    #expect(sdp.media.map(\.direction).prefix(6).allSatisfy { $0 == .recvonly })
    #expect(sdp.media.filter { $0.kind == .application }.count == 1)
    #expect(sdp.effectiveTransport.usernameFragment == "Nvtf")
    #expect(sdp.effectiveTransport.fingerprint?.digest.count == 32)
    #expect(sdp.effectiveTransport.setup == .actpass)
    let video = try #require(sdp.media.last { $0.kind == .video })
    #expect(video.simulcast == ["q", "h", "f"])
    #expect(video.rids == ["q", "h", "f"])
    #expect(video.effectiveMsid?.track == "3ed54058-4ff7-47a3-a133-1b3448a00af4")
  }

  @Test func `retransmission payload types are paired with their primaries`() throws {
    let sdp = try SDP(parsing: fixture("chromium-156-single-connection.sdp"))
    let vp8 = try #require(sdp.media.last { $0.kind == .video }?.payloadFormats.first { $0.codec == .vp8 })
    #expect(vp8.payloadType == 96)
    #expect(vp8.rtxPayloadType == 97)
    #expect(vp8.clockRate == 90_000)
  }

  @Test func `simulcast order is kept and paused marks are taken off`() throws {
    let sdp = try SDP(
      parsing: "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=rid:f send\r\na=rid:q send\r\n"
        + "a=simulcast:send f;~q recv x\r\n")
    #expect(sdp.media[0].simulcast == ["f", "q"])
  }

  @Test func `Firefox's extension directions are read`() throws {
    let sdp = try SDP(
      parsing: "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=rtpmap:96 VP8/90000\r\n"
        + "a=extmap:10/sendonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n")
    #expect(sdp.media[0].extensions[0].direction == .sendonly)
    let answer = try #require(
      sdp.media[0].acceptReceiving(enabled: [.vp8], preferred: nil, audio: AudioAnswerOptions()))
    #expect(answer.section.extensions[0].direction == .recvonly)
  }

  @Test func `SSRC groups name primaries and their repairs`() throws {
    let sdp = try SDP(
      parsing: "v=0\nm=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:0\na=ssrc-group:SIM 1 2\na=ssrc-group:FID 1 3\n"
        + "a=ssrc-group:FID 2 4\na=ssrc:1 cname:x\na=ssrc:3 cname:x\na=ssrc:2 msid:s t\na=ssrc:4 cname:x\n")
    #expect(sdp.media[0].primarySources == [1, 2])
    #expect(sdp.media[0].retransmissionSource(of: 2) == 4)
    #expect(sdp.media[0].effectiveMsid?.track == "t")
  }

  @Test(arguments: [
    ("", SDPError.notSDP),
    ("v=1\r\n", .notSDP),
    ("v=0\r\nm=audio\r\n", .malformed(line: 2)),
    ("v=0\r\nm=audio 70000 UDP/TLS/RTP/SAVPF 0\r\n", .malformed(line: 2)),
    ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 200\r\n", .malformed(line: 2)),
    ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=rtpmap:0 PCMU/abc\r\n", .malformed(line: 4)),
    ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", .mids),
    ("v=0\r\nm=audio 9 x 0\r\na=mid:0\r\nm=audio 9 x 0\r\na=mid:0\r\n", .mids),
  ])
  func `what cannot be used is refused with its line`(text: String, error: SDPError) {
    #expect(throws: error) { try SDP(parsing: text) }
  }

  @Test(arguments: ["profile=0\u{0}", "profile=\u{301}0", "profile=ä", String(repeating: "a", count: 1_025)])
  func `parameters that other clients might stumble over are left out`(parameters: String) throws {
    let sdp = try SDP(
      parsing: "v=0\r\nm=video 9 x 45\r\na=mid:0\r\na=rtpmap:45 AV1/90000\r\na=fmtp:45 \(parameters)\r\n")
    #expect(sdp.media[0].formats[0].parameters.isEmpty)
  }

  @Test func `feedback that is repeated counts once`() throws {
    let lines = String(repeating: "a=rtcp-fb:* transport-cc\r\n", count: 40)
    let sdp = try SDP(parsing: "v=0\r\nm=video 9 x 96\r\na=mid:0\r\na=rtpmap:96 VP8/90000\r\n" + lines)
    #expect(sdp.media[0].formats[0].feedback == ["transport-cc"])
  }

  @Test func `a description beyond the limit is refused`() {
    #expect(throws: SDPError.tooLarge) { try SDP(parsing: String(repeating: "v", count: SDPLimit.bytes + 1)) }
    let sections = String(repeating: "m=other 0 x 0\r\n", count: SDPLimit.sections + 1)
    #expect(throws: SDPError.tooManySections) { try SDP(parsing: "v=0\r\n" + sections) }
  }

  @Test func `damaged descriptions are refused or read, never a trap`() throws {
    let bytes = try Array(fixture("chromium-156-single-connection.sdp").utf8.prefix(6_000))
    var read = 0
    forEachSeed(150) { _, random in
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...20, using: &random) {
        let position = Int.random(in: 0..<damaged.count, using: &random)
        switch random.next() % 3 {
        case 0: damaged[position] = UInt8.random(in: 0...255, using: &random)
        case 1: damaged.remove(at: position)
        default: damaged.insert(UInt8.random(in: 0...255, using: &random), at: position)
        }
      }
      if let sdp = try? SDP(parsing: String(decoding: damaged, as: UTF8.self)) {
        read += 1
        // What was read can be written and read again.
        #expect((try? SDP(parsing: sdp.text)) != nil)
      }
    }
    #expect(read > 0)
  }

  @Test func `writing and reading again gives the same values`() throws {
    let sdp = try SDP(parsing: fixture("chromium-156-single-connection.sdp"))
    let again = try SDP(parsing: sdp.text)
    #expect(again.media == sdp.media)
    #expect(again.bundle == sdp.bundle)
    #expect(again.sessionID == sdp.sessionID)
  }
}

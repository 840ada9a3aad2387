// Offers and answers: what is taken, what is refused, and in which words.

import MediaContract
import Testing

@testable import SessionDescriptions

private let local = LocalTransport(
  usernameFragment: "mqvi", password: "0123456789abcdef012345",
  fingerprint: Fingerprint(algorithm: "sha-256", digest: [0xAB, 0x01]),
  candidates: [HostCandidate(address: "127.0.0.1", port: 7_882, transport: .udp, rank: 0).text])

private func chromium() throws -> SDP { try SDP(parsing: fixture("chromium-156-single-connection.sdp")) }

private let everything: [Codec] = [.opus, .red, .vp8, .vp9, .h264, .av1, .pcmu]

@Suite struct NegotiationTests {
  @Test func `an answer keeps the offer's sections, mids and payload types`() throws {
    let offer = try chromium()
    let answers = offer.media.map { section -> AnswerSection in
      if section.kind == .application { return .application(maximumMessageSize: 65_536) }
      if section.direction == .recvonly {
        return section.acceptInactive(enabled: everything).map { .media($0) } ?? .rejected
      }
      return section.acceptReceiving(enabled: everything, preferred: nil, audio: AudioAnswerOptions())
        .map { .media($0) } ?? .rejected
    }
    let answer = offer.answer(sections: answers, local: local, sessionID: 7, version: 1)
    let read = try SDP(parsing: answer.text)
    #expect(read.media.map(\.mid) == offer.media.map(\.mid))
    #expect(read.bundle == offer.bundle)
    #expect(read.isICELite)
    #expect(read.media.allSatisfy { $0.transport.setup == .passive })
    #expect(read.media.allSatisfy { $0.candidates.count == 1 })
    for (answered, offered) in zip(read.media, offer.media) {
      let types = Set(offered.formats.map(\.payloadType))
      #expect(answered.formats.allSatisfy { types.contains($0.payloadType) })
    }
    #expect(read.media[7].direction == .recvonly)
    #expect(answer.text.contains("a=rid:q recv"))
    #expect(answer.text.contains("a=simulcast:recv q;h;f"))
  }

  @Test func `every video section of the first answer takes mid, rid and repaired rid`() throws {
    for section in try chromium().media where section.kind == .video && section.direction == .recvonly {
      let uris = try #require(section.acceptInactive(enabled: everything)).section.extensions.map(\.uri)
      for needed in [HeaderExtension.mid, .rid, .repairedRid] {
        let offered = section.extensions.contains { $0.uri == needed.uri }
        #expect(!offered || uris.contains(needed.uri))
      }
    }
  }

  @Test func `the announced codec is the only one in the answer`() throws {
    let video = try chromium().media[7]
    let accepted = try #require(
      video.acceptReceiving(enabled: everything, preferred: .vp9, audio: AudioAnswerOptions()))
    #expect(accepted.formats.allSatisfy { $0.codec == .vp9 })
    #expect(accepted.extensions.transportSequence > 0)
    #expect(accepted.feedback.transportWide && accepted.feedback.nack && accepted.feedback.pli)
    #expect(!accepted.feedback.remb)
  }

  @Test func `video begins at a rate at which a shared screen is legible`() throws {
    let accepted = try #require(
      try chromium().media[7].acceptReceiving(enabled: everything, preferred: .vp8, audio: AudioAnswerOptions()))
    let vp8 = try #require(accepted.section.formats.first { $0.codec == .vp8 })
    #expect(vp8.parameter("x-google-start-bitrate") == "2000")
    #expect(accepted.section.formats.filter(\.isRetransmission).allSatisfy { !$0.parameters.contains("x-google") })
  }

  @Test func `RED leads where it is wanted and is gone where it is not`() throws {
    let audio = try #require(try chromium().media.first { $0.kind == .audio && $0.direction == .sendonly })
    var options = AudioAnswerOptions()
    let red = try #require(audio.acceptReceiving(enabled: everything, preferred: .opus, audio: options))
    #expect(red.formats.map(\.codec) == [.red, .opus])
    options.prefersRED = false
    let plain = try #require(audio.acceptReceiving(enabled: everything, preferred: .opus, audio: options))
    #expect(plain.formats.map(\.codec) == [.opus])
  }

  @Test func `DTX and stereo follow the track's features`() throws {
    let audio = try #require(try chromium().media.first { $0.kind == .audio && $0.direction == .sendonly })
    var options = AudioAnswerOptions()
    options.allowsDTX = false
    options.isStereo = true
    let accepted = try #require(audio.acceptReceiving(enabled: everything, preferred: .opus, audio: options))
    let opus = try #require(accepted.section.formats.first { $0.codec == .opus })
    #expect(!opus.parameters.contains("usedtx"))
    #expect(opus.parameters.contains("stereo=1;maxaveragebitrate=510000"))
  }

  @Test func `a stream goes onto a free section in the client's payload type`() throws {
    let section = try #require(try chromium().media.first { $0.kind == .video && $0.direction == .recvonly })
    let publication = [PayloadFormat(payloadType: 120, codec: .vp8, clockRate: 90_000, rtxPayloadType: 121)]
    let stream = SentStream(stream: "PA_x|TR_y", track: "TR_y", ssrc: 5, rtxSSRC: 6, cname: "PA_x")
    let accepted = try #require(section.acceptSending(publication, stream: stream))
    #expect(accepted.formats.map(\.payloadType) == [96])
    #expect(accepted.section.direction == .sendonly)
    #expect(accepted.section.msid?.track == "TR_y")
    #expect(accepted.section.sourceGroups.first?.sources == [5, 6])
    let foreign = [PayloadFormat(payloadType: 120, codec: .h265, clockRate: 90_000)]
    #expect(section.acceptSending(foreign, stream: stream) == nil)
  }

  @Test func `H264 matches by packetization mode and profile, High is hidden`() {
    var section = MediaSection(kind: .video)
    section.formats = [
      Format(
        payloadType: 100, name: "H264", clockRate: 90_000, parameters: "packetization-mode=0;profile-level-id=42e01f"),
      Format(
        payloadType: 101, name: "H264", clockRate: 90_000, parameters: "packetization-mode=1;profile-level-id=42001f"),
      Format(
        payloadType: 102, name: "H264", clockRate: 90_000, parameters: "packetization-mode=1;profile-level-id=42e01f"),
      Format(
        payloadType: 103, name: "H264", clockRate: 90_000, parameters: "packetization-mode=1;profile-level-id=640c1f"),
    ]
    let wanted = PayloadFormat(
      payloadType: 1, codec: .h264, clockRate: 90_000, parameters: "packetization-mode=1;profile-level-id=42e034")
    #expect(section.bestMatch(for: wanted)?.payloadType == 102)
    #expect(!section.payloadFormats.contains { $0.payloadType == 103 })
  }

  @Test func `a refused section keeps its mid and has port zero`() throws {
    let offer = try chromium()
    let answer = offer.answer(
      sections: offer.media.map { _ in .rejected }, local: local, sessionID: 1, version: 1)
    #expect(answer.media.allSatisfy { $0.isRejected })
    #expect(answer.media.map(\.mid) == offer.media.map(\.mid))
    #expect(answer.bundle.isEmpty)
  }

  @Test func `our offer is answered with our payload types`() throws {
    let publication = [PayloadFormat(payloadType: 120, codec: .vp8, clockRate: 90_000, rtxPayloadType: 124)]
    let formats = OfferedFormats.formats(for: publication)
    let stream = SentStream(stream: "PA_x|TR_y", track: "TR_y", ssrc: 5, rtxSSRC: 6, cname: "PA_x")
    let offer = SDP.offer(
      sections: [
        OfferedSection(kind: .application, mid: "0", content: .application(maximumMessageSize: 65_536)),
        OfferedSection(kind: .video, mid: "1", content: .stream(formats, stream)),
      ], local: local, sessionID: 3, version: 1)
    var answer = try SDP(parsing: offer.text)
    #expect(answer.media[1].direction == .sendonly)
    answer.media[1].direction = .recvonly
    let accepted = try #require(answer.media[1].acceptedStream(offered: formats))
    #expect(accepted.formats.map(\.payloadType) == [96])
    #expect(accepted.formats.first?.rtxPayloadType == 97)
    answer.media[1].direction = .inactive
    #expect(answer.media[1].acceptedStream(offered: formats) == nil)
  }

  @Test func `payload types of our offers mean one bitstream each`() {
    var formats: [PayloadFormat] = []
    for codec in Codec.allCases {
      for profile in ["0", "1", "2", "3"] {
        formats.append(
          PayloadFormat(payloadType: 1, codec: codec, clockRate: 90_000, parameters: "profile-id=\(profile)"))
      }
    }
    for profile in ["42e01f", "42001f", "4d001f"] {
      for mode in ["0", "1"] {
        formats.append(
          PayloadFormat(
            payloadType: 1, codec: .h264, clockRate: 90_000,
            parameters: "packetization-mode=\(mode);profile-level-id=\(profile)"))
      }
    }
    let offered = OfferedFormats.formats(for: formats)
    let numbers = offered.map(\.payloadType) + offered.compactMap(\.rtxPayloadType)
    #expect(Set(numbers).count == numbers.count)
    #expect(numbers.allSatisfy { $0 < 64 || $0 > 95 })
  }

  @Test func `candidates carry all three members and prefer UDP`() {
    let udp = HostCandidate(address: "::1", port: 7_882, transport: .udp, rank: 1)
    let tcp = HostCandidate(address: "::1", port: 7_881, transport: .tcpPassive, rank: 0)
    #expect(udp.priority > tcp.priority)
    #expect(tcp.text.hasSuffix("typ host tcptype passive"))
    #expect(
      udp.json(mid: "0", index: 0)
        == "{\"candidate\":\"candidate:\(udp.text)\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}")
  }
}

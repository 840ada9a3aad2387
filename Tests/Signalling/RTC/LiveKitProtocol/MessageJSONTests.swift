// JSON forms of messages beyond the golden ones: what peers write differently from each other.

import JSON
import LiveKitProtocol
import Testing

@Suite struct MessageJSONTests {
  private func decode<Message: ProtobufMessage>(_ text: String, as: Message.Type = Message.self) throws -> Message {
    try Message(json: Array(text.utf8))
  }

  private func text(_ message: some ProtobufMessage, _ style: MessageJSONStyle = .compact) -> String {
    String(decoding: message.json(style), as: UTF8.self)
  }

  @Test func `names are taken in both forms`() throws {
    let expected = UpdateSubscription.with {
      $0.trackSids = ["TR_1"]; $0.subscribe = true
    }
    #expect(try decode(#"{"trackSids":["TR_1"],"subscribe":true}"#) == expected)
    #expect(try decode(#"{"track_sids":["TR_1"],"subscribe":true}"#) == expected)
  }

  @Test func `a name that is camel case in the schema stays as it is`() {
    #expect(text(TrickleRequest.with { $0.candidateInit = "{}" }) == #"{"candidateInit":"{}"}"#)
    #expect(text(TrickleRequest(), .complete) == #"{"candidateInit":"","target":"PUBLISHER","final":false}"#)
  }

  @Test func `enums are taken by name and by number`() throws {
    #expect(try decode(#"{"source":"SCREEN_SHARE"}"#, as: TrackInfo.self).source == .screenShare)
    #expect(try decode(#"{"source":3}"#, as: TrackInfo.self).source == .screenShare)
    #expect(try decode(#"{"source":77}"#, as: TrackInfo.self).source.rawValue == 77)
  }

  @Test func `an unknown enum name is ignored like an unknown field`() throws {
    #expect(try decode(#"{"source":"HOLOGRAM","sid":"TR_1"}"#) == TrackInfo.with { $0.sid = "TR_1" })
  }

  @Test func `64-bit integers are strings, and numbers are taken too`() throws {
    #expect(text(Ping.with { $0.timestamp = 9_007_199_254_740_993 }) == #"{"timestamp":"9007199254740993"}"#)
    #expect(try decode(#"{"timestamp":"9007199254740993"}"#, as: Ping.self).timestamp == 9_007_199_254_740_993)
    #expect(
      try decode(#"{"timestamp":5e3,"rtt":7}"#)
        == Ping.with {
          $0.timestamp = 5000; $0.rtt = 7
        })
  }

  @Test(arguments: ["+/+/AQ==", "+/+/AQ", "-_-_AQ==", "-_-_AQ"])
  func `bytes are taken in both alphabets, padded or not`(base64: String) throws {
    #expect(try decode(#"{"data":"\#(base64)"}"#, as: SendDataRequest.self).data == [0xFB, 0xFF, 0xBF, 1])
  }

  @Test func `null means absent`() throws {
    #expect(try decode(#"{"room":null,"pingInterval":null,"iceServers":null}"#) == JoinResponse())
  }

  @Test func `unknown members are ignored`() throws {
    #expect(try decode(#"{"sid":"TR_1","future":{"a":[1]}}"#) == TrackInfo.with { $0.sid = "TR_1" })
  }

  @Test func `a signal request is its one member`() throws {
    let request = SignalRequest.with {
      $0.message = .mute(
        .with {
          $0.sid = "TR_1"; $0.muted = true
        })
    }
    #expect(text(request) == #"{"mute":{"sid":"TR_1","muted":true}}"#)
    #expect(try decode(#"{"mute":{"sid":"TR_1","muted":true}}"#) == request)
    #expect(try decode(#"{"later":{}}"#, as: SignalRequest.self).message == nil)
  }

  @Test func `complete JSON has unset fields, null for messages, and no unset optionals`() {
    let room = text(Room(), .complete)
    #expect(room.hasPrefix(#"{"sid":"","name":"","empty_timeout":0,"#))
    #expect(room.contains(#""creation_time":"0""#))
    #expect(room.contains(#""version":null"#))
    #expect(
      text(ConnectionSettings(), .complete) == """
        {"auto_subscribe":false,"adaptive_stream":false,"disable_ice_lite":false}
        """)
    #expect(text(SignalRequest(), .complete) == "{}")
  }

  @Test func `numbers that are not finite are words`() throws {
    #expect(text(SpeakerInfo.with { $0.level = .infinity }) == #"{"level":"Infinity"}"#)
    #expect(try decode(#"{"level":"NaN"}"#, as: SpeakerInfo.self).level.isNaN)
    #expect(try decode(#"{"level":"0.5"}"#, as: SpeakerInfo.self).level == 0.5)
  }

  @Test(arguments: [
    (#"{"sid":5}"#, "sid"), (#"{"muted":"yes"}"#, "muted"), (#"{"width":-1}"#, "width"), (#"{"width":1.5}"#, "width"),
    (#"{"width":4294967296}"#, "width"), (#"{"layers":{}}"#, "layers"), (#"{"layers":[1]}"#, "layers"),
    (#"{"version":[]}"#, "version"),
  ])
  func `a member of the wrong type is an error that names it`(text: String, field: String) {
    #expect(throws: MessageJSONError.unexpectedValue(field: field)) { try decode(text, as: TrackInfo.self) }
  }

  @Test func `what is not an object is not a message`() {
    #expect(throws: MessageJSONError.notAnObject) { try decode("[]", as: TrackInfo.self) }
    #expect(throws: MessageJSONError.syntax(.unexpectedEnd)) { try decode("{", as: TrackInfo.self) }
  }

  @Test(arguments: [
    ("2024-02-29T12:00:00.250Z", 1_709_208_000, 250_000_000), ("1969-12-31T23:59:59.000001Z", -1, 1_000),
    ("1970-01-01T00:00:00.000000001Z", 0, 1), ("2000-02-29T00:00:00Z", 951_782_400, 0),
    ("0001-01-01T00:00:00Z", -62_135_596_800, 0), ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
  ])
  func `timestamps are RFC 3339 texts`(text: String, seconds: Int64, nanos: Int32) throws {
    let sample = MetricSample.with {
      $0.normalizedTimestamp = .with {
        $0.seconds = seconds; $0.nanos = nanos
      }
    }
    #expect(self.text(sample) == #"{"normalizedTimestamp":"\#(text)"}"#)
    #expect(try decode(#"{"normalizedTimestamp":"\#(text)"}"#) == sample)
  }

  @Test func `a timestamp beyond RFC 3339 becomes the nearest within`() {
    let sample = MetricSample.with {
      $0.normalizedTimestamp = .with {
        $0.seconds = .max; $0.nanos = -5
      }
    }
    #expect(text(sample) == #"{"normalizedTimestamp":"9999-12-31T23:59:59Z"}"#)
  }

  @Test func `a timestamp may be written in another time zone`() throws {
    let json = #"{"normalizedTimestamp":"2024-02-29T13:30:00+01:30"}"#
    #expect(try decode(json, as: MetricSample.self).normalizedTimestamp == .with { $0.seconds = 1_709_208_000 })
  }
}

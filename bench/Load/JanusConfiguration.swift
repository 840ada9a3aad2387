// The configuration that Janus is started with: VideoRoom and the WebSocket API on loopback, everything else as packaged.

struct JanusConfiguration {
  var port: UInt16
  var rooms: Int
  var eventLoops: Int?
  var directory: String

  /// File names and what is in them.
  var files: [(String, String)] {
    [
      ("janus.jcfg", core), ("janus.transport.websockets.jcfg", webSockets),
      ("janus.plugin.videoroom.jcfg", videoRoom),
    ]
  }

  /// ICE-lite: our participants are controlling, as clients of an SFU are, and it is the less work for Janus.
  private var core: String {
    """
    general: {
      configs_folder = "\(directory)"
      debug_level = 1
      \(eventLoops.map { "event_loops = \($0)" } ?? "")
    }
    nat: {
      ice_lite = true
      ice_enforce_list = "127.0.0.1"
      nice_debug = false
    }
    plugins: {
      disable = "\(Self.otherPlugins)"
    }
    transports: {
      disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so"
    }
    loggers: { disable = "libjanus_jsonlog.so" }
    events: { broadcast = false }

    """
  }

  private static let otherPlugins = [
    "audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay", "sip", "streaming", "textroom", "videocall",
    "voicemail",
  ].map { "libjanus_\($0).so" }.joined(separator: ",")

  private var webSockets: String {
    """
    general: { json = "compact", ws = true, ws_port = \(port), ws_ip = "127.0.0.1", wss = false }
    admin: { admin_ws = false, admin_wss = false }

    """
  }

  private var videoRoom: String {
    (1...max(1, rooms)).map { number in
      """
      room-\(number): {
        description = "load"
        publishers = 1000
        bitrate = 0
        audiocodec = "opus"
        videocodec = "vp8"
        record = false
      }

      """
    }.joined()
  }
}

// The thread of the demo: plays what was recorded to whoever listens.

import Bytes
import Chronology
import Cryptography
import MediaCodecs
import Randomness
import Reactor
import Wire

/// From the control thread to the stage. Participants are named by their place in the ensemble.
enum StageRequest: Sendable {
  case connect(Int, MediaPlan)
  case demand(Int, Demand)
  case disconnect(Int)
  /// One more picture of the screen is recorded.
  case picture(ScreenRecording.Layers)
  case stop
}

/// From the stage to the control thread.
enum StageNotice: Sendable {
  /// The voices are recorded: participants may come.
  case ready
  /// Voices or screen could not be recorded.
  case broken
  /// The media connection of a participant is gone.
  case lost(Int)
}

/// Something that happens at a steady pace. Ticks that are missed by much are left out, not made up for.
struct Cadence {
  private static let patience: Int64 = 5
  let period: Interval
  private let origin: Instant
  private var next: Int64 = 0

  init(every period: Interval, from origin: Instant) {
    self.period = period
    self.origin = origin
  }

  var due: Instant { origin + period * next }

  /// The number of the tick that is due; nil when none is.
  mutating func take(at now: Instant) -> Int64? {
    guard due <= now else { return nil }
    let late = (now - due).nanoseconds / period.nanoseconds
    if late > Self.patience { next += late }
    defer { next += 1 }
    return next
  }
}

struct StageLoop: ~Copyable {
  private enum Token {
    /// Participants' sockets have their places as tokens.
    static let requests: UInt64 = 1 << 32
  }

  /// A key frame is repeated for whoever asks no sooner than after this many pictures: half a second.
  private static let keyFrameDistance = 15

  private let host: SocketAddress
  private let requests: Mailbox<StageRequest>
  private let notices: Mailbox<StageNotice>
  private let context: DTLSContext
  private let voices: VoiceRecording
  private var screen = ScreenRecording()
  private var random: Random
  private var poller: Poller
  private var peers: SlotTable<StagePeer>
  private var handles: [Handle<StagePeer>?]
  private var voiceCadence: Cadence
  private var screenCadence: Cadence
  private var voicePosition = 0
  private var screenPosition = 0
  private var isStopping = false

  /// Records the voices, which takes less than a second. Throws when the codecs refuse, or the kernel has no descriptor left.
  init(_ configuration: StageConfiguration, _ requests: Mailbox<StageRequest>, _ notices: Mailbox<StageNotice>) throws {
    var random = Random(seed: configuration.seed)
    let voices = try VoiceRecording.make(random: Random(seed: random.next()))
    let poller = try Poller()
    try poller.add(requests.signal.readable, token: Token.requests)
    host = configuration.host
    self.requests = requests
    self.notices = notices
    self.voices = voices
    self.poller = poller
    context = DTLSContext(certificate: configuration.certificate)
    peers = SlotTable(limit: configuration.size)
    handles = Array(repeating: nil, count: configuration.size)
    let now = Clock.now()
    voiceCadence = Cadence(every: .milliseconds(20), from: now)
    screenCadence = Cadence(
      every: .nanoseconds(1_000_000_000 / Int64(ScreenRecording.Layout.framesPerSecond)), from: now)
    self.random = random
  }

  /// Plays until it is told to stop.
  mutating func run() {
    _ = notices.post(.ready)
    while !isStopping {
      let deadline = nextDeadline
      let count = poller.wait(deadline == .distantFuture ? nil : deadline - Clock.now())
      let now = Clock.now()
      for index in 0..<count {
        let token = poller[index].token
        if token == Token.requests {
          takeRequests(at: now)
        } else if Int(token) < handles.count, let handle = handles[Int(token)] {
          peers[handle].receive(at: now)
        }
      }
      play(at: now)
      settle(at: now)
    }
    for place in handles.indices { disconnect(place, at: Clock.now()) }
  }

  private var nextDeadline: Instant {
    var deadline = Instant.distantFuture
    for case .some(let handle) in handles {
      if let due = peers[handle].nextDeadline { deadline = min(deadline, due) }
      if peers[handle].playsVoice { deadline = min(deadline, voiceCadence.due) }
      if peers[handle].playsScreen { deadline = min(deadline, screenCadence.due) }
    }
    return deadline
  }

  // MARK: Requests

  private mutating func takeRequests(at now: Instant) {
    for request in requests.takeAll() {
      switch request {
      case .connect(let place, let plan):
        disconnect(place, at: now)
        connect(place, plan)
      case .demand(let place, let demand): if let handle = handles[place] { peers[handle].set(demand) }
      case .disconnect(let place): disconnect(place, at: now)
      case .picture(let layers): screen.append(layers)
      case .stop: isStopping = true
      }
    }
  }

  private mutating func connect(_ place: Int, _ plan: MediaPlan) {
    do throws(SystemError) {
      let peer = try StagePeer(
        plan, host: host, context: context, random: Random(seed: random.next()), at: Clock.moment())
      let readable = peer.readable
      handles[place] = peers.insert(peer)
      try poller.add(readable, token: UInt64(place))
    } catch {
      if let handle = handles[place] { _ = peers.remove(handle) }
      handles[place] = nil
      _ = notices.post(.lost(place))
    }
  }

  private mutating func disconnect(_ place: Int, at now: Instant) {
    guard let handle = handles[place] else { return }
    handles[place] = nil
    peers[handle].close(at: now)
    poller.remove(peers[handle].readable)
    _ = peers.remove(handle)
  }

  private mutating func settle(at now: Instant) {
    for place in handles.indices {
      guard let handle = handles[place] else { continue }
      peers[handle].settle(at: now)
      guard peers[handle].hasFailed else { continue }
      disconnect(place, at: now)
      _ = notices.post(.lost(place))
    }
  }

  // MARK: Playing

  private mutating func play(at now: Instant) {
    while let tick = voiceCadence.take(at: now) { playVoices(tick, at: now) }
    while let tick = screenCadence.take(at: now) { playScreen(tick, at: now) }
  }

  private mutating func playVoices(_ tick: Int64, at now: Instant) {
    var isHeard = false
    for place in handles.indices {
      guard let handle = handles[place], peers[handle].playsVoice else { continue }
      isHeard = true
      peers[handle].play(voices.voices[place % voices.voices.count][voicePosition], tick: tick, at: now)
    }
    // Whoever comes into an empty room hears the conversation from its start.
    voicePosition = isHeard ? (voicePosition + 1) % voices.length : 0
  }

  private mutating func playScreen(_ tick: Int64, at now: Instant) {
    var isSeen = false
    for place in handles.indices {
      guard let handle = handles[place], peers[handle].playsScreen else { continue }
      isSeen = true
      // All layers jump together, so that they show the same.
      if peers[handle].wantsKeyFrame, screenPosition >= Self.keyFrameDistance { screenPosition = 0 }
      // The first time, the playing may be faster than the recording.
      guard let picture = screen[screenPosition] else { return }
      peers[handle].play(picture, isKeyFrame: screenPosition == 0, tick: tick, at: now)
    }
    screenPosition = isSeen ? screen.position(after: screenPosition) : 0
  }
}

// What a token allows in rooms (the claim `video`).

public import LiveKitProtocol

/// The `video` claim. What it does not mention is denied, except for the tri-state members: nil there means the default
/// that `permission` works out.
public struct VideoGrant: Sendable, Equatable {
  public var roomCreate = false
  public var roomList = false
  public var roomRecord = false
  public var roomAdmin = false
  public var roomJoin = false
  /// The room that `roomAdmin` and `roomJoin` are bound to.
  public var room = ""
  /// Where a participant may be forwarded or moved to.
  public var destinationRoom = ""
  /// Default: true.
  public var canPublish: Bool?
  /// Default: true.
  public var canSubscribe: Bool?
  /// Default: as `canPublish`.
  public var canPublishData: Bool?
  /// Empty for all. An unknown source is kept as `.unknown`, or the list could become empty and allow everything.
  public var canPublishSources: [TrackSource] = []
  /// Default: false.
  public var canUpdateOwnMetadata: Bool?
  public var ingressAdmin = false
  public var hidden = false
  public var recorder = false
  public var agent = false
  /// Default: false.
  public var canSubscribeMetrics: Bool?
  /// Default: false.
  public var canManageAgentSession: Bool?

  public init() {}

  /// Allows to join `room` with the default permissions.
  public init(joining room: String) {
    roomJoin = true
    self.room = room
  }

  /// True when the token administers `room`.
  public func administers(_ room: String) -> Bool { roomAdmin && !room.isEmpty && self.room == room }

  /// What the participant may do, with defaults filled in. Assigning replaces all that a permission covers.
  public var permission: ParticipantPermission {
    get {
      var permission = ParticipantPermission()
      permission.canSubscribe = canSubscribe ?? true
      permission.canPublish = canPublish ?? true
      permission.canPublishData = canPublishData ?? canPublish ?? true
      permission.canPublishSources = canPublishSources
      permission.canUpdateMetadata = canUpdateOwnMetadata ?? false
      permission.hidden = hidden
      permission.recorder = recorder
      permission.agent = agent
      permission.canSubscribeMetrics = canSubscribeMetrics ?? false
      permission.canManageAgentSession = canManageAgentSession ?? false
      return permission
    }
    set {
      canSubscribe = newValue.canSubscribe
      canPublish = newValue.canPublish
      canPublishData = newValue.canPublishData
      canPublishSources = newValue.canPublishSources
      canUpdateOwnMetadata = newValue.canUpdateMetadata
      hidden = newValue.hidden
      recorder = newValue.recorder
      agent = newValue.agent
      canSubscribeMetrics = newValue.canSubscribeMetrics
      canManageAgentSession = newValue.canManageAgentSession
    }
  }
}

extension ParticipantPermission {
  /// True when a track from `source` may be published.
  public func allowsPublishing(_ source: TrackSource) -> Bool {
    canPublish && (canPublishSources.isEmpty || canPublishSources.contains(source))
  }
}

// What participants say about themselves, what they may do, and the tokens that carry both to their next connection
// (§1.4, §6.3, §6.7).

import AccessTokens
import Chronology
import LiveKitProtocol

extension ControlNode {
  /// `update_metadata`: the answer by number satisfies some clients, the update about themselves the others.
  mutating func updateMetadata(_ request: UpdateParticipantMetadata, from participant: Participant) {
    guard participant.permission.canUpdateMetadata else {
      respond(
        to: participant, requestID: request.requestId, .notAllowed,
        message: "does not have permission to update own metadata", echo: .updateMetadata(request))
      return
    }
    do throws(ServiceError) {
      try change(participant, name: request.name, metadata: request.metadata, attributes: request.attributes)
      respond(to: participant, requestID: request.requestId, .ok, echo: .updateMetadata(request))
    } catch {
      respond(
        to: participant, requestID: request.requestId, .limitExceeded, message: error.message,
        echo: .updateMetadata(request))
    }
  }

  /// Empty name and metadata stay as they are; attributes are merged, and an empty value deletes its key.
  mutating func change(
    _ participant: Participant, name: String, metadata: String, attributes: [String: String]
  ) throws(ServiceError) {
    if name.utf8.count > RoomLimit.name { throw ServiceError(.invalidArgument, "name size exceeds limits") }
    if metadata.utf8.count > RoomLimit.metadata {
      throw ServiceError(.invalidArgument, "metadata size exceeds limits")
    }
    var merged = participant.attributes
    for (key, value) in attributes { merged[key] = value.isEmpty ? nil : value }
    if merged.byteCount > RoomLimit.attributes {
      throw ServiceError(.invalidArgument, "attributes size exceeds limits")
    }
    let newName = name.isEmpty ? participant.name : name
    let newMetadata = metadata.isEmpty ? participant.metadata : metadata
    // Clients fill in what did not change: that is no news.
    guard
      newName != participant.name || newMetadata != participant.metadata || merged != participant.attributes
    else { return }
    participant.name = newName
    participant.metadata = newMetadata
    participant.attributes = merged
    announceChange(of: participant, isUrgent: true, includesSelf: true)
    refreshToken(of: participant)
  }

  /// New rights take effect at once, with everything that they end or make possible.
  mutating func setPermission(_ permission: ParticipantPermission, of participant: Participant) {
    guard permission != participant.permission else { return }
    let couldSubscribe = participant.permission.canSubscribe
    participant.permission = permission
    for track in participant.tracks where !participant.mayPublish(track.info.source) {
      remove(track, isAnnounced: false, isForced: true)
    }
    if !permission.canPublishData {
      for track in participant.data.published { unpublish(track, isAnnounced: false) }
    }
    announceChange(of: participant, isUrgent: true, includesSelf: true)
    if couldSubscribe != permission.canSubscribe {
      reconcileSubscriptions(of: participant)
      if !permission.canSubscribe { endSubscriptions(of: participant) }
    }
    refreshToken(of: participant)
    scheduleCounters(of: participant.room)
  }

  /// A token with what the participant may do and is called now: the client's next connection uses it.
  mutating func refreshToken(of participant: Participant) {
    guard let key = configuration.keys.first else { return }
    var claims = participant.claims
    claims.identity = participant.identity
    claims.name = participant.name
    claims.metadata = participant.metadata
    claims.attributes = participant.attributes
    claims.kind = participant.kind
    claims.video?.permission = participant.permission
    send(.refreshToken(claims.refreshed(at: now.wall, with: key)), to: participant)
  }
}

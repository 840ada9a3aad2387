// Which services and methods the LiveKit API has: a client that calls one that this server lacks must learn that it is
// not implemented, not that its address is wrong.

enum ServiceDirectory {
  static func contains(service: some StringProtocol, method: some StringProtocol) -> Bool {
    services[String(service)]?.contains(String(method)) ?? false
  }

  private static let services: [String: Set<String>] = [
    "RoomService": [
      "CreateRoom", "ListRooms", "DeleteRoom", "ListParticipants", "GetParticipant", "RemoveParticipant",
      "MutePublishedTrack", "UpdateParticipant", "UpdateSubscriptions", "SendData", "UpdateRoomMetadata",
      "ForwardParticipant", "MoveParticipant", "PerformRpc",
    ],
    "Egress": [
      "StartEgress", "StartRoomCompositeEgress", "StartWebEgress", "StartParticipantEgress",
      "StartTrackCompositeEgress", "StartTrackEgress", "UpdateLayout", "UpdateStream", "ListEgress", "StopEgress",
    ],
    "Ingress": ["CreateIngress", "UpdateIngress", "ListIngress", "DeleteIngress"],
    "SIP": [
      "CreateSIPInboundTrunk", "CreateSIPOutboundTrunk", "UpdateSIPInboundTrunk", "UpdateSIPOutboundTrunk",
      "GetSIPInboundTrunk", "GetSIPOutboundTrunk", "ListSIPTrunk", "ListSIPInboundTrunk", "ListSIPOutboundTrunk",
      "DeleteSIPTrunk", "CreateSIPDispatchRule", "UpdateSIPDispatchRule", "ListSIPDispatchRule",
      "DeleteSIPDispatchRule", "CreateSIPParticipant", "TransferSIPParticipant",
    ],
    "AgentDispatchService": ["CreateDispatch", "DeleteDispatch", "ListDispatch"],
    "Connector": [
      "DialWhatsAppCall", "DisconnectWhatsAppCall", "ConnectWhatsAppCall", "AcceptWhatsAppCall", "ConnectTwilioCall",
    ],
  ]
}

// Which agents a room asks for.

/// An agent to start with a room.
public struct RoomAgentDispatch: ProtobufMessage {
  public var agentName = ""
  public var metadata = ""
  public var restartPolicy = JobRestartPolicy()
  public var deployment = ""
  public var attributes: [String: String] = [:]

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "agent_name", &agentName)
    fields.field(2, "metadata", &metadata)
    fields.field(3, "restart_policy", &restartPolicy)
    fields.field(4, "deployment", &deployment)
    fields.field(5, "attributes", &attributes)
  }
}

/// Asks for an agent.
public struct CreateAgentDispatchRequest: ProtobufMessage {
  public var agentName = ""
  public var room = ""
  public var metadata = ""
  public var restartPolicy = JobRestartPolicy()
  public var deployment = ""
  public var attributes: [String: String] = [:]

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "agent_name", &agentName)
    fields.field(2, "room", &room)
    fields.field(3, "metadata", &metadata)
    fields.field(4, "restart_policy", &restartPolicy)
    fields.field(5, "deployment", &deployment)
    fields.field(6, "attributes", &attributes)
  }
}

/// Takes a request for an agent back.
public struct DeleteAgentDispatchRequest: ProtobufMessage {
  public var dispatchId = ""
  public var room = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "dispatch_id", &dispatchId)
    fields.field(2, "room", &room)
  }
}

/// Lists requests for agents.
public struct ListAgentDispatchRequest: ProtobufMessage {
  public var dispatchId = ""
  public var room = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "dispatch_id", &dispatchId)
    fields.field(2, "room", &room)
  }
}

/// The requests for agents.
public struct ListAgentDispatchResponse: ProtobufMessage {
  public var agentDispatches: [AgentDispatch] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "agent_dispatches", &agentDispatches)
  }
}

/// A request for an agent.
public struct AgentDispatch: ProtobufMessage {
  public var id = ""
  public var agentName = ""
  public var room = ""
  public var metadata = ""
  public var state: AgentDispatchState?
  public var restartPolicy = JobRestartPolicy()
  public var deployment = ""
  public var attributes: [String: String] = [:]

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "id", &id)
    fields.field(2, "agent_name", &agentName)
    fields.field(3, "room", &room)
    fields.field(4, "metadata", &metadata)
    fields.field(5, "state", &state)
    fields.field(6, "restart_policy", &restartPolicy)
    fields.field(7, "deployment", &deployment)
    fields.field(8, "attributes", &attributes)
  }
}

/// What became of a request for an agent. This server runs no agents: the list of jobs is read over.
public struct AgentDispatchState: ProtobufMessage {
  public var createdAt: Int64 = 0
  public var deletedAt: Int64 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(2, "created_at", &createdAt)
    fields.field(3, "deleted_at", &deletedAt)
  }
}

/// Whether a failed agent is started again.
public struct JobRestartPolicy: ProtobufEnum {
  public static let onFailure = Self(rawValue: 0)
  public static let never = Self(rawValue: 1)

  public static let names = ["JRP_ON_FAILURE", "JRP_NEVER"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

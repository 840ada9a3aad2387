// Why the evaluator says what it says: its steps, written down by the same code that decides.

public import Identifiers

/// One step of the evaluator, and what was held after it.
public struct EvaluationStep: Hashable, Sendable {
  public enum Source: Hashable, Sendable {
    /// The bits of a role, on the server.
    case role(Identifier)
    /// The Owner role: all bits, and no step after it.
    case owner
    /// ADMIN: all bits, and no step after it.
    case administrator
    /// The channel's override for everybody.
    case everyoneOverride
    /// The channel's override for one role; it changes nothing before `roleOverrides` takes all of them together.
    case roleOverride(Identifier)
    /// All denies of the member's roles, then all allows.
    case roleOverrides
    /// The channel's override for the member alone.
    case memberOverride
    /// While it lasts, the member may only look.
    case timeout
    /// Bits that mean nothing without one that is missing: nothing without VIEW_CHANNEL, no mentions without
    /// SEND_MESSAGES, no voice without CONNECT_VOICE.
    case dependencies
    /// What everybody may do in a conversation they take part in.
    case conversation

    /// The word that clients see: `role`, `everyone_override`, …
    public var name: String {
      switch self {
      case .role: "role"
      case .owner: "owner"
      case .administrator: "administrator"
      case .everyoneOverride: "everyone_override"
      case .roleOverride: "role_override"
      case .roleOverrides: "role_overrides"
      case .memberOverride: "member_override"
      case .timeout: "timeout"
      case .dependencies: "dependencies"
      case .conversation: "conversation"
      }
    }

    public var role: Identifier? {
      switch self {
      case .role(let id), .roleOverride(let id): id
      default: nil
      }
    }
  }

  public var source: Source
  public var allow: Permissions
  public var deny: Permissions
  /// What is held after this step.
  public var result: Permissions

  public init(_ source: Source, allow: Permissions = [], deny: Permissions = [], result: Permissions) {
    self.source = source
    self.allow = allow
    self.deny = deny
    self.result = result
  }
}

/// Watches the evaluator. The usual one sees nothing and costs nothing.
protocol EvaluationObserver {
  mutating func saw(_ source: EvaluationStep.Source, _ override: Override, _ result: Permissions)
}

struct Unwatched: EvaluationObserver {
  mutating func saw(_ source: EvaluationStep.Source, _ override: Override, _ result: Permissions) {}
}

struct Record: EvaluationObserver {
  private(set) var steps: [EvaluationStep] = []

  mutating func saw(_ source: EvaluationStep.Source, _ override: Override, _ result: Permissions) {
    steps.append(EvaluationStep(source, allow: override.allow, deny: override.deny, result: result))
  }
}

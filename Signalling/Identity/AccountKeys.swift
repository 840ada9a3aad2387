// The secrets that accounts rest on, and what the module is told about the deployment.

public import API
import Cryptography
public import Identifiers
public import JSON
public import Problems

/// Made at the first start and kept in the data directory; whoever has them is everybody.
public struct AccountKeys: Sendable {
  /// Signs access tokens (HMAC-SHA256), at least 32 bytes.
  public var access: [UInt8]
  /// Signs refresh tokens (UN-008), at least 32 bytes.
  public var refresh: [UInt8]
  /// Seals second factors at rest: 32 bytes. Without it they are lost, so a backup needs it.
  public var sealing: [UInt8]

  public init(access: [UInt8], refresh: [UInt8], sealing: [UInt8]) {
    precondition(sealing.count == SealedBox.keyByteCount)
    self.access = access
    self.refresh = refresh
    self.sealing = sealing
  }

  /// New random secrets.
  public static func random() -> AccountKeys {
    AccountKeys(access: SecureRandom.bytes(32), refresh: SecureRandom.bytes(32), sealing: SecureRandom.bytes(32))
  }

  /// What makes a new server the reader's: shown where it was started, and good until there is an owner. Follows from
  /// `access`, so that a restart before the set-up does not change it.
  public var setupCode: String {
    String(Base64.encodeURL(HMACSHA256.code(for: Array("mqvi set-up".utf8), key: access)).prefix(20))
  }

  /// The key for tokens of one use. Those of short life on the server's own behalf have keys derived from `access`.
  func key(_ use: SignedToken.Use) -> [UInt8] {
    switch use {
    case .access: access
    case .refresh: refresh
    case .ticket, .device: HMACSHA256.code(for: Array("mqvi \(use.rawValue)".utf8), key: access)
    }
  }
}

/// Somebody who keeps data of people and can hand it over or remove it: chat, files, bots. Identity asks all of them
/// when a person leaves for good, and so need not know them.
public struct DataHolder: Sendable {
  /// What becomes of messages when their author is erased.
  public enum Choice: String, Sendable {
    /// They stay, and their author is a deleted account.
    case keep
    case remove
  }

  /// The member of the export that this holder's data stands in: `messages`.
  public var name: String
  public var export: @Sendable (borrowing Reading, _ user: Identifier) throws(Problem) -> JSONValue
  /// Runs in the transaction that erases the account, before its row loses the name.
  public var erase: @Sendable (inout Writing, _ user: Identifier, Choice) throws(Problem) -> Void

  public init(
    _ name: String, export: @escaping @Sendable (borrowing Reading, Identifier) throws(Problem) -> JSONValue,
    erase: @escaping @Sendable (inout Writing, Identifier, Choice) throws(Problem) -> Void
  ) {
    self.name = name
    self.export = export
    self.erase = erase
  }
}

// The data directory: what must outlive a restart. Its keys and secrets are made on the first start, for its owner only.

import AccessTokens
import Cryptography
import Identity
import Reactor
import Settings

/// What is wrong with the data directory, in words.
struct DataDirectoryError: Error, CustomStringConvertible {
  let description: String
}

enum DataDirectory {
  /// Characters of a generated secret: 62^43 is more than 2^255.
  private static let secretLength = 43
  private static let keysFileLimit = 64 * 1024

  /// The key from the settings if they name one, otherwise from the data directory. `creates` makes both when missing.
  static func key(_ settings: Settings, creates: Bool) throws -> APIKey {
    if !settings.apiKey.isEmpty { return APIKey(id: settings.apiKey, secret: settings.apiSecret) }
    let path = settings.dataDirectory + "/keys"
    guard let mode = Files.mode(path) else {
      guard creates else {
        throw DataDirectoryError(
          description: "there is no key at \(path): start `mqvi serve` once, name its --data directory, "
            + "or set MQVI_API_KEY and MQVI_API_SECRET")
      }
      return try create(path, in: settings.dataDirectory)
    }
    guard mode & 0o077 == 0 else {
      throw DataDirectoryError(description: "others may read \(path): run `chmod 600 \(path)`")
    }
    return try parse(String(decoding: try Files.read(path, limit: keysFileLimit), as: UTF8.self), path)
  }

  private static func create(_ path: String, in directory: String) throws -> APIKey {
    try Files.makePrivateDirectory(directory)
    let key = APIKey(
      id: "API" + SecureRandom.alphanumeric(12), secret: SecureRandom.alphanumeric(secretLength))
    let text = """
      # API key of this mqvi server: name, colon, secret. Whoever has it may enter every room.
      \(key.id): \(key.secret)

      """
    try Files.createPrivate(path, Array(text.utf8))
    return key
  }

  /// The first `name: secret` line.
  private static func parse(_ text: String, _ path: String) throws(DataDirectoryError) -> APIKey {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let parts = line.split(separator: ":", maxSplits: 1).map { String($0.filter { $0 != " " && $0 != "\r" }) }
      guard parts.count == 2, !parts[0].isEmpty, parts[1].utf8.count >= 32 else {
        throw DataDirectoryError(
          description: "\(path) has a line that is not `name: secret` with a secret of at least 32 characters")
      }
      return APIKey(id: parts[0], secret: parts[1])
    }
    throw DataDirectoryError(description: "\(path) holds no key")
  }
}

// MARK: - The secrets of accounts

extension DataDirectory {
  /// Those of the data directory, with what the settings name in their place (UN-008).
  static func accountKeys(_ settings: Settings) throws -> AccountKeys {
    var keys = try accountKeys(settings.dataDirectory)
    if !settings.jwtSecret.isEmpty { keys.access = Array(settings.jwtSecret.utf8) }
    if !settings.jwtRefreshSecret.isEmpty { keys.refresh = Array(settings.jwtRefreshSecret.utf8) }
    return keys
  }

  private static let secretNames = ["access", "refresh", "sealing"]

  /// What signs people's tokens and seals their second factors: made at the first start, beside the API key. Without
  /// this file everybody is signed out and second factors are lost, so it belongs into backups of the directory.
  static func accountKeys(_ directory: String) throws -> AccountKeys {
    let path = directory + "/secrets"
    guard let mode = Files.mode(path) else { return try createAccountKeys(path, in: directory) }
    guard mode & 0o077 == 0 else {
      throw DataDirectoryError(description: "others may read \(path): run `chmod 600 \(path)`")
    }
    var secrets: [String: [UInt8]] = [:]
    for line in String(decoding: try Files.read(path, limit: keysFileLimit), as: UTF8.self).split(separator: "\n")
    where !line.hasPrefix("#") {
      let parts = line.split(separator: ":", maxSplits: 1).map { String($0.filter { $0 != " " && $0 != "\r" }) }
      if parts.count == 2, let bytes = Base64.decode(parts[1]), bytes.count == 32 { secrets[parts[0]] = bytes }
    }
    guard let access = secrets["access"], let refresh = secrets["refresh"], let sealing = secrets["sealing"] else {
      throw DataDirectoryError(
        description:
          "\(path) lacks one of \(secretNames.joined(separator: ", ")): restore it from a backup, or remove it "
          + "to sign everybody out and start with new secrets")
    }
    return AccountKeys(access: access, refresh: refresh, sealing: sealing)
  }

  private static func createAccountKeys(_ path: String, in directory: String) throws -> AccountKeys {
    try Files.makePrivateDirectory(directory)
    let keys = AccountKeys.random()
    let text = """
      # Secrets of this mqvi server's accounts. Whoever has them is everybody; without them everybody is signed out.
      access: \(Base64.encode(keys.access))
      refresh: \(Base64.encode(keys.refresh))
      sealing: \(Base64.encode(keys.sealing))

      """
    try Files.createPrivate(path, Array(text.utf8))
    return keys
  }
}

// How much people may leave on the server.

public enum Limit {
  /// Bytes of a file: 25 MiB exactly pass, one more does not (MQ-081, UN-071).
  public static let fileBytes = 26_214_400
  /// Bytes that a form may have around its file.
  public static let formBytes = 64 * 1024
  /// Bytes of a picture that becomes an avatar: what a phone's camera makes.
  public static let avatarBytes = 10 * 1024 * 1024
  /// Bytes of the name of a file, in UTF-8. File systems have the same limit.
  public static let nameBytes = 255
  /// Files of one member that no message holds yet.
  public static let unsent = 50
  /// Bytes of all files of one member.
  public static let bytesPerMember = 5 * 1024 * 1024 * 1024
  /// Milliseconds after which an upload that no message holds is removed (UN-077).
  public static let unsentLife: Int64 = 24 * 60 * 60 * 1000
  /// Milliseconds that the content of a removed file stays: an upload of the same content may be under way, which finds
  /// it there and does not store it again.
  public static let blobGrace: Int64 = 60 * 60 * 1000
  /// Files and blobs that are removed in one transaction.
  public static let collected = 500
}

// The one error of this module: why bytes are not the message that they claim to be, or why a message cannot be written.

/// What is wrong with some bytes. Parsers throw it for anything that a remote end may send; no input makes them trap.
public enum WireError: Error, Hashable, Sendable {
  /// A fixed part or a length field reaches past the end of the bytes.
  case truncated
  /// The version bits are not the protocol's.
  case version
  /// A field holds a value that its specification rules out.
  case malformed
  /// The message is not of the type that was asked for.
  case otherType
  /// More elements than the named limit of the parser or the format allow.
  case tooMany
  /// The span that a writer was given has no room for the message.
  case noRoom
}

// What a handler does next: a request is a chain of steps, and each names the place where it runs.
//
// A handler blocks nowhere and holds no lock. It says what it needs (rows, a password's hash, the live rooms) and what it
// does then; the process runs the step on the right thread, and a test runs all of them in a row.

public import Identifiers
public import JSON
public import Problems

public enum Step: Sendable {
  case reply(Reply)
  /// Reads rows, on a reader thread, as of one snapshot.
  case read(@Sendable (borrowing Reading) throws(Problem) -> Step)
  /// Changes rows, on the writer thread, in one transaction. What follows runs only after its commit is durable; when
  /// the job throws, nothing of it happened. The route's permission is checked again first, against current facts.
  case write(@Sendable (inout Writing) throws(Problem) -> Step)
  /// Slow or outside work, on a worker.
  case work(Work, @Sendable (WorkResult) throws(Problem) -> Step)
  /// What only the living process knows: who is online, who is in which voice channel.
  case live(LiveRequest, @Sendable (LiveAnswer) throws(Problem) -> Step)

  /// `{success: true, name: value}`.
  public static func reply(_ name: String, _ value: JSONValue, status: Int = 200) -> Step {
    .reply(Reply(status: status, [name: value]))
  }

  /// `{success: true}`.
  public static var done: Step { .reply(Reply(status: 200, [:])) }
}

/// An answer. `success: true` is added when it is written.
public struct Reply: Sendable {
  public var status: Int
  public var body: JSONValue
  public var headers: [(name: String, value: String)]
  /// A stored file instead of a JSON body.
  public var file: FileBody?
  /// A finished body instead of a JSON body, with its type.
  public var raw: (type: String, bytes: [UInt8])?

  public init(
    status: Int, _ body: JSONValue, headers: [(name: String, value: String)] = [], file: FileBody? = nil,
    raw: (type: String, bytes: [UInt8])? = nil
  ) {
    self.status = status
    self.body = body
    self.headers = headers
    self.file = file
    self.raw = raw
  }
}

/// A blob to send.
public struct FileBody: Sendable, Hashable {
  /// SHA-256 of the content as 64 hexadecimal digits; the name under which the blob store keeps it.
  public var blob: String
  public var size: Int
  public var type: String
  /// `inline` or `attachment; filename*=…`.
  public var disposition: String

  public init(blob: String, size: Int, type: String, disposition: String) {
    self.blob = blob
    self.size = size
    self.type = type
    self.disposition = disposition
  }
}

/// Work that would hold up a thread which others wait for.
public enum Work: Sendable {
  /// bcrypt of a new password.
  case hashPassword(String)
  /// Whether the password belongs to the hash. Without a hash it takes as long and says no: nobody learns which
  /// accounts exist.
  case checkPassword(String, hash: String?)
  /// Stores an upload as a blob: sniffs its type, strips metadata, makes a thumbnail.
  case keep([UInt8], name: String, declaredType: String, purpose: UploadPurpose)
  /// Removes blobs that no row names any more.
  case discard(blobs: [String])
  /// A request to another server, through the address-checked client.
  case fetch(OutsideRequest)
  /// An online copy of the database into the folder of backups.
  case backUp
}

public enum UploadPurpose: Sendable, Hashable {
  case attachment
  /// An image only, scaled to a square of at most 256 pixels.
  case avatar
}

public struct OutsideRequest: Sendable, Hashable {
  public var method: String
  public var url: String
  public var headers: [String]
  public var body: [UInt8]
  /// Bytes of the answer that are wanted at most.
  public var limit: Int

  public init(method: String, url: String, headers: [String] = [], body: [UInt8] = [], limit: Int = 256 * 1024) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.limit = limit
  }
}

/// A blob and what was found out about it.
public struct KeptFile: Sendable, Hashable {
  /// SHA-256 as 64 hexadecimal digits.
  public var blob: String
  public var size: Int
  /// The sniffed type.
  public var type: String
  public var width: Int?
  public var height: Int?
  /// The blob of the thumbnail (WebP or JPEG), where there is one.
  public var thumbnail: String?
  public var thumbnailSize: Int?
  public var thumbnailType: String?

  public init(blob: String, size: Int, type: String) {
    self.blob = blob
    self.size = size
    self.type = type
  }
}

public enum WorkResult: Sendable {
  case hash(String)
  case matches(Bool)
  case kept(KeptFile)
  case fetched(status: Int, type: String, body: [UInt8])
  case done
  /// What the sender of the request hears.
  case failed(Problem)
}

/// What is asked of the living process; each is answered on the control thread.
public enum LiveRequest: Sendable {
  /// A token for the media room of a voice channel, for a member who may connect. Fails when the channel is full.
  case voiceToken(user: Identifier, name: String, channel: Identifier, host: String, isSecure: Bool)
  /// Who is in a voice channel, in which state.
  case voiceParticipants(channel: Identifier)
  /// Takes a member out of voice, or into another channel.
  case moveVoice(user: Identifier, to: Identifier?)
  /// Which channel a member's voice is in.
  case voiceChannel(of: Identifier)
  /// `online`, `idle`, `dnd` or `offline` of each of the members, as an object with their ids for names.
  case presences([Identifier])
  /// Numbers for the owner: connections, rooms, memory.
  case statistics
}

public enum LiveAnswer: Sendable {
  case json(JSONValue)
  case refused(Problem)
}

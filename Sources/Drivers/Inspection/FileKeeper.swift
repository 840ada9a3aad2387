// An upload on its way to being a file: recognised, freed of metadata, stored, and made a small picture of.

public import Blobs
import Bytes
import ImageMetadata
import Reactor

/// What was kept of an upload.
public struct KeptUpload: Sendable, Hashable {
  public struct Thumbnail: Sendable, Hashable {
    public var blob: BlobName
    public var size: Int
    public var type: String
    public var width: Int
    public var height: Int
  }

  public var blob: BlobName
  public var size: Int
  /// What the content is, whatever its sender said: the types that may be shown in place, what libmagic takes it for,
  /// or `application/octet-stream`.
  public var type: String
  /// Of images, as people see them.
  public var width: Int?
  public var height: Int?
  public var thumbnail: Thumbnail?
}

/// Why an upload was not kept.
public enum KeepingProblem: Error, Equatable, Sendable {
  /// Nothing in it.
  case empty
  /// An avatar that is no picture, or one that cannot be read.
  case noPicture
  /// Pictures cannot be made smaller on this machine: libvips is missing, or its child does not start.
  case unavailable
  case store(BlobError)
}

/// Does all that with an upload that takes time: for workers.
public struct FileKeeper<Store: BlobStore>: Sendable {
  private let store: Store
  private let inspector: Inspector
  private let report: @Sendable (String) -> Void

  /// `report` gets a line for the log when a child cannot do its work; called on any thread.
  public init(store: Store, inspector: Inspector, report: @escaping @Sendable (String) -> Void) {
    self.store = store
    self.inspector = inspector
    self.report = report
  }

  /// Keeps a file as it is, images without their metadata, and a thumbnail of an image where one can be made.
  public func keepFile(_ content: [UInt8]) throws(KeepingProblem) -> KeptUpload {
    guard !content.isEmpty else { throw .empty }
    if let image = try? CleanImage(content.rawSpan), image.width <= InspectionLimit.pixels / image.height {
      return try keepImage(image)
    }
    let type = type(of: content)
    return KeptUpload(blob: try put(content), size: content.count, type: type)
  }

  private func keepImage(_ image: CleanImage) throws(KeepingProblem) -> KeptUpload {
    var kept = KeptUpload(blob: try put(image.bytes), size: image.bytes.count, type: image.format.rawValue)
    kept.width = image.width
    kept.height = image.height
    guard
      let small = drawn(look(at: image.bytes, .thumbnail(width: ThumbnailLimit.side, height: ThumbnailLimit.side)))
    else { return kept }
    kept.thumbnail = try thumbnail(small)
    return kept
  }

  /// Keeps nothing of a picture but a square of its middle.
  public func keepAvatar(_ content: [UInt8]) throws(KeepingProblem) -> KeptUpload {
    guard let image = try? CleanImage(content.rawSpan), image.width <= InspectionLimit.pixels / image.height else {
      throw .noPicture
    }
    guard let report = look(at: image.bytes, .square(ThumbnailLimit.avatar)),
      !report.missing.contains("libvips")
    else { throw .unavailable }
    guard let picture = drawn(report) else { throw .noPicture }
    var kept = KeptUpload(blob: try put(picture.bytes), size: picture.bytes.count, type: "image/webp")
    kept.width = picture.width
    kept.height = picture.height
    return kept
  }

  /// The picture that a child drew. Only a WebP is one, whatever else a child that was taken over may say; and what the
  /// library has written beside it goes as with every image.
  private func drawn(_ report: InspectionReport?) -> CleanImage? {
    guard let bytes = report?.picture?.bytes, let image = try? CleanImage(bytes.rawSpan), image.format == .webp,
      image.width <= InspectionLimit.side, image.height <= InspectionLimit.side
    else { return nil }
    return image
  }

  private func thumbnail(_ picture: CleanImage) throws(KeepingProblem) -> KeptUpload.Thumbnail {
    KeptUpload.Thumbnail(
      blob: try put(picture.bytes), size: picture.bytes.count, type: "image/webp", width: picture.width,
      height: picture.height)
  }

  private func put(_ content: [UInt8]) throws(KeepingProblem) -> BlobName {
    do throws(BlobError) { return try store.put(content) } catch { throw .store(error) }
  }

  /// Its own signature where that is one of the shown kinds; otherwise libmagic's word, which is for people only.
  private func type(of content: [UInt8]) -> String {
    let signature = Signature.type(of: content.rawSpan)
    if let signature, signature != "text/plain" { return signature }
    let found = look(at: content, .type)?.type
    guard signature == "text/plain", String(validating: content, as: UTF8.self) != nil else {
      return Self.inert(found ?? "application/octet-stream")
    }
    if Signature.looksActive(content) { return found.flatMap { Self.documents.contains($0) ? $0 : nil } ?? "text/html" }
    // Source code of all kinds is text to people; what browsers would do something else with is not.
    guard let found, !found.hasPrefix("text/") || Self.activeTexts.contains(found) else { return "text/plain" }
    return Self.inert(found)
  }

  private static var documents: Set<String> {
    ["image/svg+xml", "text/xml", "application/xml", "application/xhtml+xml"]
  }

  private static var activeTexts: Set<String> {
    ["text/html", "text/xml", "text/javascript", "text/ecmascript", "text/css", "text/x-component", "text/vtt"]
  }

  /// A type that our own eyes did not confirm is never one that is shown in place.
  private static func inert(_ type: String) -> String {
    let shown = ["image/", "audio/", "video/"].contains { type.hasPrefix($0) }
    let isDrawing = type == "image/svg+xml"
    return (shown && !isDrawing) || type == "application/pdf" ? "application/octet-stream" : type
  }

  /// A child's report. What keeps it from working is told once a case, not to the sender: the file is kept without.
  private func look(at content: [UInt8], _ wish: InspectionWish) -> InspectionReport? {
    do throws(SystemError) {
      guard let found = try inspector.look(at: content, wish) else {
        report("a child gave no report about a file of \(content.count) bytes")
        return nil
      }
      if !found.missing.isEmpty { report("not installed: \(found.missing.joined(separator: ", "))") }
      return found
    } catch {
      report(error.description)
      return nil
    }
  }
}

enum ThumbnailLimit {
  /// Pixels on the longer side of a thumbnail: what a message shows on a dense screen.
  static let side = 400
  /// Pixels on a side of an avatar.
  static let avatar = 256
}

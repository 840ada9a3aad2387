// What looking at one file may take.

public import Chronology

public enum InspectionLimit {
  /// Bytes of a file that is looked at: the largest upload and room to spare.
  public static let fileBytes = 32 * 1024 * 1024
  /// Address space of a child: decoding the largest picture that is taken, with the libraries around it.
  public static let memoryBytes = 1024 * 1024 * 1024
  /// Seconds of the processor that a child may use.
  public static let processorSeconds = 10
  /// After which a child is ended, whatever it does.
  public static let time = Interval.seconds(15)
  /// Bytes that a child may answer with: a thumbnail of the largest kind has a tenth.
  public static let reportBytes = 2 * 1024 * 1024
  /// Width times height of a picture that is decoded or shown: a file of kilobytes can claim to be gigabytes of pixels.
  public static let pixels = 64 * 1024 * 1024
  /// Pixels on one side of what is asked for.
  public static let side = 1024
}

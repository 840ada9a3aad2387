// What the caller may say about a run.

#if canImport(Glibc)
  import Glibc
#endif

enum Environment {
  /// `MQVI_SEED=N` replays one seed.
  static let seed = value("MQVI_SEED").flatMap(UInt64.init)
  /// `MQVI_LONG=1` runs many more seeds, with more clients and time.
  static let isLong = value("MQVI_LONG") == "1"
  /// `MQVI_VERBOSE=1` prints what each run was.
  static let isVerbose = value("MQVI_VERBOSE") == "1"
  /// `MQVI_TRACE=1` prints every event of every run, except datagrams.
  static let isTraced = value("MQVI_TRACE") == "1"

  private static func value(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    return String(cString: value)
  }
}

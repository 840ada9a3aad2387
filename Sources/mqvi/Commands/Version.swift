// `mqvi version`.

enum Version {
  /// Ours, by semantic versioning.
  static let number = "0.1.0"

  static func run() -> ExitStatus {
    Terminal.print("mqvi \(number)")
    return .success
  }
}

// Cookies: the names we use, how they are set and read, and the check that goes with them (UN-007, UN-012).

import API
import Chronology

/// The cookies of a browser that is signed in.
enum Cookies {
  /// The access token.
  static let access = "token"
  static let refresh = "refresh_token"
  /// Tells a browser that has been signed in from a stranger's.
  static let device = "device"

  /// The value of `name` in a `Cookie` header (RFC 6265 §4.2.1). The first of equal names counts.
  static func value(_ name: String, in header: String?) -> String? {
    guard let header, header.utf8.count <= Limit.cookieBytes else { return nil }
    for pair in header.split(separator: ";") {
      let trimmed = pair.drop { $0 == " " }
      guard trimmed.hasPrefix(name + "=") else { continue }
      let value = trimmed.dropFirst(name.count + 1)
      return value.isEmpty ? nil : String(value)
    }
    return nil
  }

  /// A `Set-Cookie` field: out of reach for scripts, not sent along from other sites, over https only where we have it.
  static func set(
    _ name: String, _ value: String, life: Interval, path: String, _ origin: Origin
  ) -> (name: String, value: String) {
    let seconds = life.milliseconds / 1000
    let secure = origin.isSecure ? "; Secure" : ""
    return ("Set-Cookie", "\(name)=\(value); Path=\(path); Max-Age=\(seconds); HttpOnly; SameSite=Lax\(secure)")
  }

  /// Removes the cookies of a session; the browser stays known.
  static func cleared(_ origin: Origin) -> [(name: String, value: String)] {
    [
      set(access, "", life: .zero, path: "/", origin), set(refresh, "", life: .zero, path: "/api", origin),
    ]
  }
}

/// Whether a request that a cookie speaks for was made by our own page (UN-012).
public enum OriginCheck {
  /// Passes methods that change nothing, and requests whose `Origin` names the host that they were sent to. The scheme is
  /// left out: behind a proxy we do not always know it, and another scheme on the same host is still the same host.
  public static func permits(method: String, origin: String?, host: String) -> Bool {
    if method == "GET" || method == "HEAD" || method == "OPTIONS" { return true }
    guard let origin, let scheme = ["https://", "http://"].first(where: { origin.hasPrefix($0) }) else { return false }
    return origin.dropFirst(scheme.count).lowercased() == host.lowercased()
  }
}

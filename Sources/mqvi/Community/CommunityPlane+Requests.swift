// A request from its head to its answer.

import API
import Chronology
import Gateway
import Problems
import WebEdge

extension CommunityPlane {
  /// Whether a path is one of ours.
  static func serves(_ path: String) -> Bool { path.hasPrefix("/api/") && path != "/api/rooms/token" }

  /// Who may send a body, decided on its head: nobody makes us keep what they may not send.
  mutating func bodyLimit(for head: HTTPRequest, at moment: Moment) -> BodyDecision {
    do throws(Problem) {
      let inquiry = try identified(head, at: moment)
      let (route, values) = try router.find(inquiry.method, inquiry.path)
      try Router.check(route, values, inquiry, directory, at: moment)
      switch route.body {
      case .none: return .read(upTo: Router.Limit.jsonBytes)
      case .json, .optionalJSON: return .read(upTo: Router.Limit.jsonBytes)
      case .file(let limit): return .read(upTo: limit)
      }
    } catch {
      return .refuse(HTTPResponse(error, request: nil))
    }
  }

  mutating func request(
    _ request: HTTPRequest, id: RequestID, at moment: Moment, _ living: inout Living, _ replies: inout WebReplies
  ) {
    if request.method == .get || request.method == .head, let page = documentation.response(to: request.path) {
      return replies.respond(id, page)
    }
    var rate: RateState?
    do throws(Problem) {
      let inquiry = try identified(request, at: moment)
      let (route, values) = try router.find(inquiry.method, inquiry.path)
      rate = try limits.take(route.rate, of: Self.subject(route, inquiry), at: moment.instant)
      let bare = Call(path: values, caller: inquiry.caller, origin: inquiry.origin, directory: directory, at: moment)
      var chain = Chain(request: id, route: route, call: bare, rate: rate)
      // Who writes is there, whatever the gateway's sockets do.
      if let caller = inquiry.caller, route.method != .get { living.gateway.noticed(caller.user, at: moment) }
      do throws(Problem) {
        chain.call = try router.call(route, values, inquiry, directory, at: moment)
        advance(chain, .success(try route.handle(chain.call)), at: moment, &living, &replies)
      } catch {
        advance(chain, .failure(error), at: moment, &living, &replies)
      }
    } catch {
      replies.respond(id, refusal(error, rate))
    }
  }

  /// Rates are counted by account where there is one, and by address where there is none or a password is tried.
  private static func subject(_ route: Route, _ inquiry: Inquiry) -> RateSubject {
    if route.rate != .credentials, let caller = inquiry.caller { return .user(caller.user) }
    return .address(network(inquiry.origin.address))
  }

  /// An IPv6 customer has at least 64 bits of addresses: they count as one.
  private static func network(_ address: String) -> String {
    guard address.contains(":") else { return address }
    return address.split(separator: ":", maxSplits: 4, omittingEmptySubsequences: false).prefix(4).joined(
      separator: ":")
  }

  /// The request with who asks.
  private mutating func identified(_ request: HTTPRequest, at moment: Moment) throws(Problem) -> Inquiry {
    var inquiry = Inquiry(request)
    inquiry.caller = try caller(of: request, inquiry, at: moment)
    return inquiry
  }
}

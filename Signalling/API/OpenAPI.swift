// The OpenAPI 3.1 document, written from the route table: what is checked and what is documented cannot differ.

import Access
public import JSON
import Problems

/// Shapes of answers that many routes share, by name.
public typealias Components = [(name: String, shape: Shape)]

public enum OpenAPI {
  /// The document at `/api/openapi.json`.
  public static func document(_ routes: [Route], _ components: Components, version: String) -> JSONValue {
    var paths = JSONObject()
    for route in routes {
      let path = "/api" + route.path
      var item = paths[path]?.object ?? JSONObject()
      item[route.method.rawValue.lowercased()] = operation(route)
      paths[path] = .object(item)
    }
    var schemas = JSONObject()
    schemas["Problem"] = problem
    for component in components { schemas[component.name] = component.shape.schema }
    var tags: [String] = []
    for route in routes where !tags.contains(route.tag) { tags.append(route.tag) }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "mqvi", "version": .string(version),
        "description": "Accounts, channels, messages and voice rooms of one community. Errors are Problem objects.",
      ],
      "servers": [["url": "/"]],
      "tags": .array(tags.map { ["name": .string($0)] }),
      "paths": .object(paths),
      "components": [
        "schemas": .object(schemas),
        "securitySchemes": [
          "bearer": ["type": "http", "scheme": "bearer", "bearerFormat": "JWT"],
          "cookie": ["type": "apiKey", "in": "cookie", "name": "token"],
          "bot": ["type": "apiKey", "in": "header", "name": "Authorization", "description": "`Bot <token>`"],
        ],
      ],
    ]
  }

  private static func operation(_ route: Route) -> JSONValue {
    var object = JSONObject()
    object["operationId"] = .string(route.name)
    object["summary"] = .string(route.summary)
    object["tags"] = [.string(route.tag)]
    object["description"] = .string(route.access.words + (route.scope.map { " Scope of bots: `\($0)`." } ?? ""))
    object["security"] = route.access == .anyone ? [] : security(route)
    let parameters = pathParameters(route) + queryParameters(route)
    if !parameters.isEmpty { object["parameters"] = .array(parameters) }
    if let body = requestBody(route.body) { object["requestBody"] = body }
    object["responses"] = responses(route)
    return .object(object)
  }

  private static func security(_ route: Route) -> JSONValue {
    var ways: [JSONValue] = [["bearer": []], ["cookie": []]]
    if route.scope != nil { ways.append(["bot": []]) }
    return .array(ways)
  }

  private static func pathParameters(_ route: Route) -> [JSONValue] {
    route.parameters.map { name in
      let shape: Shape = name.hasSuffix("_id") ? .identifier : .string(1...200)
      return ["name": .string(name), "in": "path", "required": true, "schema": shape.schema]
    }
  }

  private static func queryParameters(_ route: Route) -> [JSONValue] {
    route.query.map { parameter in
      [
        "name": .string(parameter.name), "in": "query", "required": false, "description": .string(parameter.note),
        "schema": parameter.schema.schema,
      ]
    }
  }

  private static func requestBody(_ body: Route.Body) -> JSONValue? {
    switch body {
    case .none: nil
    case .json(let shape): ["required": true, "content": ["application/json": ["schema": shape.schema]]]
    case .optionalJSON(let shape): ["required": false, "content": ["application/json": ["schema": shape.schema]]]
    case .file(let limit):
      [
        "required": true, "description": .string("At most \(limit) bytes."),
        "content": [
          "multipart/form-data": [
            "schema": [
              "type": "object", "required": ["file"],
              "properties": ["file": ["type": "string", "contentMediaType": "application/octet-stream"]],
            ]
          ],
          "application/octet-stream": [:],
        ],
      ]
    }
  }

  private static func responses(_ route: Route) -> JSONValue {
    var object = JSONObject()
    if route.produces.isEmpty {
      let fields = [Shape.Field("success", .boolean)] + route.answer
      object[String(route.status)] = [
        "description": "Done.", "content": ["application/json": ["schema": Shape.object(fields).openSchema]],
      ]
    } else {
      var content = JSONObject()
      for type in route.produces { content[type] = [:] }
      object[String(route.status)] = ["description": "Done.", "content": .object(content)]
    }
    var codes: [Int: [String]] = [:]
    for code in problems(route) { codes[code.status, default: []].append(code.rawValue) }
    for (status, words) in codes.sorted(by: { $0.key < $1.key }) {
      object[String(status)] = [
        "description": .string(words.joined(separator: ", ")),
        "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
      ]
    }
    return .object(object)
  }

  /// What can go wrong: what follows from the route's form, and what it names itself.
  static func problems(_ route: Route) -> [Problem.Code] {
    var codes: [Problem.Code] = [.rateLimit, .unavailable, .internal]
    if route.access != .anyone { codes += [.unauthorized, .forbidden] }
    if !route.parameters.isEmpty { codes.append(.notFound) }
    if !route.query.isEmpty { codes.append(.validation) }
    switch route.body {
    case .none: break
    default: codes += [.validation, .payloadTooLarge]
    }
    for code in route.problems where !codes.contains(code) { codes.append(code) }
    return codes
  }

  private static let problem: JSONValue = [
    "type": "object", "required": ["success", "error", "code"],
    "properties": [
      "success": ["const": false],
      "error": ["type": "string", "description": "A sentence for people."],
      "code": ["enum": .array(Problem.Code.allCases.map { .string($0.rawValue) })],
      "reason": ["type": "string", "description": "A finer word where the code leaves open what to do."],
      "pointer": ["type": "string", "description": "The member that is wrong (RFC 6901)."],
      "retry_after": ["type": "number", "description": "Seconds."],
      "ticket": ["type": "string", "description": "What the second step of signing in has to show."],
      "request": ["type": "string", "description": "The request's id in the server's log."],
    ],
  ]
}

extension RouteAccess {
  /// The rule as a sentence.
  public var words: String {
    switch self {
    case .anyone: "For anyone."
    case .member: "For members."
    case .person: "For people, not for bots."
    case .server(let permissions): "Needs \(permissions.codes.joined(separator: ", "))."
    case .channel(let permissions):
      permissions.isEmpty
        ? "For who may view the channel." : "Needs \(permissions.codes.joined(separator: ", ")) in the channel."
    }
  }
}

extension Shape {
  /// As JSON Schema; objects take no members but the named ones.
  public var schema: JSONValue { schema(isClosed: true) }
  /// As JSON Schema for answers: clients must expect more members later.
  public var openSchema: JSONValue { schema(isClosed: false) }

  private func schema(isClosed: Bool) -> JSONValue {
    switch self {
    case .any: [:]
    case .boolean: ["type": "boolean"]
    case .integer(let range):
      [
        "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
      ]
    case .string(let lengths):
      [
        "type": "string", "minLength": .integer(Int64(lengths.lowerBound)),
        "maxLength": .integer(Int64(lengths.upperBound)),
      ]
    case .identifier: ["type": "string", "pattern": "^[0-7][0-9a-f]{15}$"]
    case .time: ["type": "string", "format": "date-time"]
    case .choice(let words): ["enum": .array(words.map { .string($0) })]
    case .array(let element, let counts):
      [
        "type": "array", "items": element.schema(isClosed: isClosed), "minItems": .integer(Int64(counts.lowerBound)),
        "maxItems": .integer(Int64(counts.upperBound)),
      ]
    case .nullable(let shape): ["anyOf": [shape.schema(isClosed: isClosed), ["type": "null"]]]
    case .reference(let name): ["$ref": .string("#/components/schemas/" + name)]
    case .object(let fields): Self.object(fields, isClosed: isClosed)
    }
  }

  private static func object(_ fields: [Field], isClosed: Bool) -> JSONValue {
    var properties = JSONObject()
    for field in fields {
      var schema = field.schema.schema(isClosed: isClosed)
      if !field.note.isEmpty, var object = schema.object {
        object["description"] = .string(field.note)
        schema = .object(object)
      }
      properties[field.name] = schema
    }
    var object = JSONObject()
    object["type"] = "object"
    object["properties"] = .object(properties)
    let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
    if !required.isEmpty { object["required"] = .array(required) }
    if isClosed { object["additionalProperties"] = false }
    return .object(object)
  }
}

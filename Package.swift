// swift-tools-version: 6.2
// The whole house in one place: every target, the settings it is built with and the only edges it may have.
// Tests/ArchitectureTests holds the imports against the same arrows; Sources/Documentation/architecture.md explains them.
import PackageDescription

/// Production code: Swift 6 mode, strict memory safety, every warning an error. `-cross-module-optimization` is what
/// makes small modules free on the packet path (Sources/Documentation/decisions/0001-small-modules.md).
let production: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error),
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// Tests: the same without strict memory safety, which the expansions of `#expect(throws:)` trip over.
let testing: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .treatAllWarnings(as: .error),
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
]

/// `libm`: rounding is a C function to Swift, and only Foundation would bring it along by itself.
func library(_ name: String, _ path: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(
    name: name, dependencies: dependencies, path: path, swiftSettings: production,
    linkerSettings: [.linkedLibrary("m")])
}

func tests(_ name: String, _ path: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: path, swiftSettings: testing)
}

/// One C library: a module map and, where macros hide what Swift needs, a shim of a few lines.
func clibrary(_ name: String, links: [String]) -> Target {
  .target(
    name: name, path: "Sources/C/\(name)", publicHeadersPath: "include",
    linkerSettings: links.map { .linkedLibrary($0) })
}

let foundations: [Target] = [
  library("Bytes", "Sources/Foundations/Bytes"),
  library("Chronology", "Sources/Foundations/Chronology"),
  library("Randomness", "Sources/Foundations/Randomness"),
  library("Telemetry", "Sources/Foundations/Telemetry", ["Chronology"]),
  library("Settings", "Sources/Foundations/Settings"),
  library("JSON", "Sources/Foundations/JSON"),
  library("ImageMetadata", "Sources/Foundations/ImageMetadata", ["Bytes"]),
  library("Multipart", "Sources/Foundations/Multipart", ["Bytes"]),
  library("Identifiers", "Sources/Foundations/Identifiers", ["Chronology"]),
  library("MediaContract", "Sources/Foundations/MediaContract", ["Chronology"]),
]

let clibraries: [Target] = [
  clibrary("CLinux", links: []),
  clibrary("COpenSSL", links: ["ssl", "crypto"]),
  clibrary("CSRTP", links: ["srtp2"]),
  clibrary("CCurl", links: ["curl"]),
  clibrary("COpus", links: ["opus"]),
  clibrary("CVPX", links: ["vpx"]),
  clibrary("CZlib", links: ["z"]),
  clibrary("CSQLite", links: ["sqlite3"]),
  clibrary("CInspection", links: []),
  clibrary("CCrypt", links: ["crypt"]),
]

let media: [Target] = [
  library(
    "Cryptography", "Sources/Cryptography",
    ["Bytes", "Chronology", "Randomness", "MediaContract", "COpenSSL", "CCrypt"]),
  library("Wire", "Media/Wire", ["Bytes", "MediaContract"]),
  library(
    "Connectivity", "Media/Connectivity",
    ["Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Cryptography"]),
  library("Congestion", "Media/Congestion", ["Bytes", "Chronology", "MediaContract", "Wire"]),
  library("Streams", "Media/Streams", ["Bytes", "Chronology", "Randomness", "MediaContract", "Wire"]),
  library("DataChannels", "Media/DataChannels", ["Bytes", "Chronology", "Randomness"]),
  library(
    "Forwarding", "Media/Forwarding",
    ["Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Congestion", "Streams"]),
  library(
    "Node", "Media/Node",
    [
      "Bytes", "Chronology", "Randomness", "Telemetry", "MediaContract", "Wire", "Cryptography", "Connectivity",
      "Congestion", "Streams", "Forwarding", "DataChannels",
    ]),
  library(
    "Peer", "Media/Peer",
    [
      "Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Cryptography", "Connectivity", "Congestion",
      "Streams", "DataChannels",
    ]),
]

let signalling: [Target] = [
  library("LiveKitProtocol", "Signalling/RTC/LiveKitProtocol", ["JSON", "Cryptography"]),
  library(
    "AccessTokens", "Signalling/RTC/AccessTokens", ["Chronology", "JSON", "Cryptography", "LiveKitProtocol"]),
  library("SessionDescriptions", "Signalling/RTC/SessionDescriptions", ["MediaContract"]),
  library(
    "Rooms", "Signalling/RTC/Rooms",
    [
      "Chronology", "Randomness", "JSON", "MediaContract", "Cryptography", "LiveKitProtocol", "AccessTokens",
      "SessionDescriptions",
    ]),
  library("Schema", "Signalling/Schema", ["SQL"]),
  library("Problems", "Signalling/Problems"),
  library("Access", "Signalling/Access", ["Chronology", "Identifiers", "Problems", "SQL"]),
  library(
    "API", "Signalling/API",
    ["Chronology", "Identifiers", "JSON", "Cryptography", "Problems", "Access", "SQL"]),
  library(
    "Identity", "Signalling/Identity",
    ["Chronology", "Identifiers", "JSON", "Cryptography", "Problems", "Access", "API", "SQL"]),
  library(
    "Community", "Signalling/Community",
    ["Chronology", "Identifiers", "JSON", "Cryptography", "Problems", "Access", "API", "SQL", "Identity"]),
  library(
    "Voice", "Signalling/Voice",
    [
      "Chronology", "Identifiers", "JSON", "LiveKitProtocol", "AccessTokens", "Rooms", "Problems", "Access", "API",
      "SQL",
    ]),
  library(
    "Gateway", "Signalling/Gateway",
    ["Chronology", "Identifiers", "JSON", "Problems", "Access", "API", "SQL", "Identity", "Community", "Chat"]),
  library(
    "Attachments", "Signalling/Attachments",
    [
      "Bytes", "Chronology", "Identifiers", "JSON", "Multipart", "Problems", "Access", "API", "SQL", "Identity",
    ]),
  library(
    "Chat", "Signalling/Chat",
    ["Chronology", "Identifiers", "JSON", "Problems", "Access", "SQL", "API", "Attachments"]),
  library(
    "Import", "Signalling/Import",
    [
      "Chronology", "Identifiers", "JSON", "Problems", "Access", "API", "SQL", "Community", "Attachments", "Chat",
    ]),
  library(
    "Integrations", "Signalling/Integrations",
    [
      "Chronology", "Identifiers", "JSON", "Cryptography", "Problems", "Access", "API", "SQL", "Identity", "Chat",
    ]),
  library(
    "Endpoints", "Signalling/Endpoints",
    [
      "Chronology", "Identifiers", "JSON", "Problems", "API", "Identity", "Community", "Attachments", "Chat",
      "Integrations", "Voice",
    ]),
]

let drivers: [Target] = [
  library("Reactor", "Sources/Drivers/Reactor", ["Bytes", "Chronology", "Wire", "CLinux"]),
  library(
    "EventLoops", "Sources/Drivers/EventLoops",
    [
      "Bytes", "Chronology", "Randomness", "Telemetry", "MediaContract", "Wire", "Connectivity", "Cryptography", "Node",
      "Reactor", "CLinux",
    ]),
  library(
    "WebEdge", "Sources/Drivers/WebEdge",
    ["Bytes", "Chronology", "Wire", "Reactor", "Compression", "CLinux", "COpenSSL"]),
  library("Blobs", "Sources/Drivers/Blobs", ["Chronology", "Cryptography", "Reactor", "CLinux"]),
  library("Passwords", "Sources/Drivers/Passwords", ["Cryptography", "Reactor"]),
  library(
    "Inspection", "Sources/Drivers/Inspection",
    ["Bytes", "Chronology", "ImageMetadata", "Blobs", "Reactor", "CInspection"]),
  library("Fetch", "Sources/Drivers/Fetch", ["Chronology", "Wire", "Reactor", "CCurl"]),
  library("Compression", "Sources/Drivers/Compression", ["CZlib"]),
  library("SQL", "Sources/Drivers/SQL", ["CSQLite"]),
  library("Store", "Sources/Drivers/Store", ["Chronology", "Reactor", "SQL", "CLinux"]),
  library("MediaCodecs", "Sources/Drivers/MediaCodecs", ["Bytes", "Randomness", "COpus", "CVPX"]),
]

let demonstration: [Target] = [
  library(
    "Demonstration", "Sources/Demonstration",
    [
      "Bytes", "Chronology", "Randomness", "MediaContract", "Cryptography", "Wire", "Connectivity", "Peer",
      "LiveKitProtocol", "AccessTokens", "SessionDescriptions", "Rooms", "Reactor", "EventLoops", "MediaCodecs",
    ])
]

let executables: [Target] = [
  .executableTarget(
    name: "mqvi",
    dependencies: [
      "Bytes", "Chronology", "Randomness", "Telemetry", "Settings", "JSON", "MediaContract", "Cryptography", "Wire",
      "Node",
      "Peer", "LiveKitProtocol", "AccessTokens", "SessionDescriptions", "Rooms", "Reactor", "EventLoops", "WebEdge",
      "Fetch", "Compression", "MediaCodecs", "Demonstration", "CLinux", "Identifiers", "SQL",
      "Schema", "Store", "Problems", "Access", "API", "Import", "Endpoints", "Chat", "Integrations", "Gateway", "Voice",
      "Passwords",
      "Identity",
      "Blobs", "Inspection", "Attachments",
    ],
    path: "Sources/mqvi", swiftSettings: production)
]

/// `MQVI_SUITES=Wire,Streams swift test` builds and runs only those suites: an edit-test loop of seconds.
let wanted = Context.environment["MQVI_SUITES"]?.split(separator: ",").map { "\($0)Tests" }

/// What is fuzzed, one library for each module under attack: the module's tests replay it, and libFuzzer drives it.
let fuzzEntries: [Target] = [
  .target(name: "FuzzSupport", path: "Tests/Fuzz/Support", swiftSettings: testing),
  .target(
    name: "WireFuzzEntries", dependencies: ["Bytes", "MediaContract", "Wire", "FuzzSupport"],
    path: "Tests/Fuzz/Entries/Wire", swiftSettings: testing),
  .target(
    name: "DataChannelsFuzzEntries",
    dependencies: ["Bytes", "Chronology", "Randomness", "DataChannels", "FuzzSupport"],
    path: "Tests/Fuzz/Entries/DataChannels", swiftSettings: testing),
  .target(
    name: "FilesFuzzEntries", dependencies: ["Bytes", "ImageMetadata", "Multipart", "FuzzSupport"],
    path: "Tests/Fuzz/Entries/Files", swiftSettings: testing),
  .target(
    name: "IdentityFuzzEntries", dependencies: ["Chronology", "Identifiers", "API", "Identity", "FuzzSupport"],
    path: "Tests/Fuzz/Entries/Identity", swiftSettings: testing),
  .target(
    name: "SignallingFuzzEntries",
    dependencies: [
      "Chronology", "JSON", "LiveKitProtocol", "AccessTokens", "MediaContract", "SessionDescriptions", "FuzzSupport",
    ],
    path: "Tests/Fuzz/Entries/Signalling", swiftSettings: testing),
  .target(
    name: "ChatFuzzEntries", dependencies: ["Chat", "FuzzSupport"], path: "Tests/Fuzz/Entries/Chat",
    swiftSettings: testing),
]

/// libFuzzer executables, for `scripts/fuzz` only: they link with instrumented code alone.
func fuzzTargets(_ entries: Target.Dependency, _ names: [String]) -> [Target] {
  names.map { name in
    .executableTarget(
      name: "Fuzz\(name)", dependencies: [entries, "FuzzDriver"], path: "Tests/Fuzz/Targets/\(name)",
      swiftSettings: testing)
  }
}

let fuzzing: [Target] =
  Context.environment["MQVI_FUZZ"] == nil
  ? []
  : [.target(name: "FuzzDriver", dependencies: ["FuzzSupport"], path: "Tests/Fuzz/Driver", swiftSettings: testing)]
    + fuzzTargets(
      "WireFuzzEntries",
      [
        "STUN", "Framing", "SocketAddress", "RTP", "RED", "RTCP", "VP8", "VP9", "H264", "H265", "AV1", "Opus",
        "DependencyDescriptor",
      ])
    + fuzzTargets("DataChannelsFuzzEntries", ["SCTP"])
    + fuzzTargets("IdentityFuzzEntries", ["Credentials"])
    + fuzzTargets("FilesFuzzEntries", ["ImageMetadata", "Multipart"])
    + fuzzTargets("ChatFuzzEntries", ["MessageText", "SearchQuery", "PagePreview"])
    + fuzzTargets(
      "SignallingFuzzEntries", ["JSON", "Protobuf", "MessageJSON", "DataPacket", "AccessToken", "SessionDescription"])

/// Tools that spawn processes and read sockets by C throughout: as tests, optimised as the product.
let tooling = testing + [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

/// Measurements: only for `scripts/bench`, because their executables replace malloc and the reference counts.
let benchmarks: [Target] =
  Context.environment["MQVI_BENCH"] == nil
  ? []
  : [
    .target(name: "CRuntimeCounters", path: "bench/Support/CRuntimeCounters", publicHeadersPath: "include"),
    library("Harness", "bench/Support/Harness", ["CRuntimeCounters", "Chronology", "JSON", "Reactor"]),
    .executableTarget(
      name: "Micro",
      dependencies: [
        "Harness", "Bytes", "Chronology", "Randomness", "JSON", "MediaContract", "Wire", "Cryptography", "Connectivity",
        "Congestion", "Streams", "Forwarding", "Node", "Reactor",
      ],
      path: "bench/Micro", swiftSettings: production),
    .executableTarget(
      name: "Floor", dependencies: ["Harness", "Chronology", "Wire", "Reactor", "CLinux", "COpenSSL"],
      path: "bench/Floor", swiftSettings: tooling),
    .executableTarget(
      name: "StoreBench", dependencies: ["Harness", "Chronology", "Reactor", "SQL", "Store"],
      path: "bench/Store", swiftSettings: tooling),
    .executableTarget(
      name: "ChatBench",
      dependencies: [
        "Harness", "Chronology", "Randomness", "Identifiers", "JSON", "Problems", "Access", "API", "SQL", "Schema",
        "Chat", "Reactor",
      ],
      path: "bench/Chat", swiftSettings: tooling),
    .executableTarget(
      name: "Load",
      dependencies: [
        "Harness", "Bytes", "Chronology", "Randomness", "JSON", "MediaContract", "Wire", "Cryptography", "Connectivity",
        "Streams", "Peer", "LiveKitProtocol", "AccessTokens", "SessionDescriptions", "Reactor", "MediaCodecs", "CLinux",
      ],
      path: "bench/Load", swiftSettings: tooling),
  ]

let everySuite: [Target] = [
  .target(
    name: "TestSupport", dependencies: ["Bytes", "Chronology", "Randomness"], path: "Tests/Support",
    exclude: ["Community"], swiftSettings: testing),
  .target(
    name: "CommunitySupport",
    dependencies: ["Chronology", "Identifiers", "JSON", "Problems", "Access", "API", "SQL", "Schema"],
    path: "Tests/Support/Community", swiftSettings: testing),
  tests("ArchitectureTests", "Tests/Architecture", []),
  tests(
    "FoundationsTests", "Tests/Foundations",
    [
      "Bytes", "Chronology", "Randomness", "Telemetry", "Settings", "JSON", "ImageMetadata", "Multipart", "FuzzSupport",
      "FilesFuzzEntries", "TestSupport",
    ]),
  tests(
    "CryptographyTests", "Tests/Cryptography",
    ["Bytes", "Chronology", "Randomness", "MediaContract", "Cryptography", "COpenSSL", "CSRTP", "TestSupport"]),
  tests(
    "WireTests", "Tests/Media/Wire",
    ["Bytes", "MediaContract", "Randomness", "Wire", "FuzzSupport", "WireFuzzEntries", "TestSupport"]),
  tests(
    "ConnectivityTests", "Tests/Media/Connectivity",
    ["Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Cryptography", "Connectivity", "TestSupport"]),
  tests(
    "CongestionTests", "Tests/Media/Congestion",
    ["Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Congestion", "TestSupport"]),
  tests(
    "StreamsTests", "Tests/Media/Streams",
    ["Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Streams", "TestSupport"]),
  tests(
    "DataChannelsTests", "Tests/Media/DataChannels",
    [
      "Bytes", "Chronology", "Randomness", "DataChannels", "FuzzSupport", "DataChannelsFuzzEntries", "TestSupport",
    ]),
  tests(
    "ForwardingTests", "Tests/Media/Forwarding",
    [
      "Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Streams", "Congestion", "Forwarding",
      "TestSupport",
    ]),
  tests(
    "NodeTests", "Tests/Media/Node",
    [
      "Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Cryptography", "Connectivity", "Streams",
      "Forwarding", "DataChannels", "Node", "Peer", "TestSupport",
    ]),
  tests(
    "LiveKitProtocolTests", "Tests/Signalling/RTC/LiveKitProtocol",
    ["Randomness", "JSON", "LiveKitProtocol", "FuzzSupport", "SignallingFuzzEntries", "TestSupport"]),
  tests(
    "AccessTokensTests", "Tests/Signalling/RTC/AccessTokens",
    ["Chronology", "Randomness", "JSON", "Cryptography", "LiveKitProtocol", "AccessTokens", "TestSupport"]),
  tests(
    "SessionDescriptionsTests", "Tests/Signalling/RTC/SessionDescriptions",
    ["MediaContract", "Randomness", "SessionDescriptions", "TestSupport"]),
  tests(
    "RoomsTests", "Tests/Signalling/RTC/Rooms",
    [
      "Chronology", "Randomness", "JSON", "MediaContract", "Cryptography", "LiveKitProtocol", "AccessTokens",
      "SessionDescriptions", "Rooms", "TestSupport",
    ]),
  tests(
    "GatewayTests", "Tests/Signalling/Gateway",
    [
      "Chronology", "Randomness", "Identifiers", "JSON", "Problems", "Access", "API", "SQL", "Gateway", "TestSupport",
      "CommunitySupport",
    ]),
  tests(
    "VoiceTests", "Tests/Signalling/Voice",
    [
      "Chronology", "Randomness", "Identifiers", "JSON", "MediaContract", "LiveKitProtocol", "AccessTokens", "Rooms",
      "Problems", "Access", "API", "SQL", "Voice", "TestSupport", "CommunitySupport",
    ]),
  tests(
    "DriversTests", "Tests/Drivers",
    [
      "Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Cryptography", "Reactor", "EventLoops",
      "WebEdge", "Fetch", "Passwords", "Compression", "MediaCodecs", "Blobs", "Inspection", "ImageMetadata",
      "FilesFuzzEntries", "TestSupport",
    ]),
  tests(
    "IdentityTests", "Tests/Signalling/Identity",
    [
      "Chronology", "Randomness", "Identifiers", "JSON", "Cryptography", "Problems", "Access", "API", "Identity", "SQL",
      "CommunitySupport", "FuzzSupport", "IdentityFuzzEntries", "TestSupport",
    ]),
  tests(
    "AccessTests", "Tests/Signalling/Access",
    ["Chronology", "Identifiers", "Problems", "Randomness", "Access", "TestSupport"]),
  tests(
    "CommunityTests", "Tests/Signalling/Community",
    [
      "Chronology", "Identifiers", "JSON", "Randomness", "Problems", "Access", "API", "SQL", "Identity", "Community",
      "CommunitySupport", "TestSupport",
    ]),
  tests(
    "ImportTests", "Tests/Signalling/Import",
    [
      "Chronology", "Identifiers", "JSON", "Randomness", "Problems", "Access", "API", "SQL", "Community", "Chat",
      "Import", "CommunitySupport", "TestSupport",
    ]),
  tests(
    "APITests", "Tests/Signalling/API",
    [
      "Chronology", "Randomness", "Identifiers", "JSON", "Problems", "Access", "API", "SQL", "CommunitySupport",
      "TestSupport",
    ]),
  tests(
    "StoreTests", "Tests/Store",
    ["Chronology", "Randomness", "Reactor", "SQL", "Store", "StoreVictim", "TestSupport"]),
  tests(
    "ChatTests", "Tests/Signalling/Chat",
    [
      "Chronology", "Identifiers", "Randomness", "JSON", "Problems", "Access", "API", "SQL", "Attachments", "Chat",
      "CommunitySupport", "FuzzSupport", "ChatFuzzEntries", "TestSupport",
    ]),
  tests("SchemaTests", "Tests/Signalling/Schema", ["SQL", "Schema"]),
  tests(
    "AttachmentsTests", "Tests/Signalling/Attachments",
    [
      "Chronology", "Identifiers", "JSON", "Problems", "Access", "API", "SQL", "Attachments", "CommunitySupport",
      "TestSupport",
    ]),
  tests(
    "IntegrationsTests", "Tests/Signalling/Integrations",
    [
      "Chronology", "Identifiers", "JSON", "Cryptography", "Problems", "Access", "API", "SQL", "Identity", "Chat",
      "Integrations", "CommunitySupport", "TestSupport",
    ]),
  tests(
    "EndpointsTests", "Tests/Signalling/Endpoints",
    [
      "Chronology", "Identifiers", "JSON", "Problems", "Access", "API", "SQL", "Identity", "Endpoints",
      "CommunitySupport", "TestSupport",
    ]),
  tests("SQLTests", "Tests/SQL", ["Randomness", "SQL", "TestSupport"]),
  tests(
    "PeerTests", "Tests/Media/Peer",
    [
      "Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Cryptography", "Connectivity", "Streams",
      "DataChannels", "Peer", "TestSupport",
    ]),
  tests(
    "MediaCodecsTests", "Tests/MediaCodecs",
    ["Bytes", "Randomness", "MediaContract", "Wire", "MediaCodecs", "TestSupport"]),
  tests(
    "DemonstrationTests", "Tests/Demonstration",
    [
      "Chronology", "Randomness", "MediaContract", "Cryptography", "Wire", "Connectivity", "Peer", "LiveKitProtocol",
      "AccessTokens", "SessionDescriptions", "Rooms", "MediaCodecs", "Demonstration", "TestSupport",
    ]),
  tests(
    "SimulationTests", "Tests/Simulation",
    [
      "Bytes", "Chronology", "Randomness", "MediaContract", "Wire", "Cryptography", "Connectivity", "DataChannels",
      "Node", "Peer", "LiveKitProtocol", "AccessTokens", "SessionDescriptions", "Rooms", "TestSupport",
    ]),
]

/// A program that the store's tests kill in the middle of its work.
let victims: [Target] =
  wanted.map { $0.contains("StoreTests") } ?? true
  ? [
    .executableTarget(
      name: "StoreVictim", dependencies: ["Reactor", "SQL", "Store"], path: "Tests/StoreVictim",
      swiftSettings: testing)
  ]
  : []

let suites = everySuite.filter { target in
  wanted == nil || target.name.hasSuffix("Support") || wanted!.contains(target.name)
}

let package = Package(
  name: "mqvi",
  products: [.executable(name: "mqvi", targets: ["mqvi"])],
  targets: foundations + clibraries + media + signalling + drivers + demonstration + executables + fuzzEntries + fuzzing
    + benchmarks + victims + suites)

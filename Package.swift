// swift-tools-version: 6.2
import PackageDescription

// One sentence a module; `docs/ARCHITECTURE.md` has the picture and the rules:
// stages never import each other, adapters never import each other, and only
// the assembly names an adapter.

/// Libraries by name, so that a target's list reads as what it needs.
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio = ["NIOCore", "NIOPosix", "NIOHTTP1"].map {
  Target.Dependency.product(name: $0, package: "swift-nio")
}
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// The templates that `billing init` begins with.
let firstTemplates: [Resource] = ["email", "sms"].flatMap { channel in
  ["ko-KR", "en-US"].flatMap { locale in
    ["subject", "body"].map { part in
      .embedInCode("Resources/\(channel).\(locale).\(part).mustache")
    }
  }
}

let package = Package(
  name: "billing",
  products: [.executable(name: "billing", targets: ["billing"])],
  traits: [
    // For the proofs: planted bugs and fail points are compiled in. Never in what is shipped.
    "FaultInjection"
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    // Tests only: the reference that the template engine is held against.
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
  ],
  targets: [
    // The domain, pure: money, months, customers, catalog, rating, statements, slots, deliveries.
    .target(name: "Billing", dependencies: [crypto, yams]),

    // The machinery both jobs share: runs, steps, chunks, leases, fences, checkpoints.
    .target(name: "Runs", dependencies: ["Billing", logging]),

    // The stages, each with the ports it needs.
    .target(name: "Importing", dependencies: ["Billing", logging]),
    .target(name: "Settlement", dependencies: ["Billing", "Runs", logging]),
    .target(
      name: "Rendering", dependencies: ["Billing", "Runs", "CDeflate", yams, logging],
      resources: firstTemplates),
    .target(name: "Dispatching", dependencies: ["Billing", logging]),
    .target(name: "Delivery", dependencies: ["Billing", logging]),
    .target(name: "Audit", dependencies: ["Billing", logging]),

    // Every port on SQLite and the file system: the default.
    .target(
      name: "EmbeddedStore",
      dependencies: [
        "Billing", "Runs", "Importing", "Settlement", "Rendering", "Dispatching", "Delivery",
        "Audit",
        "CSQLite", "CFiles", crypto, logging,
      ],
      resources: [.embedInCode("Ledger/Migrations/0001_inputs_runs_bills_deliveries.sql")]),

    // The ledger ports on PostgreSQL.
    .target(
      name: "PostgresLedger",
      dependencies: [
        "Billing", "Runs", "Importing", "Settlement", "Rendering", "Dispatching", "Delivery",
        "Audit",
        "CPostgres", logging,
      ],
      resources: [.embedInCode("Migrations/0001_inputs_runs_bills_deliveries.sql")]),

    // Gates around every port, where the proofs interfere.
    .target(
      name: "FaultInjection",
      dependencies: [
        "Billing", "Runs", "Importing", "Settlement", "Rendering", "Dispatching", "Delivery",
      ]),

    // Providers that are spoken to over HTTP, and a server that stands in for them.
    .target(
      name: "HTTPProvider",
      dependencies: [
        "Billing", "Delivery", logging,
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ] + nio),
    .target(name: "MockProvider", dependencies: ["Billing", "Delivery"] + nio),

    // What a person or a program asks for: values in, values out, without a terminal.
    .target(
      name: "Operations",
      dependencies: [
        "Billing", "Runs", "Importing", "Settlement", "Rendering", "Dispatching", "Delivery",
        "Audit", logging,
      ]),

    // Configuration → stores and providers → operations: the only place that names an adapter.
    .target(
      name: "Assembly",
      dependencies: [
        "Billing", "Runs", "Importing", "Settlement", "Rendering", "Dispatching", "Delivery",
        "Audit", "Operations", "EmbeddedStore", "PostgresLedger", "HTTPProvider", "MockProvider",
        .target(name: "FaultInjection", condition: .when(traits: ["FaultInjection"])),
        .product(name: "Configuration", package: "swift-configuration"),
        yams, logging,
      ]),

    // The command: what is typed, and what a terminal shows.
    .executableTarget(
      name: "billing",
      dependencies: [
        "Billing", "Runs", "Importing", "Settlement", "Rendering", "Dispatching", "Delivery",
        "Audit", "Operations", "Assembly", "CFiles",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        logging,
      ]),

    // C libraries, header only.
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(
      name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),

    .systemLibrary(name: "CFiles"),

    // What every test suite shares: conformance suites, fixtures, clocks.
    .target(
      name: "BillingTestKit",
      dependencies: [
        "Billing", "Runs", "Importing", "Settlement", "Rendering", "Dispatching", "Delivery",
        "Audit",
      ],
      path: "Tests/BillingTestKit"),
    // The ledgers that a suite about a stage runs on, one after the other.
    .target(
      name: "LedgerTestKit",
      dependencies: [
        "Billing", "Importing", "Settlement", "Rendering", "Dispatching", "Delivery", "Audit",
        "EmbeddedStore", "PostgresLedger", "CPostgres", "BillingTestKit", logging,
      ],
      path: "Tests/LedgerTestKit"),
    .testTarget(
      name: "BillingTests", dependencies: ["Billing", "BillingTestKit"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "RunsTests", dependencies: ["Runs", "BillingTestKit", "LedgerTestKit"]),
    .testTarget(
      name: "ImportingTests",
      dependencies: [
        "Importing", "EmbeddedStore", "PostgresLedger", "BillingTestKit", "LedgerTestKit",
      ]),
    .testTarget(
      name: "SettlementTests",
      dependencies: [
        "Settlement", "Importing", "EmbeddedStore", "BillingTestKit", "LedgerTestKit",
      ]),
    .testTarget(
      name: "RenderingTests",
      dependencies: [
        "Rendering", "Settlement", "Audit", "EmbeddedStore", "BillingTestKit", "LedgerTestKit",
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "DispatchingTests", dependencies: ["Dispatching", "EmbeddedStore", "BillingTestKit"]),
    .testTarget(
      name: "DeliveryTests",
      dependencies: [
        "Delivery", "Audit", "EmbeddedStore", "PostgresLedger", "FaultInjection", "BillingTestKit",
        "LedgerTestKit",
      ]),
    .testTarget(
      name: "HTTPProviderTests",
      dependencies: [
        "HTTPProvider", "MockProvider", "Billing", "Delivery", "EmbeddedStore", "BillingTestKit",
        "FaultyNetwork", logging,
      ] + nio),
    // A network that fails as told, for every adapter that speaks to a server.
    .target(name: "FaultyNetwork", dependencies: nio, path: "Tests/FaultyNetwork"),
    .testTarget(name: "FaultyNetworkTests", dependencies: ["FaultyNetwork"] + nio),
    .testTarget(name: "AuditTests", dependencies: ["Audit", "Billing"]),
    .testTarget(
      name: "PostgresLedgerTests",
      dependencies: [
        "PostgresLedger", "Billing", "Runs", "Importing", "Settlement", "Rendering",
        "Dispatching", "Delivery", "BillingTestKit", "LedgerTestKit",
        "FaultyNetwork", logging,
      ]),
    .testTarget(name: "EmbeddedStoreTests", dependencies: ["EmbeddedStore", "BillingTestKit"]),
    .testTarget(
      name: "SimulationTests",
      dependencies: [
        "Operations", "Billing", "Runs", "Importing", "Settlement", "Rendering", "Dispatching",
        "Delivery", "Audit", "EmbeddedStore", "FaultInjection", "BillingTestKit", logging,
      ]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "billing", "Assembly", "Operations", "Billing", "Delivery", "EmbeddedStore",
        "FaultInjection", "BillingTestKit",
        "LedgerTestKit",
      ],
      exclude: ["Fixtures"]),
  ],
  swiftLanguageModes: [.v6]
)

// One strictness for all.
for target in package.targets where target.type != .system {
  var settings = target.swiftSettings ?? []
  settings += [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
  ]
  target.swiftSettings = settings
}

import BillingTestKit
import Foundation
import Logging
import Synchronization

@testable import PostgresLedger

/// Databases of the tests' own on the server that they share, each a copy of one that was migrated.
enum TestDatabase {
  private static let admin = Result {
    PostgresDatabase(
      PostgresAddress(url: try PostgresServer.url()), logger: Logger(label: "tests"))
  }
  private static let process = ProcessInfo.processInfo.processIdentifier
  private static let count = Mutex(0)
  private static let template = Task { try await makeTemplate() }

  /// The URL of a new database, migrated and with nothing in it.
  static func url() async throws -> String {
    let template = try await template.value
    let name = newName()
    try await make(name, from: template)
    return try url(of: name)
  }

  /// The URL of a new database without a schema.
  static func emptyURL() async throws -> String {
    let name = newName()
    try await make(name, from: "template0")
    return try url(of: name)
  }

  static func open(
    _ url: String, limits: PostgresLimits = PostgresLimits()
  ) -> PostgresDatabase {
    PostgresDatabase(PostgresAddress(url: url, limits: limits), logger: Logger(label: "tests"))
  }

  private static func newName() -> String {
    let number = count.withLock { count in
      count += 1
      return count
    }
    return "test_\(process)_\(number)"
  }

  private static func makeTemplate() async throws -> String {
    try await dropThoseOfEndedProcesses()
    let name = "test_\(process)_template"
    try await make(name, from: "template0")
    // Its connections must be gone before it can be copied.
    let database = open(try url(of: name))
    try await PostgresLedger(database: database).migrate()
    return name
  }

  private static func make(_ name: String, from template: String) async throws {
    try await admin.get().dedicated().run { connection in
      try connection.execute(
        "CREATE DATABASE \(name) TEMPLATE \(template) ENCODING 'UTF8'")
    }
  }

  private static func dropThoseOfEndedProcesses() async throws {
    let connection = try admin.get().dedicated()
    let names = try await connection.run { connection in
      try connection.rows("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'") {
        $0.text(0)
      }
    }
    for name in names {
      guard let owner = Int32(name.split(separator: "_")[1]), kill(owner, 0) != 0 else { continue }
      try await connection.run { try $0.execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }
    }
  }

  private static func url(of name: String) throws -> String {
    guard var parts = URLComponents(string: try PostgresServer.url()) else {
      throw Unexpected("the server's URL cannot be read")
    }
    parts.path = "/\(name)"
    return parts.string ?? ""
  }
}

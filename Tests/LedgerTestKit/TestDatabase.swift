import BillingTestKit
import Foundation
import Logging
package import PostgresLedger
import Synchronization

/// Databases of the tests' own on the server that they share, each a copy of one that was migrated.
/// What a process leaves, the next one drops.
package enum TestDatabase {
  private static let process = ProcessInfo.processInfo.processIdentifier
  private static let count = Mutex(0)
  private static let template = Task { try await makeTemplate() }

  /// The URL of a new database, migrated and with nothing in it.
  package static func url() async throws -> String {
    try await make(from: try await template.value)
  }

  /// The URL of a new database without a schema.
  package static func emptyURL() async throws -> String {
    try await dropThoseOfEndedProcessesOnce.value
    return try await make(from: "template0")
  }

  /// The URL of a new database with what is in another, which nobody may be using: the server waits
  /// a few seconds for sessions that end.
  package static func copy(of url: String) async throws -> String {
    try await make(from: try name(of: url))
  }

  /// Ends whoever still uses it.
  package static func drop(_ url: String) async throws {
    try await administer("DROP DATABASE IF EXISTS \(try name(of: url)) WITH (FORCE)")
  }

  package static func open(
    _ url: String, limits: PostgresLimits = PostgresLimits()
  ) -> PostgresDatabase {
    PostgresDatabase(PostgresAddress(url: url, limits: limits), logger: Logger(label: "tests"))
  }

  private static func makeTemplate() async throws -> String {
    let url = try await emptyURL()
    // Its connections end with it: a database in use cannot be copied.
    try await PostgresLedger(database: open(url)).migrate()
    return try name(of: url)
  }

  private static func make(from template: String) async throws -> String {
    let number = count.withLock { count in
      count += 1
      return count
    }
    let name = "test_\(process)_\(number)"
    try await administer("CREATE DATABASE \(name) TEMPLATE \(template) ENCODING 'UTF8'")
    var parts = try parts(of: try PostgresServer.url())
    parts.path = "/\(name)"
    return parts.string ?? ""
  }

  // MARK: Those that are over

  private static let dropThoseOfEndedProcessesOnce = Task {
    let found = try await administer("SELECT datname FROM pg_database WHERE datname ~ '^test_'")
    let names = found.compactMap { $0.first ?? nil }.filter { name in
      let owner = name.split(separator: "_").dropFirst().first.flatMap { Int32($0) }
      return owner.map { kill($0, 0) != 0 } ?? false
    }
    // Each takes a checkpoint, which those at once share; others need connections too.
    let lanes = 16
    await withDiscardingTaskGroup { group in
      for lane in 0..<lanes {
        group.addTask {
          for position in stride(from: lane, to: names.count, by: lanes) {
            // Another process may be at it: what stays is dropped the next time.
            _ = try? await administer(
              "DROP DATABASE IF EXISTS \(names[position]) WITH (FORCE)")
          }
        }
      }
    }
  }

  // MARK: The server

  @discardableResult
  private static func administer(_ sql: String) async throws -> [[String?]] {
    try await PlainPostgres.rows(sql, at: try PostgresServer.url())
  }

  private static func name(of url: String) throws -> String {
    String(try parts(of: url).path.dropFirst())
  }

  private static func parts(of url: String) throws -> URLComponents {
    guard let parts = URLComponents(string: url) else {
      throw Unexpected("the server's URL cannot be read")
    }
    return parts
  }
}

/// A database that is dropped with the last reference to it.
package final class OwnDatabase: Sendable {
  package let url: String

  /// - Parameter url: of `TestDatabase`.
  package init(_ url: String) {
    self.url = url
    _ = Self.waitsAtExit
  }

  deinit {
    Self.drops.enter()
    Task { [url] in
      try? await TestDatabase.drop(url)
      Self.drops.leave()
    }
  }

  private static let drops = DispatchGroup()

  /// What libpq uses is torn down when the process exits, and nothing may be using it then. A
  /// database that could not be dropped in time is left to the next process.
  private static let waitsAtExit: Void = {
    // After libpq's own, and so before them: a URL is there because there was a connection.
    atexit { _ = drops.wait(timeout: .now() + 10) }
  }()
}

import Billing
import BillingTestKit
import LedgerTestKit
import Logging
import Synchronization

@testable import PostgresLedger

/// Sees what the sessions of a database do, and stands in their way, from a session of its own.
struct SessionWatch: Sendable {
  private let connection: DedicatedConnection

  init(_ url: String) {
    connection = TestDatabase.open(url).dedicated()
  }

  private static let others =
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    + "AND backend_type = 'client backend' "

  private func count(_ condition: String) async throws -> Int {
    try await connection.run { connection in
      try connection.first("SELECT count(*) \(Self.others) \(condition)") { $0.int(0) } ?? 0
    }
  }

  /// Returns once so many statements run whose text has this in it.
  func running(_ text: String, times: Int = 1) async throws {
    try await eventually {
      try await count("AND state = 'active' AND query LIKE '%\(text)%'") >= times
    }
  }

  /// Returns once so many sessions wait for a lock.
  func waitingForLocks(times: Int = 1) async throws {
    try await eventually { try await count("AND wait_event_type = 'Lock'") >= times }
  }

  /// Returns once a session waits for a lock, has given up, and somebody waits again.
  func waitingForLocksAgain() async throws {
    try await waitingForLocks()
    let first = try await since()
    try await eventually {
      guard let now = try await since() else { return false }
      return now != first
    }
  }

  /// Since when the latest waits, in any unit.
  private func since() async throws -> String? {
    try await connection.run { connection in
      try connection.first(
        "SELECT max(query_start)::text \(Self.others) AND wait_event_type = 'Lock'"
      ) { $0.optionalText(0) } ?? nil
    }
  }

  /// Ends all other sessions, and returns when they are gone: how many.
  func terminateOthers() async throws -> Int {
    try await connection.run { connection in
      try connection.first(
        "SELECT count(pg_terminate_backend(pid, 60000)) \(Self.others)"
      ) { $0.int(0) } ?? 0
    }
  }

  static let lock: Int64 = 4711

  /// Holds a lock that others may wait for, by `waitForIt`.
  func hold() async throws {
    try await connection.run { connection in
      try connection.query("SELECT pg_advisory_lock($1)", Self.lock) { _ in }
    }
  }

  func letGo() async throws {
    try await connection.run { connection in
      try connection.query("SELECT pg_advisory_unlock($1)", Self.lock) { _ in }
    }
  }

  @Sendable static func waitForIt(_ connection: PostgresConnection) throws {
    try connection.query("SELECT pg_advisory_xact_lock($1)", lock) { _ in }
  }
}

/// Waits for something to become so; throws when it has not within a minute.
func eventually(_ condition: () async throws -> Bool) async throws {
  let clock = SystemClock()
  let bound = clock.steadyMilliseconds() + 60_000
  while try await !condition() {
    guard clock.steadyMilliseconds() < bound else { throw Unexpected("it never became so") }
    try await clock.sleep(milliseconds: 5)
  }
}

/// How often something ran.
final class Tries: Sendable {
  private let number = Mutex(0)

  var count: Int { number.withLock { $0 } }

  func add() { number.withLock { $0 += 1 } }
}

/// Everything that was logged, from the lowest level on.
final class CollectedLog: Sendable {
  private let collected = Mutex<[String]>([])

  var lines: [String] { collected.withLock { $0 } }

  var logger: Logger {
    Logger(label: "tests") { _ in Handler(into: self) }
  }

  private struct Handler: LogHandler {
    let into: CollectedLog
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    init(into: CollectedLog) { self.into = into }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let line = "\(event.level) \(event.message) \(event.metadata ?? [:])"
      into.collected.withLock { $0.append(line) }
    }
  }
}

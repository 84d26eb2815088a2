package import Billing
package import Delivery
import Synchronization

/// What the mock providers accepted, on SQLite in a file of its own.
///
/// Thousands append at once; whatever has come in while one group was being written is the next
/// one, so that a disk flush is shared by all that wait for it.
package final class EmbeddedAcceptanceLog: AcceptanceLog {
  private struct Entry: Sendable {
    var acceptance: Acceptance
    var knownSince: Timestamp?
    var isLate: @Sendable () -> Bool
    var turn: CheckedContinuation<Turn, Never>
  }

  /// What a waiting appender is told.
  private enum Turn: Sendable {
    case written(reference: String?)
    case failed(any Error)
    /// To write the next group, its own entry among it.
    case lead
  }

  private struct Queue {
    var entries: [Entry] = []
    var isLed = false
  }

  let database: Database
  private let queue = Mutex(Queue())
  private static let maxGroup = 2000

  /// - Parameter providers: see `note(_:)`.
  package init(database: Database, of providers: [String] = []) async throws {
    self.database = database
    _ = try await Self.migrations.apply(to: database)
    try await note(providers)
  }

  /// These write here whatever they take, by the names that attempts are stored under; the file says
  /// so from then on.
  package func note(_ providers: [String]) async throws {
    let known = try await readableProviders()
    guard !known.isSuperset(of: providers) else { return }
    try await database.write { connection in
      for provider in providers {
        try connection.run("INSERT OR IGNORE INTO providers VALUES (?)", provider)
      }
    }
  }

  package func append(
    _ acceptance: Acceptance, knownSince: Timestamp?, isLate: @escaping @Sendable () -> Bool
  ) async throws -> String? {
    let turn = await withCheckedContinuation { continuation in
      let leads = queue.withLock { queue in
        queue.entries.append(
          Entry(
            acceptance: acceptance, knownSince: knownSince, isLate: isLate, turn: continuation))
        guard !queue.isLed else { return false }
        queue.isLed = true
        return true
      }
      if leads { continuation.resume(returning: .lead) }
    }
    switch turn {
    case .written(let reference): return reference
    case .failed(let error): throw error
    case .lead: return try await lead()
    }
  }

  /// Writes the group that begins with the leader's own entry, then hands the lead on.
  private func lead() async throws -> String? {
    let group = queue.withLock { queue in
      let group = Array(queue.entries.prefix(Self.maxGroup))
      queue.entries.removeFirst(group.count)
      return group
    }
    let written: Result<[String?], any Error>
    do {
      written = .success(try await write(group))
    } catch {
      written = .failure(error)
    }
    handOn()
    // The first entry is the leader's own; its continuation has been used to make it lead.
    for (position, entry) in group.enumerated().dropFirst() {
      switch written {
      case .success(let references):
        entry.turn.resume(returning: .written(reference: references[position]))
      case .failure(let error): entry.turn.resume(returning: .failed(error))
      }
    }
    return try written.get()[0]
  }

  private func handOn() {
    let next = queue.withLock { queue in
      guard let first = queue.entries.first else {
        queue.isLed = false
        return nil as CheckedContinuation<Turn, Never>?
      }
      return first.turn
    }
    next?.resume(returning: .lead)
  }

  private func write(_ group: [Entry]) async throws -> [String?] {
    try await database.write { connection in
      let insert = try connection.statement(
        """
        INSERT INTO acceptances (key, provider, recipient_hash, content, accepted_at, month,
          customer_id, kind, sequence, channel)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
      return try group.map { entry in
        let acceptance = entry.acceptance
        if let knownSince = entry.knownSince,
          let known = try Self.reference(of: acceptance.key, since: knownSince, in: connection)
        {
          return known
        }
        // Not only when it came: it may have waited for its group.
        if entry.isLate() { return nil }
        insert.bind(acceptance.key, at: 1)
        insert.bind(acceptance.provider, at: 2)
        insert.bind(acceptance.recipientHash, at: 3)
        insert.bind(acceptance.content, at: 4)
        acceptance.at.bind(to: insert, at: 5)
        let key = IdempotencyKey(acceptance.key)
        (key?.delivery.month).bind(to: insert, at: 6)
        (key?.delivery.customer).bind(to: insert, at: 7)
        (key?.delivery.kind.code).bind(to: insert, at: 8)
        (key?.delivery.sequence).bind(to: insert, at: 9)
        (key?.channel.code).bind(to: insert, at: 10)
        try insert.finish()
        return Self.reference(ofRow: connection.lastInsertedRow)
      }
    }
  }

  package func reference(of key: String, since: Timestamp?) async throws -> String? {
    let known = try await database.read { try Self.reference(of: key, since: since, in: $0) }
    if let known { return known }
    // Once more behind whatever is being written: it may have been in time, and be committed only
    // now. What is written from here on is looked at for lateness from here on.
    return try await database.write { try Self.reference(of: key, since: since, in: $0) }
  }

  package func list(after row: Int64, limit: Int) async throws -> [LoggedAcceptance] {
    try await database.read { connection in
      var logged: [LoggedAcceptance] = []
      try connection.query(
        """
        SELECT row, key, provider, recipient_hash, content, accepted_at FROM acceptances
        WHERE row > ? ORDER BY row LIMIT ?
        """, row, limit
      ) { row in
        logged.append(
          LoggedAcceptance(
            row: row.integer(0),
            acceptance: Acceptance(
              key: row.text(1), provider: row.text(2), recipientHash: row.bytes(3),
              content: try row.hash(4), at: Timestamp(milliseconds: row.integer(5)))))
      }
      return logged
    }
  }

  private static func reference(
    of key: String, since: Timestamp?, in connection: Connection
  ) throws -> String? {
    let since = since?.milliseconds ?? .min
    let row: Int64?? =
      if let delivery = IdempotencyKey(key)?.delivery {
        try connection.first(
          """
          SELECT min(row) FROM acceptances
          WHERE month = ? AND customer_id = ? AND kind = ? AND sequence = ? AND key = ?
            AND accepted_at >= ?
          """, delivery.month, delivery.customer, delivery.kind.code, delivery.sequence, key, since
        ) { $0.optionalInteger(0) }
      } else {
        try connection.first(
          "SELECT min(row) FROM acceptances WHERE month IS NULL AND key = ? AND accepted_at >= ?",
          key, since
        ) { $0.optionalInteger(0) }
      }
    return (row ?? nil).map(reference(ofRow:))
  }

  private static func reference(ofRow row: Int64) -> String { "mock-\(row)" }

  private static let migrations = Migrations(
    subject: "mock providers' log",
    scripts: [
      """
      CREATE TABLE acceptances (
        row INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        provider TEXT NOT NULL,
        recipient_hash BLOB NOT NULL,
        content BLOB NOT NULL,
        accepted_at INTEGER NOT NULL,
        -- What the key says; nothing where it is not one of a delivery's.
        month INTEGER,
        customer_id INTEGER,
        kind INTEGER,
        sequence INTEGER,
        channel INTEGER
      ) STRICT;
      CREATE INDEX acceptances_by_delivery ON acceptances (month, customer_id, kind, sequence)
        WHERE month IS NOT NULL;
      CREATE INDEX acceptances_by_other_key ON acceptances (key) WHERE month IS NULL;

      -- Whoever writes here what it takes.
      CREATE TABLE providers (
        name TEXT PRIMARY KEY
      ) STRICT, WITHOUT ROWID;
      """
    ])
}

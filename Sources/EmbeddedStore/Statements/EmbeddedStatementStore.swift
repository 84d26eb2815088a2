package import Billing
package import Runs
package import Settlement

/// The statement store on SQLite: a file of its own, so that it can be on another disk, or
/// elsewhere altogether.
package final class EmbeddedStatementStore: Sendable {
  let database: Database

  package init(database: Database) {
    self.database = database
  }

  /// Applies the migrations that are missing; how many were applied.
  @discardableResult
  package func migrate() async throws -> Int {
    try await Migrations.statements.apply(to: database)
  }

  package func checkSchema() async throws {
    try await Migrations.statements.check(database)
  }
}

extension EmbeddedStatementStore: StatementStore {
  package func putTargets(_ chunks: [TargetChunk], of run: RunKey) async throws {
    try await database.write { connection in
      for chunk in chunks {
        let hash = chunk.hash
        let there = try connection.first(
          "SELECT hash FROM targets WHERE run = ?1 AND chunk = ?2", run.description, chunk.index
        ) { try $0.hash(0) }
        if let there {
          guard there == hash else {
            throw StoreError(
              .conflict, operation: "freeze the targets of \(run)",
              detail: "chunk \(chunk.index) is there with other customers")
          }
          continue
        }
        try connection.run(
          "INSERT INTO targets (run, chunk, lower, upper, items, hash, customers) "
            + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
          run.description, chunk.index, chunk.range.lower, chunk.range.upper, chunk.range.items,
          hash, TargetCoding.encode(chunk.customers))
      }
    }
  }

  package func targetRanges(of run: RunKey) async throws -> [ChunkRange] {
    try await database.read { connection in
      var ranges: [ChunkRange] = []
      try connection.query(
        "SELECT chunk, lower, upper, items FROM targets WHERE run = ?1 ORDER BY chunk",
        run.description
      ) { row in
        ranges.append(
          ChunkRange(
            index: row.int(0), lower: CustomerID(row.integer(1)),
            upper: CustomerID(row.integer(2)), items: row.int(3)))
      }
      return ranges
    }
  }

  package func targets(of run: RunKey, chunk: Int) async throws -> [CustomerID] {
    try await database.read { connection in
      let found = try connection.first(
        "SELECT customers, hash FROM targets WHERE run = ?1 AND chunk = ?2",
        run.description, chunk
      ) { row in (row.bytes(0), try row.hash(1)) }
      guard let (bytes, hash) = found, let customers = TargetCoding.decode(bytes),
        TargetChunk(index: chunk, customers: customers).hash == hash
      else {
        throw StoreError(
          .corrupt, operation: "read the targets of \(run)",
          detail: "chunk \(chunk) is missing or altered")
      }
      return customers
    }
  }

  package func put(_ statements: [StoredStatement]) async throws {
    guard !statements.isEmpty else { return }
    try await database.write { connection in
      let insert = try connection.statement(
        """
        INSERT INTO statements (month, customer_id, version, total, hash, body)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING
        """)
      for statement in statements {
        insert.bind(Int64(statement.key.month.index), at: 1)
        insert.bind(statement.key.customer.number, at: 2)
        insert.bind(statement.key.version, at: 3)
        insert.bind(statement.total, at: 4)
        insert.bind(statement.hash, at: 5)
        insert.bind(statement.bytes, at: 6)
        try insert.finish()
        if connection.changes == 0 { try Self.requireSame(statement, in: connection) }
      }
    }
  }

  /// A statement that is there already must be the same one.
  private static func requireSame(_ statement: StoredStatement, in connection: Connection) throws {
    let there = try connection.first(
      "SELECT hash FROM statements WHERE month = ?1 AND customer_id = ?2 AND version = ?3",
      statement.key.month, statement.key.customer, statement.key.version
    ) { try $0.hash(0) }
    guard there == statement.hash else {
      throw StoreError(
        .conflict, operation: "store statement \(statement.key)",
        detail: "it is there with another content; a statement is never overwritten")
    }
  }

  package func statements(_ keys: [StatementKey]) async throws -> [StoredStatement] {
    try await database.read { connection in
      var found: [StoredStatement] = []
      found.reserveCapacity(keys.count)
      let select = try connection.statement(
        "SELECT total, hash, body FROM statements "
          + "WHERE month = ?1 AND customer_id = ?2 AND version = ?3")
      // One look-up in the clustered key each: for SQLite that is the range read.
      for key in keys.sorted() {
        select.reset()
        select.bind(Int64(key.month.index), at: 1)
        select.bind(key.customer.number, at: 2)
        select.bind(key.version, at: 3)
        guard try select.step() else { continue }
        found.append(
          StoredStatement(
            key: key, hash: try select.hash(1), total: select.integer(0), bytes: select.bytes(2)))
      }
      select.reset()
      return found
    }
  }

  package func digests(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [StatementDigest] {
    try await database.read { connection in
      var digests: [StatementDigest] = []
      try connection.query(
        "SELECT customer_id, version, total, hash, body FROM statements "
          + "WHERE month = ?1 AND customer_id BETWEEN ?2 AND ?3 ORDER BY customer_id, version",
        month, customers.lowerBound, customers.upperBound
      ) { row in
        digests.append(
          StatementDigest(
            key: StatementKey(
              month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
            hash: try row.hash(3), total: row.integer(2),
            bodyHash: row.withBytes(4) { ContentHash(of: $0) }))
      }
      return digests
    }
  }
}

/// A chunk's customers as bytes: each the difference to the one before, 7 bits a byte.
enum TargetCoding {
  static func encode(_ customers: [CustomerID]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(customers.count * 2)
    var previous: Int64 = 0
    for customer in customers {
      var difference = UInt64(bitPattern: customer.number &- previous)
      previous = customer.number
      while difference >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: difference) | 0x80)
        difference >>= 7
      }
      bytes.append(UInt8(difference))
    }
    return bytes
  }

  /// `nil` when the bytes end inside a number.
  static func decode(_ bytes: [UInt8]) -> [CustomerID]? {
    var customers: [CustomerID] = []
    var previous: Int64 = 0
    var difference: UInt64 = 0
    var shift: UInt64 = 0
    for byte in bytes {
      guard shift < 64 else { return nil }
      difference |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 != 0 {
        shift += 7
        continue
      }
      previous &+= Int64(bitPattern: difference)
      customers.append(CustomerID(previous))
      difference = 0
      shift = 0
    }
    return shift == 0 ? customers : nil
  }
}

import Billing

/// Numbered SQL scripts, applied in order, each once, under a lock.
///
/// The table `schema_migrations` says by the hash of each which text it was: a script that was
/// changed after it was applied is another schema under the same number.
struct Migrations: Sendable {
  /// Script `n` is at position `n − 1`.
  let scripts: [String]

  static let ledger = Migrations(
    scripts: [
      String(decoding: PackageResources._001_inputs_runs_bills_deliveries_sql, as: UTF8.self)
    ])

  func apply(to database: PostgresDatabase) async throws -> Int {
    var applied = 0
    for (position, script) in scripts.enumerated() {
      applied += try await database.migrate { connection in
        try connection.execute("SET LOCAL client_min_messages = error")
        try LedgerLock.migrations.take(in: connection)
        guard try knownVersion(of: connection) == position else { return 0 }
        try connection.execute(script)
        try connection.execute(Self.record)
        try connection.run(
          "INSERT INTO schema_migrations (version, sha256) VALUES ($1, $2)", position + 1,
          Self.hash(of: script))
        return 1
      }
    }
    return applied
  }

  func check(_ database: PostgresDatabase) async throws {
    let version = try await database.read { try knownVersion(of: $0) }
    if version < scripts.count {
      throw StoreError(
        .wrongSchema, operation: "open the ledger",
        detail: "its schema is version \(version), this program needs \(scripts.count); "
          + "run `billing init`")
    }
  }

  private static let record = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version integer PRIMARY KEY,
      sha256 bytea NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """

  /// The number of the latest script applied. Throws unless they were the scripts known here.
  private func knownVersion(of connection: PostgresConnection) throws -> Int {
    let isThere = try connection.first("SELECT to_regclass('schema_migrations') IS NOT NULL") {
      $0.bool(0)
    }
    guard isThere == true else { return 0 }
    let hashes = try connection.rows(
      "SELECT version, sha256 FROM schema_migrations ORDER BY version"
    ) { row in (version: row.int(0), hash: try row.hash(1)) }
    let version = hashes.last?.version ?? 0
    guard version <= scripts.count else { throw newer(version) }
    for (position, hash) in hashes.enumerated()
    where hash.version != position + 1 || hash.hash != Self.hash(of: scripts[position]) {
      throw differs(position + 1)
    }
    return version
  }

  private static func hash(of script: String) -> ContentHash {
    ContentHash(of: Array(script.utf8))
  }

  private func differs(_ number: Int) -> StoreError {
    StoreError(
      .wrongSchema, operation: "open the ledger",
      detail: "its migration \(number) is another one than this program's; use the program that "
        + "made it, or make a new one and import again")
  }

  private func newer(_ version: Int) -> StoreError {
    StoreError(
      .wrongSchema, operation: "open the ledger",
      detail: "its schema is version \(version), newer than the \(scripts.count) this program "
        + "knows; use the newer program")
  }
}

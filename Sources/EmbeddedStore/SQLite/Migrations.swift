import Billing

/// Numbered SQL scripts, applied in order, each once.
///
/// `PRAGMA user_version` is the number of the latest one applied; the table `schema_migrations` says
/// by the hash of each which text that was: a script that was changed after it was applied is
/// another schema under the same number.
struct Migrations: Sendable {
  /// What they are the migrations of, for messages.
  let subject: String
  /// Script `n` is at position `n − 1`.
  let scripts: [String]

  static let ledger = Migrations(
    subject: "ledger",
    scripts: [
      String(
        decoding: PackageResources._001_inputs_runs_bills_deliveries_sql, as: UTF8.self)
    ])

  func apply(to database: Database) async throws -> Int {
    var applied = 0
    for (position, script) in scripts.enumerated() {
      applied += try await database.write { connection in
        guard try knownVersion(of: connection) == position else { return 0 }
        try connection.execute(script)
        try connection.execute(Self.record)
        try connection.run(
          "INSERT INTO schema_migrations VALUES (?, ?)", position + 1, Self.hash(of: script))
        try connection.execute("PRAGMA user_version = \(position + 1)")
        return 1
      }
    }
    return applied
  }

  func check(_ database: Database) async throws {
    let version = try await database.read { try knownVersion(of: $0) }
    if version < scripts.count {
      throw StoreError(
        .wrongSchema, operation: "open the \(subject)",
        detail: "its schema is version \(version), this program needs \(scripts.count); "
          + "run `billing init`")
    }
  }

  private static let record = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version INTEGER PRIMARY KEY,
      sha256 BLOB NOT NULL
    ) STRICT
    """

  /// The number of the latest script applied. Throws unless they were the scripts known here.
  private func knownVersion(of connection: Connection) throws -> Int {
    let version = try Self.version(of: connection)
    guard version <= scripts.count else { throw newer(version) }
    guard version > 0 else { return 0 }
    let hasRecord = try connection.first(
      "SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'"
    ) { _ in true }
    for number in 1...version {
      let isSame =
        try hasRecord == true
        && connection.first(
          "SELECT 1 FROM schema_migrations WHERE version = ? AND sha256 = ?", number,
          Self.hash(of: scripts[number - 1])
        ) { _ in true } == true
      guard isSame else { throw differs(number) }
    }
    return version
  }

  private static func hash(of script: String) -> ContentHash {
    ContentHash(of: Array(script.utf8))
  }

  private func differs(_ number: Int) -> StoreError {
    StoreError(
      .wrongSchema, operation: "open the \(subject)",
      detail: "its migration \(number) is another one than this program's; use the program that "
        + "made it, or make a new one and import again")
  }

  private func newer(_ version: Int) -> StoreError {
    StoreError(
      .wrongSchema, operation: "open the \(subject)",
      detail: "its schema is version \(version), newer than the \(scripts.count) this program "
        + "knows; use the newer program")
  }

  private static func version(of connection: Connection) throws -> Int {
    try connection.first("PRAGMA user_version") { $0.int(0) } ?? 0
  }
}

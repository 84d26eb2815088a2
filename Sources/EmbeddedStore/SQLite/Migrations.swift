import Billing

/// Numbered SQL scripts, applied in order, each once.
///
/// `PRAGMA user_version` is the number of the latest one applied.
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
        let version = try Self.version(of: connection)
        guard version <= scripts.count else { throw newer(version) }
        guard version == position else { return 0 }
        try connection.execute(script)
        try connection.execute("PRAGMA user_version = \(position + 1)")
        return 1
      }
    }
    return applied
  }

  func check(_ database: Database) async throws {
    let version = try await database.read { try Self.version(of: $0) }
    if version > scripts.count { throw newer(version) }
    if version < scripts.count {
      throw StoreError(
        .wrongSchema, operation: "open the \(subject)",
        detail: "its schema is version \(version), this program needs \(scripts.count); "
          + "run `billing init`")
    }
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

package import Billing

extension PostgresLedger {
  /// Notes which key this ledger's contact data is sealed with, or compares with what was noted:
  /// another key could neither open what is there nor find it again.
  ///
  /// - Parameter mark: says nothing about the key, and is the same for the same key.
  package func claimContactKey(_ mark: [UInt8]) async throws -> ContactKeyClaim {
    let text = Self.text(of: mark)
    if let noted = try await database.read({ try Self.notedMark(in: $0) }) {
      return noted == text ? .same : .another
    }
    return try await database.write { connection in
      // Another process may have been faster.
      try connection.run(
        "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        Self.contactKeyEntry, text)
      return try Self.notedMark(in: connection) == text ? .same : .another
    }
  }

  /// Whether contact data was ever sealed here; not where there is no schema yet.
  package func hasContactKey() async throws -> Bool {
    try await database.read { connection in
      let isThere = try connection.first("SELECT to_regclass('meta') IS NOT NULL") { $0.bool(0) }
      guard isThere == true else { return false }
      return try Self.notedMark(in: connection) != nil
    }
  }

  private static let contactKeyEntry = "contact_key_mark"

  private static func notedMark(in connection: PostgresConnection) throws -> String? {
    try connection.first("SELECT value FROM meta WHERE key = $1", contactKeyEntry) { $0.text(0) }
  }

  private static func text(of mark: [UInt8]) -> String {
    mark.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

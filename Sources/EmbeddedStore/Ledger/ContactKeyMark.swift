package import Billing

extension EmbeddedLedger {
  /// Notes which key this ledger's contact data is sealed with, or compares with what was noted:
  /// another key could neither open what is there nor find it again.
  ///
  /// - Parameter mark: says nothing about the key, and is the same for the same key.
  package func claimContactKey(_ mark: [UInt8]) async throws -> ContactKeyClaim {
    if let noted = try await database.read({ try Self.notedMark(in: $0) }) {
      return noted == Self.text(of: mark) ? .same : .another
    }
    return try await database.write { connection in
      // Another process may have been faster.
      try connection.run(
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        Self.contactKeyEntry, Self.text(of: mark))
      return try Self.notedMark(in: connection) == Self.text(of: mark) ? .same : .another
    }
  }

  /// Whether contact data was ever sealed here.
  package func hasContactKey() async throws -> Bool {
    try await database.read { try Self.notedMark(in: $0) != nil }
  }

  private static let contactKeyEntry = "contact_key_mark"

  private static func notedMark(in connection: Connection) throws -> String? {
    try connection.first("SELECT value FROM meta WHERE key = ?1", contactKeyEntry) { $0.text(0) }
  }

  private static func text(of mark: [UInt8]) -> String {
    mark.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

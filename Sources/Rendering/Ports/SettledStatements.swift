package import Billing

/// Where settled statements are read from, a batch at a time.
package protocol SettledStatements: Sendable {
  /// Statements by key, ascending; those that are missing are left out.
  func statements(_ keys: [StatementKey]) async throws -> [StoredStatement]
}

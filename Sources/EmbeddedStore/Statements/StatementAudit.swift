package import Audit
package import Billing
import Runs
import Settlement

extension EmbeddedStatementStore: AuditStatements {
  package func cohortChunks(of month: BillingMonth) async throws -> [ClosedRange<CustomerID>] {
    try await targetRanges(of: Self.regularRun(of: month)).map { $0.lower...$0.upper }
  }

  package func cohort(of month: BillingMonth, chunk: Int) async throws -> [CustomerID] {
    try await targets(of: Self.regularRun(of: month), chunk: chunk)
  }

  package func statementHashes(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [HashedStatement] {
    try await database.read { connection in
      var hashed: [HashedStatement] = []
      try connection.query(
        "SELECT customer_id, version, body FROM statements "
          + "WHERE month = ?1 AND customer_id BETWEEN ?2 AND ?3 ORDER BY customer_id, version",
        month, customers.lowerBound, customers.upperBound
      ) { row in
        hashed.append(
          HashedStatement(
            key: StatementKey(
              month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
            hash: row.withBytes(2) { ContentHash(of: $0) }))
      }
      return hashed
    }
  }

  package func statementBody(_ key: StatementKey) async throws -> [UInt8]? {
    try await statements([key]).first?.bytes
  }

  private static func regularRun(of month: BillingMonth) -> RunKey {
    RunKey(job: .settlement, month: month, kind: .regular, sequence: 1)
  }
}

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
    try await digests(of: month, customers: customers).map {
      HashedStatement(key: $0.key, hash: $0.bodyHash)
    }
  }

  package func statementBody(_ key: StatementKey) async throws -> [UInt8]? {
    try await statements([key]).first?.bytes
  }

  private static func regularRun(of month: BillingMonth) -> RunKey {
    RunKey(job: .settlement, month: month, kind: .regular, sequence: 1)
  }
}

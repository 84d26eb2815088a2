package import Audit
package import Billing

/// What the mock providers accepted, as the proof reads it: in the order of the deliveries' keys, as
/// the index has them, so that no more of a month is in memory than is asked for.
extension EmbeddedAcceptanceLog: AuditAcceptances {
  package func readableProviders() async throws -> Set<String> {
    try await database.read { connection in
      var names: Set<String> = []
      try connection.query("SELECT name FROM providers") { names.insert($0.text(0)) }
      return names
    }
  }

  package func acceptances(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [Audit.Acceptance] {
    try await database.read { connection in
      var messages: [Audit.Acceptance] = []
      try connection.query(
        """
        SELECT customer_id, kind, sequence, channel, accepted_at, content, recipient_hash
        FROM acceptances INDEXED BY acceptances_by_delivery
        WHERE month = ?1 AND customer_id BETWEEN ?2 AND ?3
        ORDER BY customer_id, kind, sequence
        """, month, customers.lowerBound, customers.upperBound
      ) { row in
        guard let kind = DeliveryKind(code: row.int(1)), let channel = Channel(code: row.int(3))
        else {
          throw StoreError(
            .corrupt, operation: "read what providers accepted", detail: "an unknown code")
        }
        messages.append(
          Acceptance(
            delivery: DeliveryKey(
              month: month, customer: CustomerID(row.integer(0)), kind: kind,
              sequence: row.int(2)),
            channel: channel, at: Timestamp(milliseconds: row.integer(4)),
            digest: MessageDigest(content: try row.hash(5), recipientHash: row.bytes(6))))
      }
      return messages
    }
  }
}

/// Where no provider's ledger can be read: nothing is compared.
package struct NoAcceptances: AuditAcceptances {
  package init() {}

  package func readableProviders() async throws -> Set<String> { [] }

  package func acceptances(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [Acceptance] { [] }
}

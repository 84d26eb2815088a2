package import Billing
package import Dispatching

extension PostgresLedger: DispatchAgenda {
  package func waiting(at now: Timestamp) async throws -> [ZoneWaiting] {
    try await database.read { connection in
      try connection.rows(
        """
        SELECT z.time_zone,
          EXISTS (SELECT FROM deliveries d
            WHERE d.state = 1 AND d.time_zone = z.time_zone AND d.next_at <= $1),
          (SELECT min(d.next_at) FROM deliveries d
            WHERE d.state = 1 AND d.time_zone = z.time_zone AND d.next_at > $1)
        FROM delivery_zones z ORDER BY z.time_zone
        """, now
      ) { row in
        ZoneRules(row.text(0)).map { zone in
          ZoneWaiting(zone: zone, isDue: row.bool(1), next: row.optionalTimestamp(2))
        }
      }.compactMap { $0 }
    }
  }

  package func hasPending(_ month: BillingMonth) async throws -> Bool {
    try await database.read { connection in
      // Each reads an index that holds only what is pending.
      try connection.first(
        """
        SELECT EXISTS (SELECT FROM deliveries WHERE state = 1 AND month = $1)
          OR EXISTS (SELECT FROM deliveries WHERE state IN (3, 4) AND month = $1)
          OR EXISTS (SELECT FROM deliveries WHERE state = 2 AND month = $1)
          -- Uncertain ones that are to be looked at again; the rest waits for an operator.
          OR EXISTS (SELECT FROM deliveries
            WHERE state = 7 AND next_at < 9223372036854775807 AND month = $1)
        """, month
      ) { $0.bool(0) } ?? false
    }
  }
}

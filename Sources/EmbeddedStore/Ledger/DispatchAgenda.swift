package import Billing
package import Dispatching

extension EmbeddedLedger: DispatchAgenda {
  package func waiting(at now: Timestamp) async throws -> [ZoneWaiting] {
    try await database.read { connection in
      var names: [String] = []
      try connection.query("SELECT time_zone FROM delivery_zones ORDER BY time_zone") {
        names.append($0.text(0))
      }
      return try names.compactMap { name in
        guard let zone = ZoneRules(name) else { return nil }
        let isDue = try connection.first(
          "SELECT 1 FROM deliveries INDEXED BY deliveries_planned "
            + "WHERE state = 1 AND time_zone = ?1 AND next_at <= ?2 LIMIT 1", name, now
        ) { _ in true }
        let next = try connection.first(
          "SELECT min(next_at) FROM deliveries INDEXED BY deliveries_planned "
            + "WHERE state = 1 AND time_zone = ?1 AND next_at > ?2", name, now
        ) { $0.optionalInteger(0) }
        return ZoneWaiting(
          zone: zone, isDue: isDue ?? false,
          next: (next ?? nil).map { Timestamp(milliseconds: $0) })
      }
    }
  }

  package func hasPending(_ month: BillingMonth) async throws -> Bool {
    try await database.read { connection in
      // Each reads an index that holds only what is pending, of whatever month.
      let queries = [
        "SELECT 1 FROM deliveries INDEXED BY deliveries_planned "
          + "WHERE state = 1 AND month = ?1 LIMIT 1",
        "SELECT 1 FROM deliveries INDEXED BY deliveries_under_way "
          + "WHERE state IN (3, 4) AND month = ?1 LIMIT 1",
        "SELECT 1 FROM deliveries INDEXED BY deliveries_queued "
          + "WHERE state = 2 AND month = ?1 LIMIT 1",
        // Uncertain ones that are to be looked at again; the rest waits for an operator.
        "SELECT 1 FROM deliveries INDEXED BY deliveries_uncertain "
          + "WHERE state = 7 AND next_at < 9223372036854775807 AND month = ?1 LIMIT 1",
      ]
      for query in queries where try connection.first(query, month, read: { _ in true }) != nil {
        return true
      }
      return false
    }
  }
}

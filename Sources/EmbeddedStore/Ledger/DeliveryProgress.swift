package import Billing

/// How a month's deliveries stand, and when there is something to do next.
extension EmbeddedLedger {
  /// Every delivery of the month by state. Reads them all: for a closing table.
  package func deliveryCounts(of month: BillingMonth) async throws -> [DeliveryState: Int] {
    try await database.read { connection in
      var counts: [DeliveryState: Int] = [:]
      try connection.query(
        "SELECT state, count(*) FROM deliveries WHERE month = ? GROUP BY state", month
      ) { row in
        guard let state = DeliveryState(code: row.int(0)) else {
          throw DeliveryRow.damaged("a state is out of range")
        }
        counts[state] = row.int(1)
      }
      return counts
    }
  }

  /// Whether the platform still has something to do for the month by itself: deliveries planned,
  /// queued, claimed or sending, and uncertain ones that are to be looked at again.
  package func hasPendingDeliveries(of month: BillingMonth) async throws -> Bool {
    try await database.read { connection in
      for query in ProgressQueries.pending {
        if try connection.first(query, month, read: { _ in true }) == true { return true }
      }
      return false
    }
  }

  /// The next moment after now at which dispatch or the reconciler may find something to do, of
  /// whatever month; `nil` when nothing is pending. `reapAfterMilliseconds` is the timing's.
  ///
  /// In a zone with deliveries that are due but quiet it is the end of the current slot.
  package func nextDeliveryMoment(
    reapAfterMilliseconds: Int64, republishAfterSeconds: Int64
  ) async throws -> Timestamp? {
    try await database.read { connection in
      let now = try self.now(in: connection)
      var next = try Self.nextUnderWay(
        at: now, reapAfter: reapAfterMilliseconds, republishAfter: republishAfterSeconds * 1000,
        in: connection)
      var zones: [String] = []
      try connection.query("SELECT time_zone FROM delivery_zones") { zones.append($0.text(0)) }
      for name in zones {
        guard let zone = ZoneRules(name) else { continue }
        let isWaiting = try connection.first(ProgressQueries.due, name, now, read: { _ in true })
        if isWaiting == true { next.append(zone.slot(at: now).end) }
        if let later = try connection.first(
          ProgressQueries.firstLater, name, now, read: { Timestamp(milliseconds: $0.integer(0)) })
        {
          next.append(later)
        }
      }
      return next.filter { $0 > now && $0 < .never }.min()
    }
  }

  private static func nextUnderWay(
    at now: Timestamp, reapAfter: Int64, republishAfter: Int64, in connection: Connection
  ) throws -> [Timestamp] {
    func first(_ query: String) throws -> Timestamp? {
      try connection.first(query, read: { $0.optionalInteger(0) })?.map(
        Timestamp.init(milliseconds:))
    }
    // What is over already is the reconciler's or the dispatcher's next pass: a moment later.
    let soon = now.adding(milliseconds: 1)
    return [
      try first(ProgressQueries.firstQueued),
      try first(ProgressQueries.firstUnpublished)?.adding(milliseconds: republishAfter),
      try first(ProgressQueries.firstClaimed),
      try first(ProgressQueries.firstSending)?.adding(milliseconds: reapAfter),
      try first(ProgressQueries.firstUncertain),
    ].compactMap { $0 }.map { max($0, soon) }
  }
}

enum ProgressQueries {
  static let pending = [
    "SELECT 1 FROM deliveries INDEXED BY deliveries_planned WHERE state = 1 AND month = ? LIMIT 1",
    """
    SELECT 1 FROM deliveries INDEXED BY deliveries_under_way
    WHERE state IN (2, 3, 4) AND month = ? LIMIT 1
    """,
    """
    SELECT 1 FROM deliveries INDEXED BY deliveries_uncertain
    WHERE state = 7 AND next_at < 9223372036854775807 AND month = ? LIMIT 1
    """,
  ]

  static let due = """
    SELECT 1 FROM deliveries INDEXED BY deliveries_planned
    WHERE state = 1 AND time_zone = ? AND next_at <= ? LIMIT 1
    """
  static let firstLater = """
    SELECT next_at FROM deliveries INDEXED BY deliveries_planned
    WHERE state = 1 AND time_zone = ? AND next_at > ? ORDER BY next_at LIMIT 1
    """

  private static func firstUnderWay(_ state: Int) -> String {
    """
    SELECT min(lease_until) FROM deliveries INDEXED BY deliveries_under_way
    WHERE state IN (2, 3, 4) AND state = \(state)
    """
  }

  static let firstQueued = firstUnderWay(2)
  static let firstClaimed = firstUnderWay(3)
  static let firstSending = firstUnderWay(4)
  static let firstUnpublished = """
    SELECT min(queued_at) FROM deliveries INDEXED BY deliveries_queued
    WHERE state = 2 AND partition IS NULL
    """
  static let firstUncertain = """
    SELECT next_at FROM deliveries INDEXED BY deliveries_uncertain
    WHERE state = 7 ORDER BY next_at LIMIT 1
    """
}

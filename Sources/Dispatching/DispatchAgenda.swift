package import Billing

/// When dispatch next has something to do: for whoever moves a simulated clock from one such moment
/// to the next instead of waiting.
package protocol DispatchAgenda: Sendable {
  /// What waits in each zone, on the ledger's time.
  func waiting(at now: Timestamp) async throws -> [ZoneWaiting]

  /// Whether the platform still has something to do by itself about a delivery of the month.
  func hasPending(_ month: BillingMonth) async throws -> Bool
}

/// What is planned in a zone.
package struct ZoneWaiting: Hashable, Sendable {
  package var zone: ZoneRules
  /// Something is due and waits for a slot that is not quiet, or for an earlier delivery.
  package var isDue: Bool
  /// The earliest moment at which something else becomes due.
  package var next: Timestamp?

  package init(zone: ZoneRules, isDue: Bool, next: Timestamp?) {
    self.zone = zone
    self.isDue = isDue
    self.next = next
  }
}

/// Picks the moments that a simulated clock stops at.
package enum SimulatedAgenda {
  /// Retries that become due one after the other are taken together: dispatch looks at most once
  /// in so many seconds.
  package static let stepSeconds: Int64 = 60

  /// The next moment at which there is something to do; `nil` when nothing will ever be.
  ///
  /// - Parameter isUnderWay: something is queued, claimed or sending though nobody works on it:
  ///   leases and deadlines have to pass.
  package static func next(
    after now: Timestamp, waiting: [ZoneWaiting], isUnderWay: Bool
  ) -> Timestamp? {
    let soonest = now.adding(seconds: stepSeconds)
    var moments = waiting.flatMap { zone -> [Timestamp] in
      var moments: [Timestamp] = []
      if zone.isDue { moments.append(zone.zone.slot(at: now).end) }
      if let next = zone.next { moments.append(max(next, soonest)) }
      return moments
    }
    if isUnderWay { moments.append(soonest) }
    return moments.min()
  }
}

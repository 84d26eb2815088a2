package import Billing
import Runs
package import Settlement

/// Which months a scheduler's daily call settles.
package struct DueMonths {
  package let ledger: any SettlementLedger
  /// `settlement.day`.
  package let day: Int

  /// What is due by `SettledMonths.due(until:)`; nothing while no catalog says where a month ends.
  package func due(at now: Timestamp) async throws -> [BillingMonth] {
    guard let current = try await RunningMonth(ledger: ledger).day(at: now) else { return [] }
    return SettledMonths(try await ledger.runs(of: nil)).due(
      until: Self.latest(by: current, day: day))
  }

  /// The last month whose day of settlement, the one with that number in the month after it, has come.
  package static func latest(by today: CalendarDay, day: Int) -> BillingMonth {
    let current = BillingMonth(containing: today)
    return today >= current.day(clamping: day) ? current.previous : current.previous.previous
  }
}

/// The month that is running, in the zone of its catalog.
package struct RunningMonth {
  package let ledger: any SettlementLedger

  /// In UTC while there is no catalog.
  package func month(at now: Timestamp) async throws -> BillingMonth {
    BillingMonth(containing: try await day(at: now) ?? ZoneRules.utc.day(at: now))
  }

  /// `nil` while no catalog is there to say where days begin.
  package func day(at now: Timestamp) async throws -> CalendarDay? {
    // Days differ by at most one between zones, so the catalog of either neighbour will do.
    let guess = BillingMonth(containing: ZoneRules.utc.day(at: now))
    guard let catalog = try await ledger.catalog(for: guess),
      let zone = ZoneRules(catalog.timeZone)
    else { return nil }
    return zone.day(at: now)
  }
}

extension ZoneRules {
  fileprivate static let utc = ZoneRules("UTC")!  // every system knows it
}

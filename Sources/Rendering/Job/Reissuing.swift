import Billing
package import Logging

/// Makes the bills of issues that deliveries wait for: of a bill that was dated anew by an operator,
/// or because its customer's send day was moved past its due date.
///
/// Whoever changed the delivery has fixed issue and due date on its row; from there on this is a
/// function of what is recorded, so any number of processes may do it at once, and again. Bills lie
/// durably in the store before the ledger says that nobody waits for them.
package struct Reissuing: Sendable {
  private let ledger: any RenderingLedger
  private let store: any BillStore
  private let pinned: PinnedBills
  private let logger: Logger

  /// Issues made at a time.
  private static let batchSize = 250

  package init(
    ledger: any RenderingLedger, store: any BillStore, pinned: PinnedBills, logger: Logger
  ) {
    self.ledger = ledger
    self.store = store
    self.pinned = pinned
    self.logger = logger
  }

  /// Makes those that are awaited now.
  ///
  /// - Parameter limit: at most about so many; the next pass goes on.
  package func pass(limit: Int = .max) async throws -> ReissueReport {
    var report = ReissueReport()
    var last: DeliveryKey?
    while report.made + report.impossible < limit {
      try Task.checkCancellation()
      let awaited = try await ledger.awaitedIssues(after: last, limit: Self.batchSize)
      guard let end = awaited.last else { return report }
      let made = try await make(awaited)
      try await ledger.recordIssues(made)
      let impossible = made.count { $0.bills.isEmpty }
      report.made += made.count - impossible
      report.impossible += impossible
      last = end.delivery
    }
    return report
  }

  private func make(_ awaited: [AwaitedIssue]) async throws -> [MadeIssue] {
    let made = try await pinned.bills(of: awaited)
    let bills = made.flatMap { $0 }
    var outcomes = try await store.put(bills)[...]
    try await store.makeDurable()
    return zip(awaited, made).map { issue, bills in
      let isInTheWay = outcomes.prefix(bills.count).contains(.conflict)
      outcomes = outcomes.dropFirst(bills.count)
      guard !isInTheWay, !bills.isEmpty else {
        // Of a conflict: another due date lies under this issue's name, and the next issue is free.
        logger.error(
          "the bills of an issue cannot be made",
          metadata: ["statement": "\(issue.statement)", "issue": "\(issue.number)"])
        return MadeIssue(issue, bills: [])
      }
      return MadeIssue(issue, bills: bills.map { BillRow($0, dueDate: issue.dueDate) })
    }
  }
}

package struct ReissueReport: Hashable, Sendable {
  /// Issues whose bills were made.
  package var made = 0
  /// Those that could not be: their deliveries are held.
  package var impossible = 0

  package init() {}
}

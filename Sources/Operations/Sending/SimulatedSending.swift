package import Billing
import Delivery
import Dispatching

/// Every slot of a month on a simulated clock: time is moved from one moment at which there is
/// something to do to the next, and the providers' seconds are counted instead of waited for.
package struct SimulatedSending {
  /// After this long nothing can still go by itself; what is left waits for somebody.
  private static let longestSeconds: Int64 = 62 * 86_400

  package let platform: DeliveryOperations
  /// The providers' clock.
  package let clock: SimulatedClock
  /// Told what was done in all, after every moment.
  package let progress: @Sendable (SendingReport) -> Void

  /// - Parameter start: where the month's sending begins; the ledger's own time when that is later.
  /// - Returns: what was done, and what time it is then.
  package func send(_ month: BillingMonth, from start: Timestamp) async throws
    -> (report: SendingReport, until: Timestamp)
  {
    var report = SendingReport()
    var now = try await advance(to: start)
    let latest = now.adding(seconds: Self.longestSeconds)
    while try await platform.agenda.hasPending(month) {
      try Task.checkCancellation()
      try await work(&report)
      progress(report)
      let next = SimulatedAgenda.next(
        after: now, waiting: try await platform.agenda.waiting(at: now),
        isUnderWay: try await !platform.underWay().isSettled)
      guard let next, next <= latest else { break }
      now = try await advance(to: next)
    }
    return (report, now)
  }

  private func advance(to moment: Timestamp) async throws -> Timestamp {
    let now = try await platform.time.advance(to: moment)
    clock.advance(to: now)
    return now
  }

  /// Everything that there is to do at this moment: what is sent may leave something to be sent at
  /// once, on the next channel. It ends, because every round takes attempts.
  private func work(_ report: inout SendingReport) async throws {
    while try await platform.reconciler.pass().isCut {}
    try await platform.reissue()
    var sent = 0
    repeat {
      report.add(try await platform.dispatcher.tick())
      guard try await !platform.underWay().isEmpty else { return }
      let work = try await platform.consumer().run(until: .feedDrained)
      report.add(work)
      sent = work.intended
    } while sent > 0
  }
}

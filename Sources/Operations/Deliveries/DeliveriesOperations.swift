import Billing
package import Delivery
import Dispatching
import Rendering

extension Operations {
  /// Finds deliveries.
  ///
  /// - Parameter shown: so many at most are listed; all are counted.
  package func find(
    _ query: DeliveryQuery, showing shown: Int, progress: @Sendable (Int) -> Void
  ) async throws -> DeliveryListing {
    try await OperatorDesk(ledger: ledger).list(query, showing: shown, progress: progress)
  }

  /// What is asked of deliveries that have something in common.
  package struct DeliveriesRequest: Sendable {
    package var action: OperatorAction
    package var query: DeliveryQuery
    /// So many at most.
    package var limit: Int?
    /// By whom and why; `nil`: nothing is done, and what would be done is said.
    package var signature: OperatorSignature?
    /// Only if it is still what an earlier look foresaw: the confirmation that it gave.
    package var expected: String?

    package init(
      _ action: OperatorAction, on query: DeliveryQuery, limit: Int? = nil,
      signature: OperatorSignature? = nil, expected: String? = nil
    ) {
      self.action = action
      self.query = query
      self.limit = limit
      self.signature = signature
      self.expected = expected
    }
  }

  /// Acts on deliveries, or says what acting would do. It may be interrupted, and repeated.
  ///
  /// - Parameter report: told what was done, before anything is refused because of it.
  package func act(
    _ asked: DeliveriesRequest, progress: @Sendable (Int) -> Void,
    report: (OperatorReport) -> Void
  ) async throws {
    let request = try await request(for: asked)
    let desk = OperatorDesk(ledger: ledger)
    let since = try await checkExpected(asked, request, at: desk)
    let done = try await desk.run(
      request, on: asked.query, limit: asked.limit,
      mode: asked.signature.map { .act($0) } ?? .foresee, since: since, progress: progress)
    // The dispatcher would make them too, a while later.
    if asked.action == .redate, asked.signature != nil {
      _ = try await Reissuing(
        ledger: ports.rendering, store: ports.bills, pinned: pinned,
        logger: work.logger("rendering")
      ).pass()
    }
    report(done)
    if done.wasInterrupted { throw CancellationError() }
    if done.refused[.providerSilent] != nil { throw OperationFailure.providerSilent }
    // What others changed meanwhile is not refused: somebody was there first.
    if asked.signature != nil, done.done == 0, !done.refused.isEmpty {
      throw OperationFailure.nothingDone(
        asked.action, found: done.found, refused: done.refused)
    }
  }

  /// - Returns: when it was made sure that what would be done is what was expected; `nil` where
  ///   nothing is.
  private func checkExpected(
    _ asked: DeliveriesRequest, _ request: OperatorRequest, at desk: OperatorDesk
  ) async throws -> Timestamp? {
    guard let expected = asked.expected else { return nil }
    let foreseen = try await desk.run(
      request, on: asked.query, limit: asked.limit, mode: .foresee)
    if foreseen.wasInterrupted { throw CancellationError() }
    guard foreseen.confirmation == expected else {
      throw OperationFailure.notAsExpected(confirmation: foreseen.confirmation)
    }
    return foreseen.begun
  }

  private func request(for asked: DeliveriesRequest) async throws -> OperatorRequest {
    // Only for uncertain ones does it matter what their providers can do.
    guard asked.action == .retry, asked.query.states.contains(.uncertain) else {
      return OperatorRequest(
        asked.action, providers: [:], timing: settings.timing, jitter: SystemRandom().next())
    }
    var providerClock = clock
    if case .simulated(let now) = try await ledger.timeKeeping() {
      providerClock = SimulatedClock(at: now)
    }
    return await (try await delivery(providerClock: providerClock))
      .operatorRequest(asked.action)
  }
}

package import Billing
package import Dispatching

/// The time that operations work at: the ledger's, which can be moved on where it is simulated.
extension Operations {
  /// What time it is for the ledger.
  package func now() async throws -> Timestamp {
    guard case .simulated(let now) = try await ledger.timeKeeping() else { return clock.now() }
    return now
  }

  /// A moment for what sends nothing: a ledger that has not decided stays undecided, since its first
  /// dispatch decides. One that keeps real time refuses.
  ///
  /// - Parameter moment: the ledger's own where `nil`.
  package func asOf(_ moment: Timestamp?) async throws -> Timestamp {
    guard let moment else { return try await now() }
    switch try await ledger.timeKeeping() {
    case .undecided: return moment
    case .real: throw OperationFailure.ledgerKeepsRealTime
    case .simulated: return try await ledger.advance(to: moment)
    }
  }

  /// A moment for what dispatches; a ledger that has not decided is simulated from now on.
  ///
  /// - Parameter moment: the ledger's own where `nil`.
  package func dispatching(at moment: Timestamp?) async throws -> Timestamp {
    guard let moment else { return try await now() }
    try await keepSimulated()
    return try await ledger.advance(to: moment)
  }

  package func timeKeeping() async throws -> TimeKeeping { try await ledger.timeKeeping() }

  /// Decides the ledger's time, or turns it to the other kind while nothing was begun to be sent.
  ///
  /// - Returns: whether it is another than before.
  package func turnTime(to kind: TimeKeeping.Kind) async throws -> Bool {
    guard try await ledger.timeKeeping().kind != kind else { return false }
    // Whatever is at work goes by the old time to the end.
    guard let hold = try await ledger.holdTime() else { throw OperationFailure.timeIsHeld }
    defer { withExtendedLifetime(hold) {} }
    guard try await !hasConsumers() else { throw OperationFailure.consumersAtWork }
    switch try await ledger.turnTime(to: kind) {
    case .turned: return true
    case .unchanged: return false
    case .refused(let begun): throw OperationFailure.timeIsDecided(begun: begun)
    }
  }

  /// Whether a consumer is at work on what was dispatched.
  private func hasConsumers() async throws -> Bool {
    guard let events = try await open.events() else { return false }
    return try await events.hasMembers(of: DeliveryOperations.group, isGone: open.isGone)
  }

  /// The ledger's time is simulated from now on, or that is refused.
  func keepSimulated() async throws {
    guard case .kept = try await ledger.keepTime(.simulated) else {
      throw OperationFailure.ledgerKeepsRealTime
    }
  }

  /// The ledger's time is the machine's from now on, or that is refused.
  package func keepReal() async throws {
    guard case .kept = try await ledger.keepTime(.real) else {
      throw OperationFailure.ledgerIsSimulated
    }
  }
}

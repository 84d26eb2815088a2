import Billing
import Delivery

@testable import EmbeddedStore

/// Where deliveries stand in the end has to be what became of them: one that was given up was
/// refused as often as the policy says, one that was suppressed has a customer who opted out.
struct EndStates {
  let world: SimulatedWorld

  private struct End: Sendable {
    var key: DeliveryKey
    var state: DeliveryState
    var reason: String
    /// Of the last attempt.
    var channel: Channel?
    /// The one that it was to go on with.
    var next: Channel?
    var attemptsPerChannel: Int
    /// Refused, or without an answer and never taken, on the channel of the last attempt, in its
    /// round.
    var refusals: Int
    var attempts: Int
    /// Neither rejected nor refused.
    var unclear: Int
    /// Of the customer, of a later statement or sent again.
    var followers: Int
  }

  /// What is wrong with them, in words.
  func faults() async throws -> [String] {
    try await ends().compactMap { end in
      fault(of: end).map { "\(end.key): \(end.state.rawValue) (\(end.reason)), \($0)" }
    }
  }

  private func fault(of end: End) -> String? {
    switch end.state {
    case .failed:
      if end.attempts == 0 { return "but never tried" }
      if end.unclear > 0 { return "although an attempt may have been taken" }
      if end.reason == DeliveryReason.attemptsExhausted.rawValue,
        end.refusals < end.attemptsPerChannel,
        // Refused once more after the customer had taken the channel back, it is closed at once.
        !world.invariants.everLacked(end.channel, end.key.customer),
        !world.invariants.everLacked(end.next, end.key.customer)
      {
        return "after \(end.refusals) refusals of \(end.attemptsPerChannel)"
      }
      return nil
    case .suppressed:
      return world.invariants.everOptedOut(end.key.customer) ? nil : "but never opted out"
    case .superseded: return end.followers > 0 ? nil : "by nothing"
    case .held: return "for no reason that happens here"
    default: return nil
    }
  }

  private func ends() async throws -> [End] {
    let ledger = world.ledger
    return try await ledger.database.read { connection in
      var ends: [End] = []
      try connection.query(
        """
        SELECT d.month, d.customer_id, d.kind, d.sequence, d.state, coalesce(d.reason, ''), d.policy,
          (SELECT count(*) FROM attempts a WHERE a.month = d.month
            AND a.customer_id = d.customer_id AND a.kind = d.kind AND a.sequence = d.sequence
            AND a.channel = l.channel AND a.round = l.round AND a.outcome IN (2, 3, 4)
            AND a.reason <> 'notWritten'),
          (SELECT count(*) FROM attempts a WHERE a.month = d.month
            AND a.customer_id = d.customer_id AND a.kind = d.kind AND a.sequence = d.sequence),
          (SELECT count(*) FROM attempts a WHERE a.month = d.month
            AND a.customer_id = d.customer_id AND a.kind = d.kind AND a.sequence = d.sequence
            AND coalesce(a.outcome, 0) NOT IN (2, 3, 4)),
          (SELECT count(*) FROM deliveries e WHERE e.month = d.month
            AND e.customer_id = d.customer_id
            AND (e.version > d.version OR e.kind = ? AND d.state = 10)),
          l.channel, d.channel
        FROM deliveries d LEFT JOIN attempts l ON l.attempt_id = d.last_attempt
        ORDER BY d.customer_id
        """, DeliveryKind.resend.code
      ) { row in
        guard let state = DeliveryState(code: row.int(4)) else { return }
        ends.append(
          End(
            key: try DeliveryKey(row, at: 0), state: state, reason: row.text(5),
            channel: row.optionalInteger(11).flatMap { Channel(code: Int($0)) },
            next: Channel(code: row.int(12)),
            attemptsPerChannel: try ledger.deliveryPolicies.policy(row.int(6), in: connection)
              .attemptsPerChannel,
            refusals: row.int(7), attempts: row.int(8), unclear: row.int(9),
            followers: row.int(10)))
      }
      return ends
    }
  }
}

package import Billing

/// What a new bill means for a customer's deliveries of the month: it is told once, by a delivery
/// that has not begun where there is one, by a new one otherwise.
package enum DeliveryMaking {
  /// What the decision needs of a delivery that is there.
  package struct Existing: Hashable, Sendable {
    package var kind: DeliveryKind
    package var sequence: Int
    package var state: DeliveryState
    /// Whether an intent was ever committed.
    package var isBegun: Bool
    package var version: Int
    package var policy: Int
    package var template: Int

    package init(
      kind: DeliveryKind, sequence: Int, state: DeliveryState, isBegun: Bool, version: Int,
      policy: Int, template: Int
    ) {
      self.kind = kind
      self.sequence = sequence
      self.state = state
      self.isBegun = isBegun
      self.version = version
      self.policy = policy
      self.template = template
    }
  }

  package enum Decision: Hashable, Sendable {
    /// It is told already, or was, and this is no new version.
    case nothing
    case make(DeliveryKind, sequence: Int)
    /// These have not begun: they go with the new bill instead.
    case move([Existing])
  }

  /// A correction beside an earlier delivery that has begun is made at once; dispatch lets it go
  /// only when the earlier one's outcome is known, and puts a failed one aside as superseded.
  package static func decide(
    version: Int, policy: Int, template: Int, existing: [Existing]
  ) -> Decision {
    guard let latest = existing.map(\.version).max() else {
      return .make(.bill, sequence: 1)
    }
    let movable = existing.filter { isMovable($0) && $0.version <= version }
    let stale = movable.filter {
      $0.version != version || $0.policy != policy || $0.template != template
    }
    if !stale.isEmpty { return .move(stale) }
    guard version > latest else { return .nothing }
    let corrections = existing.filter { $0.kind == .correction }.map(\.sequence)
    return .make(.correction, sequence: (corrections.max() ?? 0) + 1)
  }

  private static func isMovable(_ delivery: Existing) -> Bool {
    guard !delivery.isBegun else { return false }
    return switch delivery.state {
    case .planned, .queued, .claimed, .held, .suppressed: true
    case .sending, .accepted, .failed, .uncertain, .superseded: false
    }
  }
}

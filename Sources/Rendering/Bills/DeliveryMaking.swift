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
  // MARK: What is written

  /// A new delivery, planned or, where the customer cannot be told, suppressed.
  ///
  /// - Parameters:
  ///   - version: of the statement.
  ///   - due: see `SendDays`.
  package static func make(
    _ key: DeliveryKey, version: Int, issue: BillIssue, policy: DeliveryPolicy,
    customer: CurrentCustomer, due: Timestamp, at now: Timestamp
  ) -> DeliveryRecord {
    let usable = customer.usable(under: policy)
    let suppression = customer.suppression(usable: usable)
    return DeliveryRecord(
      made: key, state: suppression == nil ? .planned : .suppressed, reason: suppression,
      version: version, issue: issue, policy: policy.version, template: policy.templateVersion,
      usable: usable,
      channel: usable.first, quiet: customer.quiet, timeZone: customer.timeZone, dueAt: due,
      at: now)
  }

  /// The issue that a delivery made or moved now is of: the one that the run has made, or the next
  /// where the customer's send day was moved past its due date since the run was opened.
  ///
  /// - Parameter dueDate: of the bill that the run has made.
  package static func issue(
    dueDate: CalendarDay?, of month: BillingMonth, for customer: CurrentCustomer, zone: ZoneRules,
    policy: DeliveryPolicy, at now: Timestamp
  ) -> BillIssue {
    let made = BillIssue.first(dueDate: dueDate)
    return made.next(
      for: month, sendDay: customer.sendDay, zone: zone, policy: policy, couldNotBeTold: false,
      at: now) ?? made
  }

  /// How one that has not begun stands when it goes with another bill, on the first of the channels
  /// with nothing counted; its generation is raised, and whoever had it lets go (R4). Planned, it
  /// goes when it is due.
  package static func move(
    _ existing: Existing, usable: [Channel], suppression: DeliveryReason?
  ) -> (state: DeliveryState, reason: DeliveryReason?) {
    let decision = DeliveryChange.decide(
      DeliveryChange.Facts(
        // A new bill is told of, of whichever month it is.
        state: existing.state, isBegun: false, isCurrent: true, channel: nil, channelAttempts: 0,
        unresolved: 0, closed: [], recipientStands: true),
      usable: usable, suppression: suppression)
    return switch decision {
    case .plan: (.planned, .changed)
    case .suppress(let why): (.suppressed, why)
    // Too late to go by itself, whichever bill it is.
    case .staysAsItIs, .planNextRound, .fail, .leaveUncertain: (existing.state, .changed)
    }
  }
}

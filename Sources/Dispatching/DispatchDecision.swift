package import Billing

/// What dispatch does with a planned delivery that is due in a slot that is not quiet.
package enum DispatchDecision: Hashable, Sendable {
  case queue
  case hold(DeliveryReason)
  case suppress(DeliveryReason)
  /// Its bill is still to be made.
  case wait

  /// What the decision needs of the delivery.
  package struct Facts: Hashable, Sendable {
    package var dueAt: Timestamp
    package var madeAt: Timestamp
    package var quiet: QuietSlots
    package var hasChannel: Bool
    package var hasBill: Bool
    package var issue: BillIssue

    package init(
      dueAt: Timestamp, madeAt: Timestamp, quiet: QuietSlots, hasChannel: Bool, hasBill: Bool,
      issue: BillIssue
    ) {
      self.dueAt = dueAt
      self.madeAt = madeAt
      self.quiet = quiet
      self.hasChannel = hasChannel
      self.hasBill = hasBill
      self.issue = issue
    }
  }

  /// - Parameters:
  ///   - day: the one that it is then in the customer's zone.
  ///   - noChannel: why there is none, where there is none.
  package static func decide(
    _ facts: Facts, at now: Timestamp, on day: CalendarDay, maxLatenessSeconds: Int64,
    noChannel: DeliveryReason
  ) -> DispatchDecision {
    if facts.quiet.coverTheDay { return .suppress(.noSlot) }
    if !facts.hasChannel || PlantedBug.everybodySuppressed.isPlanted {
      return .suppress(noChannel)
    }
    let latest = max(facts.dueAt, facts.madeAt).adding(seconds: maxLatenessSeconds)
    if now > latest { return .hold(.tooLate) }
    if !facts.issue.mayBeTold(on: day) { return .hold(.dueDatePassed) }
    if facts.issue.isAwaited { return .wait }
    if !facts.hasBill { return .hold(.billUnusable) }
    return .queue
  }
}

/// Whether a correction may go, seeing how an earlier delivery of the same bill stands: the
/// customer must not get the old one after the new one, nor both at once.
package enum CorrectionGate: Hashable, Sendable {
  case open
  /// The earlier one can still be taken back: it gives way.
  case openSuperseding
  /// Its outcome decides.
  case wait

  package static func decide(earlier: DeliveryState, unresolved: Int) -> CorrectionGate {
    if PlantedBug.correctionOvertakes.isPlanted { return .open }
    return switch earlier {
    case .accepted, .superseded: .open
    case .sending, .uncertain: .wait
    case .planned, .queued, .claimed, .held, .suppressed, .failed:
      unresolved > 0 ? .wait : .openSuperseding
    }
  }

  /// Which of the earlier deliveries of its bill give way to a correction, by their positions;
  /// `nil`: it has to wait.
  package static func givingWay(_ earlier: [DeliveryRecord]) -> [Int]? {
    let gates = earlier.map { decide(earlier: $0.state, unresolved: $0.unresolved) }
    guard !gates.contains(.wait) else { return nil }
    return gates.indices.filter { gates[$0] == .openSuperseding }
  }
}

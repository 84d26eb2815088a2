package import Billing

/// What an operator's action does to a delivery.
///
/// The rules that hold for the platform hold for the operator: nothing is sent under a new key while
/// an attempt under the old one may have been taken (R3), no old bill follows a newer one, and
/// nobody is told who does not want to be.
package enum OperatorDecision: Hashable, Sendable {
  /// Planned from the beginning on this channel: attempts are counted anew.
  case plan(on: Channel, round: Int)
  /// Planned from the beginning, with the next issue of its bill.
  case redate(on: Channel, round: Int, dueDate: CalendarDay)
  /// Planned for one attempt more under the key of those that nobody knows the outcome of.
  case planUnderSameKey
  case accept
  /// On as if the provider had said that it has no such message.
  case followAbsence
  /// A delivery of its own, of kind `resend`; a failed or suppressed original gives way to it.
  case resend(on: Channel, sequence: Int)
  case refuse(OperatorRefusal)

  /// What the decision needs of the delivery, as its row and its customer are now.
  package struct Facts: Sendable {
    package var key: DeliveryKey
    package var state: DeliveryState
    package var version: Int
    package var isBegun: Bool
    package var round: Int
    package var channel: Channel?
    package var unresolved: Int
    /// Uncertain, and nobody looks at it again but an operator.
    package var isParked: Bool
    package var keyOpenedAt: Timestamp?
    /// Until when its latest call could reach the provider.
    package var notAfter: Timestamp?
    /// Whether the customer's contact is what the channel's key was first used with.
    package var recipientStands: Bool
    package var uncertainRule: DeliveryPolicy.UncertainRule
    /// The customer's other deliveries of the month.
    package var others: [Other]
    /// The customer's channels, in order of preference.
    package var usable: [Channel]
    /// Why the customer cannot be told at all; `nil` when they can.
    package var suppression: DeliveryReason?
    package var issue: BillIssue
    /// The due date that the bill would have if it were made now.
    package var redatedTo: CalendarDay

    package init(
      key: DeliveryKey, state: DeliveryState, version: Int, isBegun: Bool, round: Int,
      channel: Channel?, unresolved: Int, isParked: Bool, keyOpenedAt: Timestamp?,
      notAfter: Timestamp?, recipientStands: Bool, uncertainRule: DeliveryPolicy.UncertainRule,
      others: [Other], usable: [Channel], suppression: DeliveryReason?,
      issue: BillIssue, redatedTo: CalendarDay
    ) {
      self.key = key
      self.state = state
      self.version = version
      self.isBegun = isBegun
      self.round = round
      self.channel = channel
      self.unresolved = unresolved
      self.isParked = isParked
      self.keyOpenedAt = keyOpenedAt
      self.notAfter = notAfter
      self.recipientStands = recipientStands
      self.uncertainRule = uncertainRule
      self.others = others
      self.usable = usable
      self.suppression = suppression
      self.issue = issue
      self.redatedTo = redatedTo
    }
  }

  package struct Other: Hashable, Sendable {
    package var kind: DeliveryKind
    package var sequence: Int
    package var version: Int

    package init(kind: DeliveryKind, sequence: Int, version: Int) {
      self.kind = kind
      self.sequence = sequence
      self.version = version
    }
  }

  package static func decide(
    _ request: OperatorRequest, _ facts: Facts, at now: Timestamp
  ) -> OperatorDecision {
    guard request.action.states.contains(facts.state) else { return .refuse(.wrongState) }
    switch request.action {
    case .retry: return retry(request, facts, at: now)
    // What is not parked was not put before an operator: the platform still asks what became of it,
    // or sends it again where that does no harm.
    case .resolveAccepted where !facts.isParked, .resolveAbsent where !facts.isParked:
      return .refuse(.notParked)
    case .resolveAccepted: return .accept
    case .resolveAbsent:
      // Before that nobody can know: bytes on their way may still arrive.
      guard facts.notAfter.map({ $0 < now }) ?? true else { return .refuse(.callUnderWay) }
      return .followAbsence
    case .resend(let again): return resend(facts, again: again)
    case .redate: return redate(facts)
    }
  }

  private static func retry(
    _ request: OperatorRequest, _ facts: Facts, at now: Timestamp
  ) -> OperatorDecision {
    if let refusal = unreachable(facts) ?? outdated(facts) { return .refuse(refusal) }
    guard facts.unresolved == 0, facts.state != .uncertain else {
      return retryUnderSameKey(request, facts, at: now)
    }
    guard let channel = facts.usable.first else { return .refuse(.noContact) }
    // Every attempt is known to have failed, so keys that were never used are safe; and only they
    // can do better than what was tried (see `IdempotencyKey`).
    return .plan(on: channel, round: facts.isBegun ? facts.round + 1 : facts.round)
  }

  /// As the reconciler decides, but for the policy's number of attempts: another one is what the
  /// operator asks for. The claim looks at it again.
  private static func retryUnderSameKey(
    _ request: OperatorRequest, _ facts: Facts, at now: Timestamp
  ) -> OperatorDecision {
    guard let channel = facts.channel, let openedAt = facts.keyOpenedAt, facts.recipientStands,
      facts.usable.contains(channel)
    else { return .refuse(.unresolved) }
    if facts.uncertainRule == .atLeastOnce { return .planUnderSameKey }
    // Whether it keeps keys is for the provider to say.
    guard let provider = request.providers[channel] else { return .refuse(.providerSilent) }
    let isYoung = KeyAge.isYoung(
      openedAt: openedAt, keptSeconds: provider.keepsKeySeconds, now: now, timing: request.timing)
    return isYoung ? .planUnderSameKey : .refuse(.unresolved)
  }

  /// As for a retry, but that it goes with another bill: never under a key that something may have
  /// been taken under.
  private static func redate(_ facts: Facts) -> OperatorDecision {
    guard facts.key.kind != .resend, let dueDate = facts.issue.dueDate else {
      return .refuse(.nothingDue)
    }
    // So that the same command a second time, or twice at once, finds nothing left to do.
    guard facts.redatedTo > dueDate else { return .refuse(.timeEnough) }
    if let refusal = unreachable(facts) ?? outdated(facts) { return .refuse(refusal) }
    guard facts.unresolved == 0 else { return .refuse(.unresolved) }
    guard let channel = facts.usable.first else { return .refuse(.noContact) }
    return .redate(
      on: channel, round: facts.isBegun ? facts.round + 1 : facts.round, dueDate: facts.redatedTo)
  }

  private static func resend(_ facts: Facts, again: Bool) -> OperatorDecision {
    if let refusal = outdated(facts) { return .refuse(refusal) }
    let resends = facts.others.filter { $0.kind == .resend }
    let isFirst = facts.key.kind != .resend
    // The latest alone, and unless asked for only an original: so that the same command a second
    // time, or twice at once, finds nothing left to do.
    let followers = resends.filter {
      $0.version == facts.version && (isFirst || $0.sequence > facts.key.sequence)
    }
    guard followers.isEmpty, isFirst || again else { return .refuse(.alreadyResent) }
    if let refusal = unreachable(facts) { return .refuse(refusal) }
    guard let channel = facts.usable.first else { return .refuse(.noContact) }
    let last = max(resends.map(\.sequence).max() ?? 0, isFirst ? 0 : facts.key.sequence)
    return .resend(on: channel, sequence: last + 1)
  }

  /// The customer must not get the old bill after the new one.
  private static func outdated(_ facts: Facts) -> OperatorRefusal? {
    facts.others.contains { $0.version > facts.version } ? .superseded : nil
  }

  private static func unreachable(_ facts: Facts) -> OperatorRefusal? {
    switch facts.suppression {
    case nil: nil
    case .optedOut: .optedOut
    case .noSlot: .noSlot
    default: .noContact
    }
  }
}

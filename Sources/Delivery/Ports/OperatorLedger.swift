package import Billing

/// What an operator needs of the ledger: to find deliveries by what they have in common, to see what
/// an action would do to them, and to do it.
///
/// Whoever else works on the ledger meets the operator on the row (R4): an action changes a delivery
/// only where it still is in the state and at the generation in which it was found.
package protocol OperatorLedger: Sendable {
  /// Looks at the next deliveries, at most `limit` of them, in an order of its own that does not
  /// change while they are acted on; those that match.
  func find(
    _ query: DeliveryQuery, after cursor: DeliveryCursor?, limit: Int
  ) async throws -> FoundPage

  /// What `act` would do now. Changes nothing.
  func foresee(
    _ request: OperatorRequest, on found: [FoundDelivery]
  ) async throws -> [OperatorOutcome]

  /// Acts on all of them in one transaction, each with an entry in its log that says who and why.
  func act(
    _ request: OperatorRequest, on found: [FoundDelivery], signature: OperatorSignature
  ) async throws -> [OperatorOutcome]
}

/// What deliveries are to have in common: every part that is given.
package struct DeliveryQuery: Hashable, Sendable {
  /// Not empty.
  package var states: Set<DeliveryState>
  package var month: BillingMonth?
  package var customer: CustomerID?
  /// The channel of its latest attempt, or of its next while there is none.
  package var channel: Channel?
  /// Of its latest attempt.
  package var provider: String?
  package var reason: DeliveryReason?
  /// In its state for this long, at least.
  package var olderThanSeconds: Int64?

  package init(
    states: Set<DeliveryState>, month: BillingMonth? = nil, customer: CustomerID? = nil,
    channel: Channel? = nil, provider: String? = nil, reason: DeliveryReason? = nil,
    olderThanSeconds: Int64? = nil
  ) {
    self.states = states
    self.month = month
    self.customer = customer
    self.channel = channel
    self.provider = provider
    self.reason = reason
    self.olderThanSeconds = olderThanSeconds
  }

  /// Those that wait for somebody: a ledger finds them without looking at others.
  package static let setAside: Set<DeliveryState> = [.failed, .uncertain, .held, .suppressed]

  /// Whether it can be answered without looking at every delivery of every month.
  package var isBounded: Bool {
    month != nil || customer != nil || states.isSubset(of: Self.setAside)
  }

  package func matches(_ delivery: FoundDelivery, at now: Timestamp) -> Bool {
    states.contains(delivery.state)
      && (month == nil || month == delivery.key.month)
      && (customer == nil || customer == delivery.key.customer)
      && (channel == nil || channel == delivery.channel)
      && (provider == nil || provider == delivery.provider)
      && (reason == nil || reason == delivery.reason)
      && (olderThanSeconds.map { delivery.changedAt <= now.adding(seconds: -$0) } ?? true)
  }
}

/// Where a look through deliveries has come to.
package struct DeliveryCursor: Hashable, Sendable {
  /// Of this state only; `nil`: of any.
  package var state: DeliveryState?
  package var month: BillingMonth
  /// The last one looked at; `nil`: none of the month.
  package var after: DeliveryKey?

  package init(state: DeliveryState?, month: BillingMonth, after: DeliveryKey?) {
    self.state = state
    self.month = month
    self.after = after
  }
}

package struct FoundPage: Hashable, Sendable {
  package var deliveries: [FoundDelivery]
  /// Where to go on; `nil` when everything was looked at.
  package var next: DeliveryCursor?
  /// The ledger's time.
  package var now: Timestamp

  package init(deliveries: [FoundDelivery], next: DeliveryCursor?, now: Timestamp) {
    self.deliveries = deliveries
    self.next = next
    self.now = now
  }
}

/// A delivery as an operator sees it in a list: nothing of it is personal.
package struct FoundDelivery: Hashable, Sendable {
  package var key: DeliveryKey
  package var state: DeliveryState
  package var generation: Int
  package var reason: DeliveryReason?
  package var version: Int
  package var channel: Channel?
  /// `nil` before its first attempt.
  package var provider: String?
  package var round: Int
  /// In all.
  package var attempts: Int
  /// Of which nobody knows whether they were taken.
  package var unresolved: Int
  /// Since when it is in its state.
  package var changedAt: Timestamp
  /// Of the bill, beside its version.
  package var issue: Int
  /// By when the bill is to be paid; `nil` where nothing is, and for a resend.
  package var dueDate: CalendarDay?

  package init(
    key: DeliveryKey, state: DeliveryState, generation: Int, reason: DeliveryReason?,
    version: Int, channel: Channel?, provider: String?, round: Int, attempts: Int,
    unresolved: Int, changedAt: Timestamp, issue: Int, dueDate: CalendarDay?
  ) {
    self.key = key
    self.state = state
    self.generation = generation
    self.reason = reason
    self.version = version
    self.channel = channel
    self.provider = provider
    self.round = round
    self.attempts = attempts
    self.unresolved = unresolved
    self.changedAt = changedAt
    self.issue = issue
    self.dueDate = dueDate
  }

  /// What its provider was given, or will be, to recognise the message by; to ask about it.
  package var idempotencyKey: String? {
    channel.map { key.idempotencyKey(on: $0, round: round) }
  }
}

package enum OperatorAction: Hashable, Sendable {
  /// Planned again: in a new round where every attempt is known to have failed, else under the same
  /// key where that can do no harm.
  case retry
  /// The operator found out that the provider took it. Only of what is parked, like the next.
  case resolveAccepted(reference: String?)
  /// The operator found out that the provider never took it.
  case resolveAbsent
  /// A new delivery of what was accepted, has failed or was suppressed.
  ///
  /// `again`: also of what was sent again before.
  case resend(again: Bool)
  /// Planned again with the next issue of its bill, whose due date is one for a bill made now.
  case redate

  /// In the log, before the operator's own words.
  package var name: String {
    switch self {
    case .retry: "retry"
    case .resolveAccepted: "resolve --accepted"
    case .resolveAbsent: "resolve --absent"
    case .resend: "resend"
    case .redate: "redate"
    }
  }

  /// The states that it is for.
  package var states: Set<DeliveryState> {
    switch self {
    case .retry: [.held, .failed, .uncertain]
    case .resolveAccepted, .resolveAbsent: [.uncertain]
    case .resend: [.accepted, .failed, .suppressed]
    case .redate: [.planned, .queued, .held, .failed]
    }
  }
}

/// An action with what deciding about it takes.
package struct OperatorRequest: Sendable {
  package var action: OperatorAction
  /// What the channels' providers can do, as far as they said so.
  package var providers: [Channel: ProviderCapabilities]
  package var timing: DeliveryTiming
  /// Spreads what is tried again.
  package var jitter: UInt64

  package init(
    _ action: OperatorAction, providers: [Channel: ProviderCapabilities], timing: DeliveryTiming,
    jitter: UInt64
  ) {
    self.action = action
    self.providers = providers
    self.timing = timing
    self.jitter = jitter
  }
}

/// Who did it, and why.
package struct OperatorSignature: Hashable, Sendable {
  package var who: String
  package var why: String

  package init(who: String, why: String) {
    self.who = who
    self.why = why
  }
}

package enum OperatorOutcome: Hashable, Sendable {
  /// Into this state.
  case moved(DeliveryState)
  /// This delivery was made of it.
  case made(DeliveryKey)
  case refused(OperatorRefusal)
  /// No longer as it was found: dropped.
  case stale

  /// Whether the delivery was changed, or would be.
  package var isDone: Bool {
    switch self {
    case .moved, .made: true
    case .refused, .stale: false
    }
  }
}

/// Why an action is not for a delivery.
package enum OperatorRefusal: String, CaseIterable, Hashable, Sendable {
  /// The action is for other states.
  case wrongState
  /// An attempt of it may have been taken: only `resolve` can say that it was not.
  case unresolved
  /// Its provider has to say what it can do with a key, and does not answer.
  case providerSilent
  /// Not on the operator's list: the platform still finds out by itself what became of it.
  case notParked
  /// Its last call may still be under way.
  case callUnderWay
  /// A later version of the bill is told by another delivery.
  case superseded
  /// It was sent again before.
  case alreadyResent
  /// Its bill asks for nothing, or it repeats what was told before.
  case nothingDue
  /// Its due date leaves the customer the time that the policy promises.
  case timeEnough
  case optedOut
  case noContact
  case noSlot
}

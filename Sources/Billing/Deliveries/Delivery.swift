/// What a delivery tells the customer.
package enum DeliveryKind: String, CaseIterable, Hashable, Sendable {
  case bill
  case correction
  case resend

  /// The number it is stored under; never reused.
  package var code: Int {
    switch self {
    case .bill: 1
    case .correction: 2
    case .resend: 3
    }
  }

  package init?(code: Int) {
    guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = match
  }
}

/// The one intent to notify one customer of one statement (발송): unique by these four.
package struct DeliveryKey: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var month: BillingMonth
  package var customer: CustomerID
  package var kind: DeliveryKind
  /// 1, 2, … within the kind.
  package var sequence: Int

  package init(month: BillingMonth, customer: CustomerID, kind: DeliveryKind, sequence: Int) {
    self.month = month
    self.customer = customer
    self.kind = kind
    self.sequence = sequence
  }

  /// Sequences, rounds, generations, fences and attempts as ledgers can hold them.
  package static let counts = 0...Int(Int32.max) - 1

  /// `2026-10:1001:bill:1`.
  package var description: String { "\(month):\(customer):\(kind.rawValue):\(sequence)" }

  /// Reads what `description` writes.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 4, let month = BillingMonth(parts[0]), let customer = Int64(parts[1]),
      let kind = DeliveryKind(rawValue: String(parts[2])), let sequence = Int(parts[3]),
      DeliveryKey.counts.contains(sequence)
    else { return nil }
    self.init(month: month, customer: CustomerID(customer), kind: kind, sequence: sequence)
  }

  package static func < (left: DeliveryKey, right: DeliveryKey) -> Bool {
    (left.month, left.customer, left.kind.code, left.sequence)
      < (right.month, right.customer, right.kind.code, right.sequence)
  }

  /// The key that a provider recognises a message by: fixed for a channel, whatever the attempt.
  package func idempotencyKey(on channel: Channel, round: Int = 1) -> String {
    IdempotencyKey(delivery: self, channel: channel, round: round).description
  }

  /// Reads what `idempotencyKey(on:round:)` writes.
  package static func parse(idempotencyKey text: String) -> (key: DeliveryKey, channel: Channel)? {
    IdempotencyKey(text).map { ($0.delivery, $0.channel) }
  }
}

/// What a provider recognises a message by: fixed for a delivery and a channel, whatever the
/// attempt, until a new round begins: by an operator, or because the contact was mended.
///
/// A round may begin only when every attempt of the one before is known to have failed (R3). Its
/// keys are new because the old ones are spent: a provider that keeps keys may answer a rejected
/// one with the same rejection for good, and what may go out under one is frozen, while the reason
/// for trying again is often that the address was mended.
package struct IdempotencyKey: Hashable, Sendable, CustomStringConvertible {
  package var delivery: DeliveryKey
  package var channel: Channel
  /// 1, 2, …
  package var round: Int

  package init(delivery: DeliveryKey, channel: Channel, round: Int) {
    self.delivery = delivery
    self.channel = channel
    self.round = round
  }

  /// `2026-10:1001:bill:1:email`; from the second round on `2026-10:1001:bill:1:email:2`.
  package var description: String {
    "\(delivery):\(channel.rawValue)" + (round > 1 ? ":\(round)" : "")
  }

  /// Reads what `description` writes; `nil` for any other text.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 5 || parts.count == 6,
      let delivery = DeliveryKey(parts[0..<4].joined(separator: ":")),
      let channel = Channel(rawValue: String(parts[4])),
      let round = parts.count == 5 ? 1 : Int(parts[5]), DeliveryKey.counts.contains(round)
    else { return nil }
    self.init(delivery: delivery, channel: channel, round: round)
    guard description == text else { return nil }
  }
}

/// Where a delivery stands.
package enum DeliveryState: String, CaseIterable, Hashable, Sendable {
  /// Waits for its day, its slot or its next attempt.
  case planned
  /// An event about it is, or will be, on the topic.
  case queued
  /// A consumer has it; nothing is sent; others may take over when the lease ends.
  case claimed
  /// The intent is committed: something may have reached the provider. Never taken over by time.
  case sending
  case accepted
  case failed
  /// Nobody knows whether the provider took it.
  case uncertain
  /// Too late to go by itself, or its bill is; waits for an operator.
  case held
  /// Opted out, no contact data, no slot left in the day.
  case suppressed
  /// Replaced by a later version before it began.
  case superseded

  /// The number it is stored under; never reused.
  package var code: Int {
    switch self {
    case .planned: 1
    case .queued: 2
    case .claimed: 3
    case .sending: 4
    case .accepted: 5
    case .failed: 6
    case .uncertain: 7
    case .held: 8
    case .suppressed: 9
    case .superseded: 10
    }
  }

  package init?(code: Int) {
    guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = match
  }

  /// Whether the platform still has something to do by itself.
  package var isPending: Bool {
    switch self {
    case .planned, .queued, .claimed, .sending: true
    case .accepted, .failed, .uncertain, .held, .suppressed, .superseded: false
    }
  }
}

/// Why a delivery is in the state it is in, where the state alone does not say.
package enum DeliveryReason: String, CaseIterable, Hashable, Sendable {
  case optedOut
  case noContact
  case noSlot
  /// More than `dispatch.maxLateness` after it was due.
  case tooLate
  /// Its bill was to be paid by an earlier day than it could go on.
  case dueDatePassed
  /// The slot ended before it could be sent.
  case slotOver
  /// The bill store or the ledger could not be reached; no attempt is counted.
  case storeUnreachable
  /// The bill is missing or altered and could not be made again.
  case billUnusable
  /// The provider refused for good, such as: no such address.
  case rejected
  /// Every attempt that the policy allows was refused.
  case attemptsExhausted
  /// The call's deadline passed, or the answer broke off.
  case noAnswer
  /// Answered 429, by the provider or by something before it: too many requests. Nobody knows
  /// whether it was taken.
  case throttled
  /// Answered 503, likewise: not available.
  case unavailable
  /// The provider did not take it now; it may later.
  case notAccepted
  /// The call was never written; no attempt is counted.
  case notWritten
  /// The claim's lease would not have outlasted a call.
  case leaseShort
  /// The consumer was stopped before it sent anything.
  case stopped
  /// The contact that the channel's key was first used with is no longer the customer's.
  case recipientChanged
  /// The provider may have forgotten the key, so that sending again could send twice.
  case keyTooOld
  /// Nothing the platform may do by itself would tell what became of it.
  case awaitsOperator
  /// The sealed contact cannot be opened: damaged, or sealed under another key.
  case contactUnreadable
  /// The next channel takes over.
  case fallback
  /// The event was consumed and nobody has the delivery: it is published again.
  case eventLost
  /// The customer's data changed; it is looked at again.
  case changed
  case superseded
  case operatorDecision

  /// Why a delivery does not go on by itself, whatever became of its attempts: what nobody knows the
  /// outcome of is asked about, and not sent again.
  package var setsAside: Bool {
    switch self {
    case .optedOut, .noContact, .noSlot, .tooLate, .dueDatePassed, .billUnusable,
      .contactUnreadable, .operatorDecision:
      true
    default: false
    }
  }

  /// Says more of an uncertain delivery than that it waits for an operator.
  package var staysWhenParked: Bool {
    self == .throttled || self == .unavailable || setsAside
  }
}

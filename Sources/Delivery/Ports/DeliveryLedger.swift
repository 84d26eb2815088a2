package import Billing

/// What delivering needs of the ledger: whole batches, each one transaction; every change only
/// where the row still is as the caller believes. An outcome for each item, in their order.
///
/// Every time that is compared is the ledger's own at the moment of the statement.
package protocol DeliveryLedger: Sendable {
  /// `queued` at the event's generation, or `claimed` with its lease over → `claimed`, fence + 1.
  func claim(
    _ events: [DeliveryEvent], owner: String, timing: DeliveryTiming
  ) async throws -> [ClaimOutcome]

  /// `claimed` under this fence and generation, lease and slot good for long enough → `sending`,
  /// attempt + 1, an open attempt. Recipient and bill are frozen with the channel's first.
  func intend(_ intents: [Intent], timing: DeliveryTiming) async throws -> [IntentOutcome]

  /// Closes attempts. `accepted` always wins; anything else only under the fence of a delivery
  /// that is still `sending`.
  func record(_ results: [SendResult]) async throws -> [RecordOutcome]

  /// Positive evidence from anyone, by idempotency key.
  func recordAccepted(_ evidence: [AcceptanceEvidence]) async throws -> [EvidenceOutcome]

  /// Gives back what this fence's holder has not written anything of.
  func release(_ releases: [Release]) async throws -> [ReleaseOutcome]

  /// `sending` past its deadline and `reapAfter` → `uncertain`; how many.
  func reap(timing: DeliveryTiming, limit: Int) async throws -> Int

  /// At a slot's end, what is `queued`, or `claimed` with its lease over → `planned`; what is
  /// below a partition's committed offset and nobody has → to be published again. One transaction of
  /// a walk along all of it (see `SweepWalk`).
  ///
  /// - Parameter stop: where the last one ended; `nil` begins anew.
  func sweep(
    committed: [Int: Int64], from stop: SweepStop?, limit: Int
  ) async throws -> SweepStep

  /// Takes uncertain deliveries that are to be looked at now: nobody else is handed them until the
  /// lease is over, or a resolution says otherwise.
  func takeUncertain(
    on channel: Channel, leaseSeconds: Int64, limit: Int
  ) async throws -> [UncertainDelivery]

  func resolve(_ resolutions: [Resolution], who: String) async throws -> [ResolveOutcome]

  /// What is queued, claimed, sending and unsettled, of all months.
  func underWay() async throws -> UnderWay
}

package enum ClaimOutcome: Sendable {
  case claimed(ClaimedDelivery)
  /// Another generation, or not queued: the event says nothing any more.
  case stale
  /// Another holder's lease is good.
  case heldByAnother
  /// Too little is left of the slot: it was planned again.
  case slotOver
}

package struct ClaimedDelivery: Sendable {
  package var key: DeliveryKey
  package var generation: Int
  package var fence: Int
  package var bill: BillKey
  package var sha256: ContentHash
  /// Sealed under the column of the channel; empty when there is none.
  package var sealedContact: [UInt8]
  package var contactHash: [UInt8]
  /// What the channel's key was first used with; `nil` before its first intent.
  package var frozenRecipient: [UInt8]?
  package var frozenSHA: ContentHash?
  package var keyOpenedAt: Timestamp?
  /// Attempts under this key of which nobody knows whether they were taken.
  package var unresolved: Int
  package var uncertainRule: DeliveryPolicy.UncertainRule
  package var claimedAt: Timestamp
  /// Of attempts; see `IdempotencyKey`.
  package var round: Int

  package init(
    key: DeliveryKey, generation: Int, fence: Int, bill: BillKey, sha256: ContentHash,
    sealedContact: [UInt8], contactHash: [UInt8], frozenRecipient: [UInt8]?,
    frozenSHA: ContentHash?, keyOpenedAt: Timestamp?, unresolved: Int,
    uncertainRule: DeliveryPolicy.UncertainRule, claimedAt: Timestamp, round: Int = 1
  ) {
    self.key = key
    self.generation = generation
    self.fence = fence
    self.bill = bill
    self.sha256 = sha256
    self.sealedContact = sealedContact
    self.contactHash = contactHash
    self.frozenRecipient = frozenRecipient
    self.frozenSHA = frozenSHA
    self.keyOpenedAt = keyOpenedAt
    self.unresolved = unresolved
    self.uncertainRule = uncertainRule
    self.claimedAt = claimedAt
    self.round = round
  }

  package var channel: Channel { bill.channel }

  /// What its provider recognises the message by.
  package var idempotencyKey: String { key.idempotencyKey(on: channel, round: round) }
}

package struct Intent: Sendable {
  package var key: DeliveryKey
  package var generation: Int
  package var fence: Int
  package var channel: Channel
  package var sha256: ContentHash
  package var recipientHash: [UInt8]
  package var provider: String

  package init(
    key: DeliveryKey, generation: Int, fence: Int, channel: Channel, sha256: ContentHash,
    recipientHash: [UInt8], provider: String
  ) {
    self.key = key
    self.generation = generation
    self.fence = fence
    self.channel = channel
    self.sha256 = sha256
    self.recipientHash = recipientHash
    self.provider = provider
  }
}

package enum IntentOutcome: Hashable, Sendable {
  /// `attempt` of the delivery, `channelAttempt` of the channel; nothing may reach the provider
  /// after `notAfter`.
  case intended(attempt: Int, channelAttempt: Int, notAfter: Timestamp)
  /// Another fence or generation, or other content under the key: dropped, nothing changed.
  case stale
  /// The lease or the slot is too short: it was planned again.
  case released(DeliveryReason)
}

package struct SendResult: Sendable {
  package var key: DeliveryKey
  package var fence: Int
  package var attempt: Int
  package var channel: Channel
  package var outcome: SendOutcome
  /// Spreads retries.
  package var jitter: UInt64

  package init(
    key: DeliveryKey, fence: Int, attempt: Int, channel: Channel, outcome: SendOutcome,
    jitter: UInt64
  ) {
    self.key = key
    self.fence = fence
    self.attempt = attempt
    self.channel = channel
    self.outcome = outcome
    self.jitter = jitter
  }
}

package enum RecordOutcome: Hashable, Sendable {
  /// The state the delivery went to.
  case recorded(DeliveryState)
  /// It was accepted already.
  case alreadyRecorded
  /// Not under this fence, or no longer in `sending`: dropped.
  case stale
}

package struct AcceptanceEvidence: Hashable, Sendable {
  package var idempotencyKey: String
  package var reference: String

  package init(idempotencyKey: String, reference: String) {
    self.idempotencyKey = idempotencyKey
    self.reference = reference
  }
}

package enum EvidenceOutcome: Hashable, Sendable {
  case recorded
  case alreadyRecorded
  case unknownDelivery
}

package struct Release: Hashable, Sendable {
  package enum Then: Hashable, Sendable {
    case plan(afterMilliseconds: Int64)
    /// At once, under keys that were never used; where an attempt may have been taken, like the next.
    case planNextRound
    /// Nothing can go out under the channel's key any more.
    case closeChannel
    case hold
  }

  package var key: DeliveryKey
  package var fence: Int
  package var then: Then
  package var reason: DeliveryReason

  package init(key: DeliveryKey, fence: Int, then: Then, reason: DeliveryReason) {
    self.key = key
    self.fence = fence
    self.then = then
    self.reason = reason
  }
}

package enum ReleaseOutcome: Hashable, Sendable {
  case released(DeliveryState)
  case stale
}

package struct UncertainDelivery: Sendable {
  package var key: DeliveryKey
  package var generation: Int
  package var channel: Channel
  package var keyOpenedAt: Timestamp
  /// Of its last attempt.
  package var notAfter: Timestamp
  package var channelAttempts: Int
  /// Whether the contact and the channel are what the key was first used with.
  package var recipientStands: Bool
  /// Whether it is not to go on by itself: what became of it is asked, and it is not sent again.
  package var isSetAside: Bool
  package var policy: DeliveryPolicy
  package var now: Timestamp
  /// Of attempts; see `IdempotencyKey`.
  package var round: Int

  package init(
    key: DeliveryKey, generation: Int, channel: Channel, keyOpenedAt: Timestamp,
    notAfter: Timestamp, channelAttempts: Int, recipientStands: Bool, isSetAside: Bool = false,
    policy: DeliveryPolicy, now: Timestamp, round: Int = 1
  ) {
    self.key = key
    self.generation = generation
    self.channel = channel
    self.keyOpenedAt = keyOpenedAt
    self.notAfter = notAfter
    self.channelAttempts = channelAttempts
    self.recipientStands = recipientStands
    self.isSetAside = isSetAside
    self.policy = policy
    self.now = now
    self.round = round
  }

  /// What its provider recognises the message by.
  package var idempotencyKey: String { key.idempotencyKey(on: channel, round: round) }
}

/// What was found out of an uncertain delivery, but for its acceptance: that is evidence, which counts
/// wherever the delivery stands (`recordAccepted`).
package struct Resolution: Hashable, Sendable {
  package enum Finding: Hashable, Sendable {
    /// Every attempt under the key is known to have failed.
    case absent(jitter: UInt64)
    /// To be sent again under the same key.
    case sendAgain
    case lookAgain(at: Timestamp)
    /// Left for an operator.
    case park
  }

  package var key: DeliveryKey
  package var generation: Int
  package var finding: Finding

  package init(key: DeliveryKey, generation: Int, finding: Finding) {
    self.key = key
    self.generation = generation
    self.finding = finding
  }
}

package enum ResolveOutcome: Hashable, Sendable {
  case resolved(DeliveryState)
  /// Not uncertain any more, or at another generation: dropped.
  case stale
}

package struct UnderWay: Hashable, Sendable {
  package var queued: Int
  package var claimed: Int
  package var sending: Int
  /// Uncertain, and to be looked at again by the reconciler.
  package var unsettled: Int

  package init(queued: Int, claimed: Int, sending: Int, unsettled: Int) {
    self.queued = queued
    self.claimed = claimed
    self.sending = sending
    self.unsettled = unsettled
  }

  /// Nothing is queued, claimed or sending.
  package var isEmpty: Bool { queued + claimed + sending == 0 }

  /// Besides, no time has to pass until an uncertain one is settled.
  package var isSettled: Bool { isEmpty && unsettled == 0 }
}

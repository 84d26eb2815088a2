package import Billing

/// What dispatch reads of a delivery.
package struct DueDelivery: Hashable, Sendable {
  package let key: DeliveryKey
  package let nextAt: Timestamp
  package let quiet: QuietSlots
  package let generation: Int
  package let fence: Int
  /// The one that the next attempt uses.
  package let channel: Channel?
  /// Whether the customer has any.
  package let hasChannel: Bool
  package let version: Int
  package let policy: Int
  package let template: Int
  package let dueAt: Timestamp
  package let madeAt: Timestamp
  /// Of the bill for `channel`; `nil` when there is none.
  package var sha256: ContentHash?
  package let issue: BillIssue

  package init(
    key: DeliveryKey, nextAt: Timestamp, quiet: QuietSlots, generation: Int, fence: Int,
    channel: Channel?, hasChannel: Bool, version: Int, policy: Int, template: Int,
    dueAt: Timestamp, madeAt: Timestamp, sha256: ContentHash?, issue: BillIssue
  ) {
    self.key = key
    self.nextAt = nextAt
    self.quiet = quiet
    self.generation = generation
    self.fence = fence
    self.channel = channel
    self.hasChannel = hasChannel
    self.version = version
    self.policy = policy
    self.template = template
    self.dueAt = dueAt
    self.madeAt = madeAt
    self.sha256 = sha256
    self.issue = issue
  }

  /// - Parameters:
  ///   - day: the one that it is then in the customer's zone.
  ///   - noChannel: why there is none, where there is none.
  package func decision(
    at now: Timestamp, on day: CalendarDay, maxLatenessSeconds: Int64, noChannel: DeliveryReason
  ) -> DispatchDecision {
    DispatchDecision.decide(
      DispatchDecision.Facts(
        dueAt: dueAt, madeAt: madeAt, quiet: quiet, hasChannel: hasChannel, hasBill: sha256 != nil,
        issue: issue),
      at: now, on: day, maxLatenessSeconds: maxLatenessSeconds, noChannel: noChannel)
  }

  package var cursor: QueueCursor { QueueCursor(nextAt: nextAt, key: key) }

  /// `nil` where it has no channel or no bill.
  package func event(generation: Int, slotEnd: Timestamp) -> DeliveryEvent? {
    guard let sha256, let channel else { return nil }
    return DeliveryEvent(
      delivery: key, generation: generation,
      bill: BillKey(
        statement: StatementKey(month: key.month, customer: key.customer, version: version),
        issue: issue.number, policy: policy, template: template, channel: channel),
      sha256: sha256, slotEnd: slotEnd)
  }
}

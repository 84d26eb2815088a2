/// When a delivery may begin, and whether it may at all: decided when it is made, and again
/// whenever the customer's data changes.
package enum DeliverySchedule {
  /// The first moment of the send day in the month after the billing month, in the customer's own
  /// zone. Past a short month's end the send day is its last day.
  package static func due(month: BillingMonth, sendDay: Int, zone: ZoneRules) -> Timestamp {
    zone.start(of: month.next.day(clamping: sendDay))
  }

  /// Whether the month in which that billing month is told of is over, in the customer's own zone:
  /// what was not sent by then is an old bill.
  package static func isOver(_ month: BillingMonth, zone: ZoneRules, at now: Timestamp) -> Bool {
    now >= zone.start(of: month.next.next.firstDay)
  }

  /// The channels that a customer can be told on: wanted, with contact data, and with a bill.
  package static func usableChannels(
    preferred: [Channel], hasEmail: Bool, hasPhone: Bool, policy: [Channel]
  ) -> [Channel] {
    preferred.filter { channel in
      guard policy.contains(channel) else { return false }
      return switch channel.contact {
      case .email: hasEmail
      case .phone: hasPhone
      }
    }
  }

  /// Why the customer cannot be told; `nil` when they can.
  package static func suppression(
    preferred: [Channel], usable: [Channel], quiet: QuietSlots
  ) -> DeliveryReason? {
    if preferred.isEmpty { return .optedOut }
    if usable.isEmpty { return .noContact }
    if quiet.coverTheDay { return .noSlot }
    return nil
  }
}

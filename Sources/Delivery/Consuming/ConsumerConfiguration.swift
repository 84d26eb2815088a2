package import Billing

/// Where a consumer's ports come from.
package struct ConsumerParts: Sendable {
  package var ledger: any DeliveryLedger
  package var feed: any Feed
  package var bills: any BillFetch
  package var remaker: any BillRemaker
  package var providers: [Channel: any Provider]
  package var seal: ContactSeal
  /// For pacing, deadlines and grace: its steady time has to pass even where the ledger's is
  /// simulated.
  package var clock: any WallClock
  package var random: any RandomSource

  package init(
    ledger: any DeliveryLedger, feed: any Feed, bills: any BillFetch, remaker: any BillRemaker,
    providers: [Channel: any Provider], seal: ContactSeal, clock: any WallClock,
    random: any RandomSource
  ) {
    self.ledger = ledger
    self.feed = feed
    self.bills = bills
    self.remaker = remaker
    self.providers = providers
    self.seal = seal
    self.clock = clock
    self.random = random
  }
}

package struct ConsumerConfiguration: Hashable, Sendable {
  package var timing = DeliveryTiming.standard
  /// `delivery.maxInFlight`: polled and not yet recorded.
  package var maxInFlight = 10_000
  /// Deliveries that are claimed and intended together, 1…`maxInFlight`.
  package var batchSize = 500
  /// Calls a second, per channel; unlimited where there is none.
  package var callsPerSecond: [Channel: Int] = [:]
  /// What is in flight when the consumer is stopped may take this long.
  package var graceMilliseconds: Int64 = 20_000
  /// The pause when the feed has nothing.
  package var idleMilliseconds: Int64 = 100
  /// Tries of a ledger or feed call that may succeed later.
  package var maxRetries = 60

  package init() {}
}

/// What a consumer did.
package struct ConsumerReport: Hashable, Sendable {
  package var polled = 0
  package var claimed = 0
  /// Events that meant nothing any more: another generation, or another holder.
  package var dropped = 0
  package var unreadable = 0
  package var slotOver = 0
  /// Given back without a call.
  package var released = 0
  package var remade = 0
  package var intended = 0
  package var accepted = 0
  package var retried = 0
  package var failed = 0
  package var uncertain = 0

  package init() {}
}

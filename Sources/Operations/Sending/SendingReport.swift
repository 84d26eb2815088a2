import Billing
package import Delivery
package import Dispatching

/// What dispatching and delivering did, added up over every tick.
package struct SendingReport: Hashable, Sendable {
  package private(set) var dispatched = DispatchReport()
  package private(set) var delivered = ConsumerReport()

  package init() {}

  package mutating func add(_ tick: DispatchReport) {
    dispatched.add(tick)
    // What is left and what waits is said by the latest tick alone.
    dispatched.waiting = tick.waiting
    dispatched.remaining = tick.remaining
  }

  /// What came behind a tick: what is left and what waits is as the tick said.
  package mutating func add(again pass: DispatchReport) {
    let (waiting, remaining) = (dispatched.waiting, dispatched.remaining)
    add(pass)
    (dispatched.waiting, dispatched.remaining) = (waiting, remaining)
  }

  package mutating func add(_ work: ConsumerReport) {
    delivered.intended += work.intended
    delivered.accepted += work.accepted
    delivered.retried += work.retried
    delivered.failed += work.failed
    delivered.uncertain += work.uncertain
    delivered.dropped += work.dropped
    delivered.slotOver += work.slotOver
    delivered.released += work.released
    delivered.remade += work.remade
  }

  /// Deliveries that have come to an end, or to somebody's desk.
  package var settled: Int {
    delivered.accepted + delivered.failed + delivered.uncertain + dispatched.held
      + dispatched.suppressed + dispatched.superseded
  }

  package var dispatchJSON: JSON {
    [
      "queued": .number(dispatched.queued), "published": .number(dispatched.published),
      "unpublished": .number(dispatched.unpublished),
      "republished": .number(dispatched.republished), "held": .number(dispatched.held),
      "suppressed": .number(dispatched.suppressed),
      "superseded": .number(dispatched.superseded), "waiting": .number(dispatched.waiting),
      "remaining": .number(dispatched.remaining),
    ]
  }

  package var deliveryJSON: JSON {
    [
      "attempts": .number(delivered.intended), "accepted": .number(delivered.accepted),
      "retried": .number(delivered.retried), "failed": .number(delivered.failed),
      "uncertain": .number(delivered.uncertain), "dropped": .number(delivered.dropped),
      "slotOver": .number(delivered.slotOver), "released": .number(delivered.released),
      "remade": .number(delivered.remade),
    ]
  }
}

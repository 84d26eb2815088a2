import Billing
import Delivery
import Dispatching

/// What dispatching and delivering did, added up over every tick.
struct SendingReport: Hashable, Sendable {
  private(set) var dispatched = DispatchReport()
  private(set) var delivered = ConsumerReport()

  mutating func add(_ tick: DispatchReport) {
    dispatched.queued += tick.queued
    dispatched.published += tick.published
    dispatched.unpublished += tick.unpublished
    dispatched.republished += tick.republished
    dispatched.held += tick.held
    dispatched.suppressed += tick.suppressed
    dispatched.superseded += tick.superseded
    // What is left and what waits is said by the latest tick alone.
    dispatched.waiting = tick.waiting
    dispatched.remaining = tick.remaining
  }

  /// What came behind a tick: what is left and what waits is as the tick said.
  mutating func add(again pass: DispatchReport) {
    let (waiting, remaining) = (dispatched.waiting, dispatched.remaining)
    add(pass)
    (dispatched.waiting, dispatched.remaining) = (waiting, remaining)
  }

  mutating func add(_ work: ConsumerReport) {
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
  var settled: Int {
    delivered.accepted + delivered.failed + delivered.uncertain + dispatched.held
      + dispatched.suppressed + dispatched.superseded
  }

  var dispatchJSON: JSON {
    [
      "queued": .number(dispatched.queued), "published": .number(dispatched.published),
      "unpublished": .number(dispatched.unpublished),
      "republished": .number(dispatched.republished), "held": .number(dispatched.held),
      "suppressed": .number(dispatched.suppressed),
      "superseded": .number(dispatched.superseded), "waiting": .number(dispatched.waiting),
      "remaining": .number(dispatched.remaining),
    ]
  }

  var deliveryJSON: JSON {
    [
      "attempts": .number(delivered.intended), "accepted": .number(delivered.accepted),
      "retried": .number(delivered.retried), "failed": .number(delivered.failed),
      "uncertain": .number(delivered.uncertain), "dropped": .number(delivered.dropped),
      "slotOver": .number(delivered.slotOver), "released": .number(delivered.released),
      "remade": .number(delivered.remade),
    ]
  }

  func dispatchTable(_ language: Language) -> Table {
    table(
      [
        (.queued, dispatched.queued), (.published, dispatched.published),
        (.held, dispatched.held), (.suppressed, dispatched.suppressed),
        (.superseded, dispatched.superseded), (.waitingForEarlier, dispatched.waiting),
        (.remaining, dispatched.remaining),
      ], always: 2, language)
  }

  func deliveryTable(_ language: Language) -> Table {
    table(
      [
        (.intended, delivered.intended), (.accepted, delivered.accepted),
        (.retried, delivered.retried), (.failed, delivered.failed),
        (.unknownOutcome, delivered.uncertain), (.dropped, delivered.dropped),
      ], always: 2, language)
  }

  /// The first few rows always, the others where there is something to say.
  private func table(_ rows: [(Phrase, Int)], always: Int, _ language: Language) -> Table {
    var table = Table([Table.Column(""), Table.Column("", .right)])
    for (position, (name, count)) in rows.enumerated() where position < always || count > 0 {
      table.add([name.text(in: language), grouped(count)])
    }
    return table
  }
}

import Assembly
import Billing
import Delivery
import Dispatching
import Operations

extension SendingReport {
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

import Assembly
import Audit
import Billing
import Operations

/// The whole life of a delivery, for a person or a program.
struct DeliveryLifeText {
  let language: Language

  func text(of life: DeliveryLife) -> String {
    let state = Phrase.stateName(life.state).text(in: language)
    let reason = (life.reason.map { " (\(Phrase.reason($0).text(in: language)))" } ?? "")
    var text = Phrase.deliveryTitle(life.key.description, state + reason).text(in: language) + "\n"
    var facts = Table([Table.Column(""), Table.Column("")])
    func add(_ name: Phrase, _ value: String) { facts.add([name.text(in: language), value]) }
    add(.statement, "v\(life.version)")
    if life.issue > 1 { add(.issue, String(life.issue)) }
    add(.channels, life.channels.map(\.rawValue).joined(separator: ", "))
    add(.timeZone, life.timeZone)
    add(.quietSlots, quiet(life))
    add(.dueAt, life.dueAt.spoken)
    if let dueDate = life.dueDate { add(.toBePaidBy, dueDate.description) }
    if life.state.isPending { add(.nextAt, life.nextAt.spoken) }
    text += facts.text()
    text += table(of: life).text()
    if !life.attempts.isEmpty { text += table(of: life.attempts, of: life.key).text() }
    return text
  }

  /// Everything that happened, in order: every intent opens the next attempt.
  private func table(of life: DeliveryLife) -> Table {
    var table = Table(columns([.at, .state, .channel, .detail, .by]))
    var attempts = life.attempts[...]
    for entry in life.entries {
      let attempt = entry.state == .sending ? attempts.popFirst() : nil
      let detail = [
        entry.slotEnd.map { Phrase.forSlotUntil($0, in: life.timeZone).text(in: language) },
        attempt.map { Phrase.attemptNumber($0.number, $0.outcome).text(in: language) },
        entry.reason.map { Phrase.reason($0).text(in: language) }, entry.note,
      ]
      table.add([
        entry.at.spoken, Phrase.stateName(entry.state).text(in: language),
        entry.channel?.rawValue ?? "",
        detail.compactMap { $0 }.joined(separator: "; "), entry.who ?? "",
      ])
    }
    return table
  }

  private func table(of attempts: [DeliveryLife.Attempt], of delivery: DeliveryKey) -> Table {
    var table = Table(columns([.attempt, .provider, .key, .at, .until, .outcome, .detail]))
    for attempt in attempts {
      table.add([
        String(attempt.number), attempt.provider, attempt.key(of: delivery) ?? "",
        attempt.openedAt.spoken, attempt.closedAt?.spoken ?? "",
        attempt.outcome.map { Phrase.outcomeName($0).text(in: language) } ?? "…",
        [attempt.reference, attempt.reason.map { Phrase.reason($0).text(in: language) }]
          .compactMap { $0 }.joined(separator: ", "),
      ])
    }
    return table
  }

  private func columns(_ titles: [Phrase]) -> [Table.Column] {
    titles.map { Table.Column($0.text(in: language)) }
  }

  /// The hours of the customer's own zone.
  private func quiet(_ life: DeliveryLife) -> String {
    let hours = life.quietSlots.slots.map(Self.hours).joined(separator: ", ")
    return hours.isEmpty ? "" : "\(hours) (\(life.timeZone))"
  }

  /// `22–24` for slot 11.
  private static func hours(_ slot: Int) -> String { "\(slot * 2)–\(slot * 2 + 2)" }
}

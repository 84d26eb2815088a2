import Billing
import Dispatching

/// A row of `delivery_log`: one transition in the life of a delivery.
struct LogEntry {
  private let key: DeliveryKey
  private let previous: Int64?
  private let at: Timestamp
  private let state: DeliveryState
  private let generation: Int
  private let fence: Int
  private let channel: Int
  private let reason: DeliveryReason?
  private let who: String?
  /// Queued: the end of the slot it is to go in.
  private let slotEnd: Timestamp?
  private let note: String?

  init(
    _ record: DeliveryRecord, previous: Int64?, at now: Timestamp, who: String?,
    note: String? = nil
  ) {
    key = record.key
    self.previous = previous
    at = now
    state = record.state
    generation = record.generation
    fence = record.fence
    channel = record.channel?.code ?? 0
    reason = record.reason
    self.who = who
    slotEnd = record.state == .queued ? record.slotEnd : nil
    self.note = note
  }

  init(
    queued delivery: DueDelivery, generation: Int, previous: Int64?, at now: Timestamp,
    slotEnd: Timestamp
  ) {
    key = delivery.key
    self.previous = previous
    at = now
    state = .queued
    self.generation = generation
    fence = delivery.fence
    channel = delivery.channel?.code ?? 0
    reason = nil
    who = nil
    self.slotEnd = slotEnd
    note = nil
  }

  /// - Parameter numbers: one for each.
  static func write(
    _ entries: [LogEntry], under numbers: [Int64], in connection: PostgresConnection
  ) throws {
    guard !entries.isEmpty else { return }
    try connection.copy(
      into: "delivery_log",
      [
        "entry", "previous", "month", "kind", "state", "customer_id", "sequence", "generation",
        "fence", "channel", "at", "slot_end", "reason", "who", "note",
      ]
    ) { rows in
      for (entry, number) in zip(entries, numbers) {
        try rows.row()
        rows.int8(number)
        rows.int8(entry.previous)
        rows.int4(entry.key.month.index)
        rows.int2(entry.key.kind.code)
        rows.int2(entry.state.code)
        rows.int8(entry.key.customer.number)
        rows.int4(entry.key.sequence)
        rows.int4(entry.generation)
        rows.int4(entry.fence)
        rows.int2(entry.channel)
        rows.int8(entry.at.milliseconds)
        rows.int8(entry.slotEnd?.milliseconds)
        rows.text(entry.reason?.rawValue)
        rows.text(entry.who)
        rows.text(entry.note)
      }
    }
  }
}

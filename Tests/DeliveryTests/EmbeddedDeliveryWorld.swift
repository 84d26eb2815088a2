import Billing
import BillingTestKit
import Delivery
import Dispatching
import Foundation
import Rendering

@testable import EmbeddedStore

/// The embedded ledger with deliveries in it, put there by SQL.
struct EmbeddedDeliveryWorld: DeliveryWorld {
  let database: Database
  let ledger: EmbeddedLedger

  var dispatching: any DispatchLedger { ledger }
  var time: any LedgerTime { ledger }
  var delivering: any DeliveryLedger { ledger }
  var operating: any OperatorLedger { ledger }
  var rendering: any RenderingLedger { ledger }

  init(clock: any WallClock, path: String = ":memory:") async throws {
    database = try Database(path: path)
    ledger = EmbeddedLedger(database: database, clock: clock)
    try await ledger.migrate()
  }

  func seed(_ deliveries: [SeededDelivery]) async throws {
    let now = try await ledger.now()
    try await database.write { connection in
      for delivery in deliveries {
        try connection.run(
          "INSERT OR IGNORE INTO policies VALUES (?, 2, ?)", delivery.policy.version,
          String(decoding: try JSONEncoder().encode(delivery.policy), as: UTF8.self))
        try connection.run(
          "INSERT OR IGNORE INTO delivery_zones VALUES (?)", delivery.customer.timeZone)
        try Self.write(delivery.customer, in: connection)
        if delivery.hasBill {
          for channel in Channel.allCases {
            try connection.run(
              "INSERT INTO bills VALUES (?, ?, ?, ?, ?, ?, ?, 1, 10, ?, ?)", delivery.key.month,
              delivery.key.customer, delivery.version, delivery.policy.version,
              delivery.policy.templateVersion, delivery.issue.number, channel.code,
              DeliveryScene.hash(of: delivery.bill(on: channel)), delivery.issue.dueDate)
          }
        }
        try Self.insert(delivery, at: now, in: connection)
      }
    }
  }

  private static func insert(
    _ delivery: SeededDelivery, at now: Timestamp, in connection: Connection
  ) throws {
    let customer = delivery.customer
    try connection.run(
      """
      INSERT INTO deliveries (month, customer_id, kind, sequence, state, version, policy, template,
        channels, channel, quiet_mask, time_zone, due_day, due_at, made_at, next_at, changed_at,
        issue, due_date, awaits_bill)
      VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """, delivery.key.month, delivery.key.customer, delivery.key.kind.code,
      delivery.key.sequence, delivery.version, delivery.policy.version,
      delivery.policy.templateVersion, ChannelDigits.digits(customer.channels),
      customer.channels.first?.code ?? 0, Int(customer.quiet.mask), customer.timeZone,
      delivery.dueAt.utcDay, delivery.dueAt, min(now, delivery.dueAt), delivery.dueAt, now,
      delivery.issue.number, delivery.issue.dueDate, delivery.issue.isAwaited ? 1 : 0)
  }

  func change(_ customer: SeededCustomer) async throws {
    let now = try await ledger.now()
    try await database.write { connection in
      try connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS changed_customers (customer_id INTEGER PRIMARY KEY)")
      try connection.run("DELETE FROM changed_customers")
      try connection.run("INSERT INTO changed_customers VALUES (?)", customer.id)
      try Self.write(customer, in: connection)
      try DeliveryRefresh.apply(in: connection, at: now)
    }
  }

  /// As the next recorded version of the customer.
  private static func write(_ customer: SeededCustomer, in connection: Connection) throws {
    let last =
      try connection.first(
        "SELECT coalesce(max(recorded_from), 0) FROM customers WHERE customer_id = ?", customer.id
      ) { $0.integer(0) } ?? 0
    try connection.run(
      """
      UPDATE customers SET recorded_to = ? WHERE customer_id = ?
        AND recorded_to = 9223372036854775807
      """, last + 1, customer.id)
    let seal = DeliveryScene.seal
    try connection.run(
      """
      INSERT INTO customers VALUES (?, ?, 9223372036854775807, 'N', ?, ?, ?, ?, ?, ?, ?, 'en-US',
        ?, 1, 0, NULL)
      """, customer.id, last + 1, seal.seal(customer.email, column: .email),
      seal.lookupHash(customer.email, column: .email), seal.seal(customer.phone, column: .phone),
      seal.lookupHash(customer.phone, column: .phone), customer.sendDay,
      Int(customer.quiet.mask), customer.timeZone, ChannelDigits.digits(customer.channels))
  }

  func seen(_ key: DeliveryKey) async throws -> SeenDelivery {
    try await database.read { connection in
      guard let row = try DeliveryRow.read(key, in: connection)?.record else {
        throw Unexpected("there is no delivery \(key)")
      }
      var attempts: [SeenDelivery.Attempt] = []
      var references: [String] = []
      try connection.query(
        """
        SELECT channel, outcome, reference FROM attempts
        WHERE month = ? AND customer_id = ? AND kind = ? AND sequence = ? ORDER BY attempt_id
        """, key.month, key.customer, key.kind.code, key.sequence
      ) { row in
        attempts.append(
          SeenDelivery.Attempt(
            channel: Channel(code: row.int(0)), outcome: row.optionalInteger(1).map(Int.init)))
        if let reference = row.optionalText(2) { references.append(reference) }
      }
      var life: [DeliveryState] = []
      var notes: [String] = []
      try connection.query(
        """
        SELECT state, who, note FROM delivery_log
        WHERE month = ? AND customer_id = ? AND kind = ? AND sequence = ? ORDER BY entry
        """, key.month, key.customer, key.kind.code, key.sequence
      ) { row in
        if let state = DeliveryState(code: row.int(0)) { life.append(state) }
        if let note = row.optionalText(2) { notes.append("\(row.text(1)): \(note)") }
      }
      return SeenDelivery(
        state: row.state, generation: row.generation, fence: row.fence, channel: row.channel,
        reason: row.reason, channelAttempts: row.channelAttempts, unresolved: row.unresolved,
        nextAt: row.nextAt, partition: row.partition.map(Int.init), offset: row.offset,
        attempts: attempts, life: life, round: row.round, notes: notes, references: references)
    }
  }
}

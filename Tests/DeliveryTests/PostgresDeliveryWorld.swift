import Billing
import BillingTestKit
import Delivery
import Dispatching
import Foundation
import LedgerTestKit
import Rendering

@testable import PostgresLedger

/// The ledger on PostgreSQL with deliveries in it, put there by SQL.
struct PostgresDeliveryWorld: DeliveryWorld {
  let database: PostgresDatabase
  let ledger: PostgresLedger

  var dispatching: any DispatchLedger { ledger }
  var time: any LedgerTime { ledger }
  var delivering: any DeliveryLedger { ledger }
  var operating: any OperatorLedger { ledger }
  var rendering: any RenderingLedger { ledger }

  init(clock: any WallClock) async throws {
    database = TestDatabase.open(try await TestDatabase.url())
    ledger = PostgresLedger(database: database, clock: .given(clock))
    try await database.write { connection in
      try connection.query(
        "SELECT prepare_month($1::integer)", DeliveryScene.month
      ) { _ in }
    }
  }

  func seed(_ deliveries: [SeededDelivery]) async throws {
    let now = try await ledger.now()
    try await database.write { connection in
      for month in Set(deliveries.map(\.key.month)) {
        try connection.query("SELECT prepare_month($1::integer)", month) { _ in }
      }
      for delivery in deliveries {
        try connection.run(
          "INSERT INTO policies VALUES ($1, 2, $2) ON CONFLICT DO NOTHING",
          delivery.policy.version,
          String(decoding: try JSONEncoder().encode(delivery.policy), as: UTF8.self))
        try connection.run(
          "INSERT INTO delivery_zones VALUES ($1) ON CONFLICT DO NOTHING",
          delivery.customer.timeZone)
        try Self.write(delivery.customer, in: connection)
        if delivery.hasBill { try Self.writeBills(of: delivery, in: connection) }
        try Self.insert(delivery, at: now, in: connection)
      }
    }
  }

  private static func writeBills(
    of delivery: SeededDelivery, in connection: PostgresConnection
  ) throws {
    for channel in Channel.allCases {
      try connection.run(
        """
        INSERT INTO bills (month, customer_id, version, policy, template, channel, run_id, size,
          sha256, issue, due_date)
        VALUES ($1, $2, $3, $4, $5, $6, 1, 10, $7, $8, $9)
        """, delivery.key.month, delivery.key.customer, delivery.version, delivery.policy.version,
        delivery.policy.templateVersion, channel.code,
        DeliveryScene.hash(of: delivery.bill(on: channel)), delivery.issue.number,
        delivery.issue.dueDate.map { Int64($0.daysSince1970) })
    }
  }

  private static func insert(
    _ delivery: SeededDelivery, at now: Timestamp, in connection: PostgresConnection
  ) throws {
    let customer = delivery.customer
    try connection.run(
      """
      INSERT INTO deliveries (month, customer_id, kind, sequence, state, version, policy, template,
        channels, channel, quiet_mask, time_zone, due_at, made_at, next_at, changed_at, issue,
        due_date, awaits_bill)
      VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12, $14, $15, $16, $17)
      """, delivery.key.month, delivery.key.customer, delivery.key.kind.code,
      delivery.key.sequence, delivery.version, delivery.policy.version,
      delivery.policy.templateVersion, ChannelDigits.digits(customer.channels),
      customer.channels.first?.code ?? 0, Int(customer.quiet.mask), customer.timeZone,
      delivery.dueAt, min(now, delivery.dueAt), now, delivery.issue.number,
      delivery.issue.dueDate.map { Int64($0.daysSince1970) }, delivery.issue.isAwaited)
  }

  func change(_ customer: SeededCustomer) async throws {
    try await database.write { connection in
      try LedgerLock.inputs.take(in: connection)
      try Self.write(customer, in: connection)
      try DeliveryRefresh(of: ledger, in: connection).apply(to: [customer.id.number])
    }
  }

  /// As the next recorded version of the customer.
  private static func write(
    _ customer: SeededCustomer, in connection: PostgresConnection
  ) throws {
    let last =
      try connection.first(
        "SELECT coalesce(max(recorded_from), 0) FROM customers WHERE customer_id = $1", customer.id
      ) { $0.integer(0) } ?? 0
    try connection.run(
      """
      UPDATE customers SET recorded_to = $1 WHERE customer_id = $2
        AND recorded_to = 9223372036854775807
      """, last + 1, customer.id)
    let seal = DeliveryScene.seal
    try connection.run(
      """
      INSERT INTO customers (customer_id, recorded_from, name, email_sealed, email_hash,
        phone_sealed, phone_hash, send_day, quiet_mask, time_zone, locale, channels, status,
        activated_on)
      VALUES ($1, $2, 'N', $3, $4, $5, $6, $7, $8, $9, 'en-US', $10, 1, 0)
      """, customer.id, last + 1, seal.seal(customer.email, column: .email),
      seal.lookupHash(customer.email, column: .email), seal.seal(customer.phone, column: .phone),
      seal.lookupHash(customer.phone, column: .phone), customer.sendDay,
      Int(customer.quiet.mask), customer.timeZone, ChannelDigits.digits(customer.channels))
  }

  func seen(_ key: DeliveryKey) async throws -> SeenDelivery {
    try await database.read { connection in
      guard let row = try DeliveryRows.read([key], in: connection)[key]?.record else {
        throw Unexpected("there is no delivery \(key)")
      }
      let attempts = try connection.rows(
        """
        SELECT channel, outcome, reference FROM attempts
        WHERE month = $1 AND customer_id = $2 AND kind = $3 AND sequence = $4 ORDER BY attempt_id
        """, key.month, key.customer, key.kind.code, key.sequence
      ) { row in
        (
          attempt: SeenDelivery.Attempt(
            channel: Channel(code: row.int(0)), outcome: row.optionalInteger(1).map(Int.init)),
          reference: row.optionalText(2)
        )
      }
      let entries = try connection.rows(
        """
        SELECT state, who, note FROM delivery_log
        WHERE month = $1 AND customer_id = $2 AND kind = $3 AND sequence = $4 ORDER BY entry
        """, key.month, key.customer, key.kind.code, key.sequence
      ) { row in
        (
          state: DeliveryState(code: row.int(0)),
          note: row.optionalText(2).map { "\(row.text(1)): \($0)" }
        )
      }
      return SeenDelivery(
        state: row.state, generation: row.generation, fence: row.fence, channel: row.channel,
        reason: row.reason, channelAttempts: row.channelAttempts, unresolved: row.unresolved,
        nextAt: row.nextAt, partition: row.partition.map(Int.init), offset: row.offset,
        attempts: attempts.map(\.attempt), life: entries.compactMap(\.state), round: row.round,
        notes: entries.compactMap(\.note), references: attempts.compactMap(\.reference))
    }
  }
}

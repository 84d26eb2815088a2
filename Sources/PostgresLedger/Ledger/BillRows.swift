import Billing
import Rendering

/// Rows of `bills`.
enum BillRows {
  private static let columns = [
    "month", "version", "customer_id", "run_id", "policy", "template", "size", "channel", "sha256",
  ]

  /// A row that is there already must be the same one.
  ///
  /// Copied on the chance that none is there, as it is but for a chunk that is made again: that is
  /// twice as fast as asking for each row.
  static func insert(_ bills: [BillRow], run: Int64, in connection: PostgresConnection) throws {
    try connection.execute("SAVEPOINT bills")
    do {
      try copy(bills, run: run, in: connection)
    } catch let error as PostgresError where error.isUniqueViolation {
      try connection.execute("ROLLBACK TO SAVEPOINT bills")
      try insertMissing(bills, run: run, in: connection)
    }
  }

  private static func copy(
    _ bills: [BillRow], run: Int64, in connection: PostgresConnection
  ) throws {
    try connection.copy(into: "bills", columns) { writer in
      for bill in bills {
        try writer.row()
        writer.int4(bill.key.statement.month.index)
        writer.int4(bill.key.statement.version)
        writer.int8(bill.key.statement.customer.number)
        writer.int8(run)
        writer.int4(bill.key.policy)
        writer.int4(bill.key.template)
        writer.int4(bill.size)
        writer.int2(bill.key.channel.code)
        writer.hash(bill.sha256)
      }
    }
  }

  private static func insertMissing(
    _ bills: [BillRow], run: Int64, in connection: PostgresConnection
  ) throws {
    let written = try connection.run(
      """
      INSERT INTO bills (month, version, customer_id, policy, template, channel, run_id, size,
        sha256)
      SELECT month, version, customer_id, policy, template, channel, $7, size, sha256
      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
        $6::bigint[], $8::bigint[], $9::bytea[])
        AS b (month, version, customer_id, policy, template, channel, size, sha256)
      ON CONFLICT DO NOTHING
      """, months(bills), versions(bills), customers(bills), policies(bills), templates(bills),
      channels(bills), run, IntegerColumn(bills) { $0.size },
      BytesColumn(hashes: bills) { $0.sha256 })
    if written < bills.count { try requireSame(bills, in: connection) }
  }

  private static func requireSame(_ bills: [BillRow], in connection: PostgresConnection) throws {
    let other = try connection.first(
      """
      SELECT wanted.place FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
        $5::bigint[], $6::bigint[], $7::bytea[]) WITH ORDINALITY
        AS wanted (month, version, customer_id, policy, template, channel, sha256, place)
      LEFT JOIN LATERAL (
        SELECT sha256 FROM bills WHERE month = wanted.month AND customer_id = wanted.customer_id
          AND version = wanted.version AND policy = wanted.policy AND template = wanted.template
          AND channel = wanted.channel OFFSET 0
      ) b ON true
      WHERE b.sha256 IS DISTINCT FROM wanted.sha256
      ORDER BY wanted.place LIMIT 1
      """, months(bills), versions(bills), customers(bills), policies(bills), templates(bills),
      channels(bills), BytesColumn(hashes: bills) { $0.sha256 }
    ) { $0.int(0) }
    guard let other else { return }
    throw StoreError(
      .conflict, operation: "record a bill",
      detail: "\(bills[other - 1].key.path) is recorded with another content")
  }

  private static func months(_ bills: [BillRow]) -> IntegerColumn {
    IntegerColumn(bills) { $0.key.statement.month }
  }

  private static func versions(_ bills: [BillRow]) -> IntegerColumn {
    IntegerColumn(bills) { $0.key.statement.version }
  }

  private static func customers(_ bills: [BillRow]) -> IntegerColumn {
    IntegerColumn(bills) { $0.key.statement.customer }
  }

  private static func policies(_ bills: [BillRow]) -> IntegerColumn {
    IntegerColumn(bills) { $0.key.policy }
  }

  private static func templates(_ bills: [BillRow]) -> IntegerColumn {
    IntegerColumn(bills) { $0.key.template }
  }

  private static func channels(_ bills: [BillRow]) -> IntegerColumn {
    IntegerColumn(bills) { $0.key.channel.code }
  }

  // MARK: Reading

  static func page(
    of month: BillingMonth, after: BillKey?, _ limit: Int, in connection: PostgresConnection
  ) throws -> [BillRow] {
    try connection.rows(
      """
      SELECT customer_id, version, policy, template, channel, size, sha256 FROM bills
      WHERE month = $1
        AND (customer_id, version, policy, template, channel) > ($2, $3, $4, $5, $6)
      ORDER BY customer_id, version, policy, template, channel LIMIT $7
      """, month, after?.statement.customer.number ?? Int64.min, after?.statement.version ?? 0,
      after?.policy ?? 0, after?.template ?? 0, after?.channel.code ?? 0, limit
    ) { row in
      guard let channel = Channel(code: row.int(4)) else {
        throw PostgresLedger.damaged("a bill's channel has an unknown code")
      }
      return BillRow(
        key: BillKey(
          statement: StatementKey(
            month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
          policy: row.int(2), template: row.int(3), channel: channel),
        size: row.int(5), sha256: try row.hash(6))
    }
  }
}

extension PostgresError {
  /// A row with this key is there, or was written by another transaction meanwhile.
  var isUniqueViolation: Bool { sqlState == "23505" }
}

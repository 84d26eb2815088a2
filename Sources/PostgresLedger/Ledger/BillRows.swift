import Billing
import Rendering

/// Rows of `bills`.
enum BillRows {
  private static let columns = [
    "month", "version", "customer_id", "run_id", "policy", "template", "size", "due_date", "issue",
    "channel", "sha256",
  ]

  /// Of a bill that no run makes: a later issue.
  static let noRun: Int64 = 0

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
        writer.int4(bill.dueDate?.daysSince1970)
        writer.int2(bill.key.issue)
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
      INSERT INTO bills (month, version, customer_id, policy, template, issue, channel, run_id, size,
        sha256, due_date)
      SELECT month, version, customer_id, policy, template, issue, channel, $8, size, sha256,
        due_date
      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
        $6::bigint[], $7::bigint[], $9::bigint[], $10::bytea[], $11::bigint[])
        AS b (month, version, customer_id, policy, template, issue, channel, size, sha256, due_date)
      ON CONFLICT DO NOTHING
      """, months(bills), versions(bills), customers(bills), policies(bills), templates(bills),
      issues(bills), channels(bills), run, IntegerColumn(bills) { $0.size },
      BytesColumn(hashes: bills) { $0.sha256 }, dueDates(bills))
    if written < bills.count { try requireSame(bills, in: connection) }
  }

  private static func requireSame(_ bills: [BillRow], in connection: PostgresConnection) throws {
    let other = try connection.first(
      """
      SELECT wanted.place FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
        $5::bigint[], $6::bigint[], $7::bigint[], $8::bytea[], $9::bigint[]) WITH ORDINALITY
        AS wanted (month, version, customer_id, policy, template, issue, channel, sha256, due_date,
          place)
      LEFT JOIN LATERAL (
        SELECT sha256, due_date FROM bills
        WHERE month = wanted.month AND customer_id = wanted.customer_id
          AND version = wanted.version AND policy = wanted.policy AND template = wanted.template
          AND issue = wanted.issue AND channel = wanted.channel OFFSET 0
      ) b ON true
      WHERE b.sha256 IS DISTINCT FROM wanted.sha256
        OR b.due_date IS DISTINCT FROM wanted.due_date
      ORDER BY wanted.place LIMIT 1
      """, months(bills), versions(bills), customers(bills), policies(bills), templates(bills),
      issues(bills), channels(bills), BytesColumn(hashes: bills) { $0.sha256 }, dueDates(bills)
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

  private static func issues(_ bills: [BillRow]) -> IntegerColumn {
    IntegerColumn(bills) { $0.key.issue }
  }

  private static func dueDates(_ bills: [BillRow]) -> IntegerColumn {
    IntegerColumn(optional: bills) { $0.dueDate.map { Int64($0.daysSince1970) } }
  }

  // MARK: Reading

  static func page(
    of month: BillingMonth, after: BillKey?, _ limit: Int, in connection: PostgresConnection
  ) throws -> [BillRow] {
    try connection.rows(
      """
      SELECT \(readColumns) FROM bills
      WHERE month = $1
        AND (customer_id, version, policy, template, issue, channel) > ($2, $3, $4, $5, $6, $7)
      ORDER BY customer_id, version, policy, template, issue, channel LIMIT $8
      """, month, after?.statement.customer.number ?? Int64.min, after?.statement.version ?? 0,
      after?.policy ?? 0, after?.template ?? 0, after?.issue ?? 0, after?.channel.code ?? 0, limit
    ) { try read($0, of: month) }
  }

  static func read(_ key: BillKey, in connection: PostgresConnection) throws -> BillRow? {
    try connection.first(
      """
      SELECT \(readColumns) FROM bills
      WHERE month = $1 AND customer_id = $2 AND version = $3 AND policy = $4 AND template = $5
        AND issue = $6 AND channel = $7
      """, key.statement.month, key.statement.customer, key.statement.version, key.policy,
      key.template, key.issue, key.channel.code
    ) { try read($0, of: key.statement.month) }
  }

  static func latest(
    of statement: StatementKey, by policy: DeliveryPolicy, channel: Channel,
    in connection: PostgresConnection
  ) throws -> BillRow? {
    try connection.first(
      """
      SELECT \(readColumns) FROM bills
      WHERE month = $1 AND customer_id = $2 AND version = $3 AND policy = $4 AND template = $5
        AND channel = $6
      ORDER BY issue DESC LIMIT 1
      """, statement.month, statement.customer, statement.version, policy.version,
      policy.templateVersion, channel.code
    ) { try read($0, of: statement.month) }
  }

  /// The due dates of the first issues that a policy has made of statements, by customer; those that
  /// ask for nothing are left out.
  static func dueDates(
    of statements: [StatementKey], by policy: DeliveryPolicy, in connection: PostgresConnection
  ) throws -> [CustomerID: CalendarDay] {
    guard let month = statements.first?.month, let channel = policy.billChannels.first else {
      return [:]
    }
    var dates: [CustomerID: CalendarDay] = [:]
    dates.reserveCapacity(statements.count)
    try connection.query(
      """
      SELECT k.customer_id, b.due_date
      FROM unnest($1::bigint[], $2::bigint[]) AS k (customer_id, version)
      CROSS JOIN LATERAL (
        SELECT due_date FROM bills
        WHERE month = $3 AND customer_id = k.customer_id AND version = k.version AND policy = $4
          AND template = $5 AND issue = 1 AND channel = $6 OFFSET 0
      ) b
      WHERE b.due_date IS NOT NULL
      """, IntegerColumn(statements) { $0.customer }, IntegerColumn(statements) { $0.version },
      month, policy.version, policy.templateVersion, channel.code
    ) { dates[CustomerID($0.integer(0))] = $0.optionalDay(1) }
    return dates
  }

  private static let readColumns =
    "customer_id, version, policy, template, issue, channel, size, sha256, due_date"

  private static func read(_ row: PostgresRow, of month: BillingMonth) throws -> BillRow {
    guard let channel = Channel(code: row.int(5)) else {
      throw PostgresLedger.damaged("a bill's channel has an unknown code")
    }
    return BillRow(
      key: BillKey(
        statement: StatementKey(
          month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
        issue: row.int(4), policy: row.int(2), template: row.int(3), channel: channel),
      dueDate: row.optionalDay(8), size: row.int(6), sha256: try row.hash(7))
  }
}

extension PostgresError {
  /// A row with this key is there, or was written by another transaction meanwhile.
  var isUniqueViolation: Bool { sqlState == "23505" }
}

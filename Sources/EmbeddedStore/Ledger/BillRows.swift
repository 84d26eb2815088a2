import Billing
import Rendering

/// Rows of `bills`.
enum BillRows {
  /// Of a bill that no run makes: a later issue.
  static let noRun: Int64 = 0

  /// A row that is there already must be the same one.
  static func insert(_ bills: [BillRow], run: Int64, in connection: Connection) throws {
    let insert = try connection.statement(
      """
      INSERT INTO bills (month, customer_id, version, policy, template, issue, channel, run_id, size,
        sha256, due_date)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING
      """)
    for bill in bills {
      bind(bill.key, to: insert)
      insert.bind(run, at: 8)
      insert.bind(bill.size, at: 9)
      insert.bind(bill.sha256, at: 10)
      bill.dueDate.bind(to: insert, at: 11)
      try insert.finish()
      if connection.changes == 0 { try requireSame(bill, in: connection) }
    }
  }

  static func page(
    of month: BillingMonth, after: BillKey?, _ limit: Int, in connection: Connection
  ) throws -> [BillRow] {
    var rows: [BillRow] = []
    try connection.query(
      """
      SELECT \(columns) FROM bills
      WHERE month = ?1
        AND (customer_id, version, policy, template, issue, channel) > (?2, ?3, ?4, ?5, ?6, ?7)
      ORDER BY customer_id, version, policy, template, issue, channel LIMIT ?8
      """, month, after?.statement.customer.number ?? Int64.min, after?.statement.version ?? 0,
      after?.policy ?? 0, after?.template ?? 0, after?.issue ?? 0, after?.channel.code ?? 0, limit
    ) { rows.append(try read($0, of: month)) }
    return rows
  }

  static func read(_ key: BillKey, in connection: Connection) throws -> BillRow? {
    let select = try connection.statement("SELECT \(columns) FROM bills WHERE \(byKey)")
    bind(key, to: select)
    defer { select.reset() }
    return try select.step() ? try read(select, of: key.statement.month) : nil
  }

  static func latest(
    of statement: StatementKey, by policy: DeliveryPolicy, channel: Channel,
    in connection: Connection
  ) throws -> BillRow? {
    try connection.first(
      """
      SELECT \(columns) FROM bills
      WHERE month = ?1 AND customer_id = ?2 AND version = ?3 AND policy = ?4 AND template = ?5
        AND channel = ?6
      ORDER BY issue DESC LIMIT 1
      """, statement.month, statement.customer, statement.version, policy.version,
      policy.templateVersion, channel.code
    ) { try read($0, of: statement.month) }
  }

  private static let columns =
    "customer_id, version, policy, template, issue, channel, size, sha256, due_date"

  private static let byKey = """
    month = ?1 AND customer_id = ?2 AND version = ?3 AND policy = ?4 AND template = ?5
      AND issue = ?6 AND channel = ?7
    """

  private static func read(_ row: Statement, of month: BillingMonth) throws -> BillRow {
    guard let channel = Channel(code: row.int(5)) else {
      throw StoreError(
        .corrupt, operation: "read the ledger", detail: "a bill's channel has an unknown code")
    }
    return BillRow(
      key: BillKey(
        statement: StatementKey(
          month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
        issue: row.int(4), policy: row.int(2), template: row.int(3), channel: channel),
      dueDate: row.optionalDay(8), size: row.int(6), sha256: try row.hash(7))
  }

  private static func requireSame(_ bill: BillRow, in connection: Connection) throws {
    guard try read(bill.key, in: connection) == bill else {
      throw StoreError(
        .conflict, operation: "record a bill",
        detail: "\(bill.key.path) is recorded with another content")
    }
  }

  private static func bind(_ key: BillKey, to statement: Statement) {
    statement.bind(Int64(key.statement.month.index), at: 1)
    statement.bind(key.statement.customer.number, at: 2)
    statement.bind(key.statement.version, at: 3)
    statement.bind(key.policy, at: 4)
    statement.bind(key.template, at: 5)
    statement.bind(key.issue, at: 6)
    statement.bind(key.channel.code, at: 7)
  }
}

/// Deliveries whose bills are still to be made.
enum AwaitedIssues {
  static let pageQuery = """
    SELECT month, customer_id, kind, sequence, version, policy, template, issue, due_date
    FROM deliveries INDEXED BY deliveries_awaiting
    WHERE awaits_bill = 1 AND (month, customer_id, kind, sequence) > (?1, ?2, ?3, ?4)
    ORDER BY month, customer_id, kind, sequence LIMIT ?5
    """

  static func page(
    after: DeliveryKey?, _ limit: Int, in connection: Connection
  ) throws -> [AwaitedIssue] {
    var issues: [AwaitedIssue] = []
    try connection.query(
      pageQuery, Int64(after?.month.index ?? .min), after?.customer.number ?? .min,
      after?.kind.code ?? 0, after?.sequence ?? 0, limit
    ) { row in
      issues.append(
        AwaitedIssue(
          delivery: try DeliveryKey(row, at: 0), version: row.int(4), number: row.int(7),
          dueDate: row.optionalDay(8), policy: row.int(5), template: row.int(6)))
    }
    return issues
  }

  static func commit(
    _ issues: [MadeIssue], at now: Timestamp, in connection: Connection
  ) throws {
    for made in issues {
      try BillRows.insert(made.bills, run: BillRows.noRun, in: connection)
      guard var row = try DeliveryRow.read(made.awaited.delivery, in: connection),
        made.awaited.isAwaited(by: row.record)
      else { continue }
      row.record.receive(hasBills: !made.bills.isEmpty, at: now)
      try row.save(in: connection, at: now, who: "render")
    }
  }
}

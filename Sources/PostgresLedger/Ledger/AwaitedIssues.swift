import Billing
import Rendering

/// Deliveries whose bills are still to be made.
enum AwaitedIssues {
  static let pageQuery = """
    SELECT month, customer_id, kind, sequence, version, policy, template, issue, due_date
    FROM deliveries
    WHERE awaits_bill AND (month, customer_id, kind, sequence) > ($1, $2, $3, $4)
    ORDER BY month, customer_id, kind, sequence LIMIT $5
    """

  static func page(
    after: DeliveryKey?, _ limit: Int, in connection: PostgresConnection
  ) throws -> [AwaitedIssue] {
    try connection.rows(
      pageQuery, Int(after?.month.index ?? 0), after?.customer.number ?? .min,
      after?.kind.code ?? 0, after?.sequence ?? 0, limit
    ) { row in
      AwaitedIssue(
        delivery: try DeliveryKey(row, at: 0), version: row.int(4), number: row.int(7),
        dueDate: row.optionalDay(8), policy: row.int(5), template: row.int(6))
    }
  }

  /// The rows are locked first: with what waits for it, a bill appears in one moment.
  static func commit(
    _ issues: [MadeIssue], of ledger: PostgresLedger, in connection: PostgresConnection
  ) throws {
    var rows = try DeliveryRows.lock(issues.map(\.awaited.delivery), in: connection)
    try BillRows.insert(issues.flatMap(\.bills), run: BillRows.noRun, in: connection)
    let now = try ledger.now(in: connection)
    var changes = DeliveryChanges(at: now)
    for made in issues {
      guard var row = rows.removeValue(forKey: made.awaited.delivery),
        made.awaited.isAwaited(by: row.record)
      else { continue }
      row.record.receive(hasBills: !made.bills.isEmpty, at: now)
      changes.save(row, who: "render")
    }
    try changes.write(in: connection)
  }
}

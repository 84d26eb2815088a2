import Billing

/// Who lines belong to and which customers there are.
///
/// A batch's customers and lines are loaded at once, then asked for. Where there were none when the
/// import began, it has brought all there are, and the server need not be asked.
final class InputOwners {
  private let connection: PostgresConnection
  /// `nil` where there were customers already.
  private var broughtCustomers: CustomerNumbers?
  /// `nil` where there were lines already.
  private var broughtLines: LineNumbers?
  private var loadedCustomers: Set<Int64> = []
  private var loadedLines: [Int64: Int64] = [:]
  /// Files come in the order of lines: it is mostly asked for again.
  private var latestLine: (line: LineID, customer: CustomerID)?
  /// Months whose regular settlement was opened.
  private let settledMonths: Set<BillingMonth>

  init(_ connection: PostgresConnection) throws {
    self.connection = connection
    let found = try connection.first(
      "SELECT EXISTS (SELECT FROM customers), EXISTS (SELECT FROM lines)"
    ) { row in (customers: row.bool(0), lines: row.bool(1)) }
    broughtCustomers = found?.customers == false ? CustomerNumbers() : nil
    broughtLines = found?.lines == false ? LineNumbers() : nil
    let months = try connection.rows(
      "SELECT DISTINCT month FROM runs WHERE job = 1 AND kind = 1"
    ) { BillingMonth(index: Int32($0.integer(0))) }
    settledMonths = Set(months)
  }

  // MARK: Customers

  /// What `exists` is to know.
  func load(customers: some Sequence<CustomerID>) throws {
    guard broughtCustomers == nil else { return }
    let wanted = Set(customers.map(\.number))
    loadedCustomers.removeAll(keepingCapacity: true)
    try connection.query(Self.knownCustomers, IntegerColumn(wanted) { $0 }) { row in
      loadedCustomers.insert(row.integer(0))
    }
  }

  func exists(_ customer: CustomerID) -> Bool {
    broughtCustomers?.contains(customer.number) ?? loadedCustomers.contains(customer.number)
  }

  /// It was recorded just now.
  func add(_ customer: CustomerID) { broughtCustomers?.insert(customer.number) }

  private static let knownCustomers = """
    SELECT k.id FROM unnest($1::bigint[]) AS k (id)
    CROSS JOIN LATERAL (SELECT FROM customers WHERE customer_id = k.id LIMIT 1) c
    """

  // MARK: Lines

  /// What `owner` is to know.
  func load(lines: some Sequence<LineID>) throws {
    guard broughtLines == nil else { return }
    let wanted = Set(lines.map(\.number))
    loadedLines.removeAll(keepingCapacity: true)
    latestLine = nil
    try connection.query(
      "SELECT line_id, customer_id FROM lines WHERE line_id = ANY ($1)",
      IntegerColumn(wanted) { $0 }
    ) { row in
      loadedLines[row.integer(0)] = row.integer(1)
    }
  }

  func owner(of line: LineID) -> CustomerID? {
    if let latestLine, latestLine.line == line { return latestLine.customer }
    let found =
      if let broughtLines { broughtLines.owner(of: line.number) } else { loadedLines[line.number] }
    guard let owner = found.map(CustomerID.init) else { return nil }
    latestLine = (line, owner)
    return owner
  }

  /// It is written with this batch.
  func add(_ line: LineID, of customer: CustomerID) {
    if broughtLines == nil {
      loadedLines[line.number] = customer.number
    } else {
      broughtLines?.insert(line.number, of: customer.number)
    }
  }

  // MARK: Charges

  /// Whether a charge can no longer be dated in another month: which month bills it was decided by
  /// its date when either month's settlement was opened.
  func isFixed(from: BillingMonth, to: BillingMonth) -> Bool {
    from != to && (settledMonths.contains(from) || settledMonths.contains(to))
  }
}

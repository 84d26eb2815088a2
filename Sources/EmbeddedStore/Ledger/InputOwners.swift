import Billing

/// Who lines and charges belong to. Files come in the order of customers and lines, so the latest
/// answer is kept: it is mostly asked for again.
final class InputOwners {
  private let customer: Statement
  private let line: Statement
  private let charge: Statement
  /// Months whose regular settlement was opened.
  private let settledMonths: Set<BillingMonth>
  private var latestCustomer: CustomerID?
  private var latestLine: (line: LineID, customer: CustomerID)?

  init(_ connection: Connection) throws {
    customer = try connection.statement("SELECT 1 FROM customers WHERE customer_id = ? LIMIT 1")
    line = try connection.statement("SELECT customer_id FROM lines WHERE line_id = ?")
    charge = try connection.statement(
      "SELECT customer_id, charged_on FROM charges WHERE charge_id = ? "
        + "ORDER BY recorded_from DESC LIMIT 1")
    var settled: Set<BillingMonth> = []
    try connection.query("SELECT DISTINCT month FROM runs WHERE job = 1 AND kind = 1") {
      settled.insert(BillingMonth(index: try $0.int32(0)))
    }
    settledMonths = settled
  }

  /// Forgets what new rows may have made untrue.
  func forget() {
    latestCustomer = nil
    latestLine = nil
  }

  func exists(_ id: CustomerID) throws -> Bool {
    if id == latestCustomer { return true }
    customer.bind(id.number, at: 1)
    defer { customer.reset() }
    guard try customer.step() else { return false }
    latestCustomer = id
    return true
  }

  func owner(of id: LineID) throws -> CustomerID? {
    if let latestLine, latestLine.line == id { return latestLine.customer }
    line.bind(id.number, at: 1)
    defer { line.reset() }
    guard try line.step() else { return nil }
    let owner = CustomerID(line.integer(0))
    latestLine = (id, owner)
    return owner
  }

  /// Whose a charge is and the day it is dated, as recorded last.
  func recorded(charge id: String) throws -> (customer: CustomerID, chargedOn: CalendarDay)? {
    charge.bind(id, at: 1)
    defer { charge.reset() }
    guard try charge.step() else { return nil }
    return (
      CustomerID(charge.integer(0)), CalendarDay(daysSince1970: try charge.int32(1))
    )
  }

  /// Whether a charge can no longer be dated in another month: which month bills it was decided by
  /// its date when either month's settlement was opened.
  func isFixed(from: BillingMonth, to: BillingMonth) -> Bool {
    from != to && (settledMonths.contains(from) || settledMonths.contains(to))
  }
}

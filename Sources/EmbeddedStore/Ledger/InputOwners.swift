import Billing

/// Who lines and charges belong to. Files come in the order of customers and lines, so the latest
/// answer is kept: it is mostly asked for again.
final class InputOwners {
  private let customer: Statement
  private let line: Statement
  private let charge: Statement
  private var latestCustomer: CustomerID?
  private var latestLine: (line: LineID, customer: CustomerID)?

  init(_ connection: Connection) throws {
    customer = try connection.statement("SELECT 1 FROM customers WHERE customer_id = ? LIMIT 1")
    line = try connection.statement("SELECT customer_id FROM lines WHERE line_id = ?")
    charge = try connection.statement(
      "SELECT customer_id FROM charges WHERE charge_id = ? LIMIT 1")
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

  func owner(ofCharge id: String) throws -> CustomerID? {
    charge.bind(id, at: 1)
    defer { charge.reset() }
    return try charge.step() ? CustomerID(charge.integer(0)) : nil
  }
}

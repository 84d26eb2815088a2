import Billing
import Foundation

/// The file that names customers for a correction: one number a line; an empty line and a header
/// `customer_id` are passed over.
enum CustomerListFile {
  static func read(_ path: String) throws -> [CustomerID] {
    let text = try TextFile.read(path)
    var customers: [CustomerID] = []
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (position, line) in lines.enumerated() {
      let field = line.trimmingCharacters(in: .whitespaces)
      if field.isEmpty || (customers.isEmpty && field == "customer_id") { continue }
      guard let customer = CustomerID(argument: field) else {
        throw CommandFailure(
          .badInput, .badCustomer("\(path):\(position + 1)"), remedy: .oneCustomerALine)
      }
      customers.append(customer)
    }
    guard !customers.isEmpty else {
      throw CommandFailure(.badInput, .emptyList(path), remedy: .oneCustomerALine)
    }
    return customers
  }
}

package import Billing

/// Why a customer's bills are what they are, and what became of them.
package struct Explanation: Sendable {
  package struct Bill: Sendable {
    package var listed: ListedStatement
    package var statement: Statement

    package init(listed: ListedStatement, statement: Statement) {
      self.listed = listed
      self.statement = statement
    }
  }

  package var customer: CustomerID
  /// By month and version.
  package var bills: [Bill]
  /// Months in which the customer has no statement, and why.
  package var parking: [(month: BillingMonth, reason: ParkingReason)]
  /// By month.
  package var deliveries: [DeliveryLife]

  package init(
    of customer: CustomerID, bills: [Bill] = [],
    parking: [(month: BillingMonth, reason: ParkingReason)] = [], deliveries: [DeliveryLife] = []
  ) {
    self.customer = customer
    self.bills = bills
    self.parking = parking
    self.deliveries = deliveries
  }
}

/// Puts together what the stores know about one customer.
package struct Explainer: Sendable {
  private let ledger: any AuditLedger
  private let statements: any AuditStatements

  package init(ledger: any AuditLedger, statements: any AuditStatements) {
    self.ledger = ledger
    self.statements = statements
  }

  /// - Parameter month: only what belongs to it, where given.
  /// - Returns: `nil` when nothing is known.
  package func explain(_ customer: CustomerID, month: BillingMonth?) async throws -> Explanation? {
    var bills: [Explanation.Bill] = []
    for listed in try await ledger.statements(of: customer, month: month) {
      bills.append(Explanation.Bill(listed: listed, statement: try await statement(listed)))
    }
    let parking = try await ledger.parking(of: customer).filter {
      month == nil || $0.month == month
    }
    var lives: [DeliveryLife] = []
    for key in try await ledger.deliveries(of: customer) where month == nil || key.month == month {
      if let life = try await ledger.life(of: key) { lives.append(life) }
    }
    guard !bills.isEmpty || !parking.isEmpty || !lives.isEmpty else { return nil }
    return Explanation(of: customer, bills: bills, parking: parking, deliveries: lives)
  }

  private func statement(_ listed: ListedStatement) async throws -> Statement {
    guard let body = try await statements.statementBody(listed.key),
      ContentHash(of: body) == listed.hash
    else {
      throw StoreError(
        .corrupt, operation: "explain statement \(listed.key)",
        detail: "it is missing from the store or was altered")
    }
    return try StatementCodec.decode(body)
  }
}

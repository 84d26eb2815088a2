import Billing

/// What was read about a range of customers: the ledger's rows first, then what the stores and the
/// providers hold. Whatever is written there before its row is, is there.
struct Evidence: Sendable {
  /// Those of the frozen cohort.
  var cohort: [CustomerID]
  var records: LedgerRecords
  var stored: [HashedStatement]
  /// Beside `records.bills`.
  var examined: [ExaminedBill?]
  var messages: [Acceptance]

  /// Hands over what there is of each customer, ascending: all the lists are in that order.
  func forEachCustomer(_ body: (CustomerEvidence) -> Void) {
    var cohort = Walk(cohort) { $0 }
    var supplemented = Walk(records.supplemented) { $0 }
    var parked = Walk(records.parked) { $0 }
    var statements = Walk(records.statements) { $0.key.customer }
    var stored = Walk(stored) { $0.key.customer }
    var bills = Walk(records.bills) { $0.key.statement.customer }
    var deliveries = Walk(records.deliveries) { $0.key.customer }
    var messages = Walk(messages) { $0.delivery.customer }
    while true {
      let heads = (
        cohort.head, supplemented.head, parked.head, statements.head, stored.head, bills.head,
        deliveries.head, messages.head
      )
      let next = min(
        min(min(heads.0, heads.1), min(heads.2, heads.3)),
        min(min(heads.4, heads.5), min(heads.6, heads.7)))
      guard next != .max else { return }
      let customer = CustomerID(next)
      let ofBills = bills.take(next)
      body(
        CustomerEvidence(
          customer: customer, isInCohort: !cohort.take(next).isEmpty,
          isSupplemented: !supplemented.take(next).isEmpty, isParked: !parked.take(next).isEmpty,
          isSettling: records.isSettling, statements: statements.take(next),
          stored: stored.take(next), bills: ofBills, examined: examined[ofBills.indices],
          deliveries: deliveries.take(next), messages: messages.take(next)))
    }
  }
}

/// Goes along a list in the order of customers.
private struct Walk<Element> {
  private let elements: [Element]
  private let customer: (Element) -> CustomerID
  private var position = 0
  /// The number of the next customer; the highest integer, which is nobody's, at the end.
  private(set) var head: Int64 = .max

  init(_ elements: [Element], _ customer: @escaping (Element) -> CustomerID) {
    self.elements = elements
    self.customer = customer
    look()
  }

  private mutating func look() {
    head = position < elements.count ? customer(elements[position]).number : .max
  }

  mutating func take(_ number: Int64) -> ArraySlice<Element> {
    let start = position
    while head == number {
      position += 1
      look()
    }
    return elements[start..<position]
  }
}

/// What was read about one customer.
struct CustomerEvidence {
  let customer: CustomerID
  let isInCohort: Bool
  /// A supplement of the month was about them.
  let isSupplemented: Bool
  let isParked: Bool
  let isSettling: Bool
  /// By version.
  let statements: ArraySlice<ListedStatement>
  let stored: ArraySlice<HashedStatement>
  let bills: ArraySlice<ListedBill>
  /// Beside `bills`, at the same indices.
  let examined: ArraySlice<ExaminedBill?>
  let deliveries: ArraySlice<ListedDelivery>
  let messages: ArraySlice<Acceptance>

  /// Who was recorded too late for the frozen cohort is a supplement's target.
  var isTarget: Bool { isInCohort || isSupplemented }

  /// A target that a settlement under way has not come to yet.
  var awaitsSettlement: Bool {
    isSettling && isSupplemented && !isInCohort && statements.isEmpty && !isParked
  }

  /// Each delivery with its messages; the messages of deliveries that there are none of come last.
  func forEachDelivery(
    _ body: (ListedDelivery, ArraySlice<Acceptance>) -> Void,
    strays: (ArraySlice<Acceptance>) -> Void
  ) {
    var position = messages.startIndex
    for delivery in deliveries {
      let before = position
      while position < messages.endIndex, messages[position].delivery < delivery.key {
        position += 1
      }
      if before < position { strays(messages[before..<position]) }
      let start = position
      while position < messages.endIndex, messages[position].delivery == delivery.key {
        position += 1
      }
      body(delivery, messages[start..<position])
    }
    if position < messages.endIndex { strays(messages[position...]) }
  }
}

extension LedgerRecords {
  /// Of these customers only.
  func only(_ wanted: Set<CustomerID>) -> LedgerRecords {
    LedgerRecords(
      isSettling: isSettling, statements: statements.filter { wanted.contains($0.key.customer) },
      parked: parked.filter(wanted.contains), supplemented: supplemented.filter(wanted.contains),
      bills: bills.filter { wanted.contains($0.key.statement.customer) },
      deliveries: deliveries.filter { wanted.contains($0.key.customer) })
  }
}

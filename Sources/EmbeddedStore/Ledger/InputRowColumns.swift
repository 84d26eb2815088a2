import Billing
import Importing

// How each kind of row lies in its table: the columns in the order that `InputTable` names them.

struct InputCustomer: InputRow {
  let customer: SealedCustomer
  /// Whether this version differs from the one before in what deliveries copy.
  private(set) var concernsDeliveries = false

  init(_ customer: SealedCustomer) {
    self.customer = customer
  }

  func bindKey(to statement: Statement, at position: Int) {
    statement.bind(customer.id.number, at: position)
  }

  func bindContent(to statement: Statement, at position: Int) {
    statement.bind(customer.name, at: position)
    statement.bind(customer.contact.emailHash, at: position + 1)
    statement.bind(customer.contact.phoneHash, at: position + 2)
    statement.bind(customer.sendDay, at: position + 3)
    statement.bind(Int(customer.quietSlots.mask), at: position + 4)
    statement.bind(customer.timeZone, at: position + 5)
    statement.bind(customer.locale.rawValue, at: position + 6)
    statement.bind(customer.channelDigits, at: position + 7)
    statement.bind(statusCode, at: position + 8)
    customer.activatedOn.bind(to: statement, at: position + 9)
    customer.terminatedOn.bind(to: statement, at: position + 10)
    statement.bind(customer.contact.email, at: position + 11)
    statement.bind(customer.contact.phone, at: position + 12)
  }

  func isRecorded(in version: Statement, at column: Int) -> Bool {
    deliveryColumnsAreRecorded(in: version, at: column)
      && version.isText(customer.name, column)
      && version.isText(customer.locale.rawValue, column + 6)
      && version.int(column + 9) == Int(customer.activatedOn.daysSince1970)
      && version.isDay(customer.terminatedOn, column + 10)
  }

  private func deliveryColumnsAreRecorded(in version: Statement, at column: Int) -> Bool {
    version.withBytes(column + 1) { $0.elementsEqual(customer.contact.emailHash) }
      && version.withBytes(column + 2) { $0.elementsEqual(customer.contact.phoneHash) }
      && version.int(column + 3) == customer.sendDay
      && version.int(column + 4) == Int(customer.quietSlots.mask)
      && version.isText(customer.timeZone, column + 5)
      && version.int(column + 7) == customer.channelDigits
      && version.int(column + 8) == statusCode
  }

  mutating func replace(_ version: Statement, at column: Int) {
    concernsDeliveries = !deliveryColumnsAreRecorded(in: version, at: column)
  }

  func hashKey(into hasher: inout Hasher) { hasher.combine(customer.id) }

  private var statusCode: Int {
    switch customer.status {
    case .active: 1
    case .suspended: 2
    case .terminated: 3
    }
  }
}

struct InputSegment: InputRow {
  let row: SegmentRow

  func bindKey(to statement: Statement, at position: Int) {
    statement.bind(row.customer.number, at: position)
    statement.bind(row.line.number, at: position + 1)
    row.segment.activeFrom.bind(to: statement, at: position + 2)
  }

  func bindContent(to statement: Statement, at position: Int) {
    statement.bind(row.segment.planCode, at: position)
    row.segment.activeTo.bind(to: statement, at: position + 1)
  }

  func isRecorded(in version: Statement, at column: Int) -> Bool {
    version.isText(row.segment.planCode, column)
      && version.isDay(row.segment.activeTo, column + 1)
  }

  func hashKey(into hasher: inout Hasher) {
    hasher.combine(row.line)
    hasher.combine(row.segment.activeFrom)
  }
}

struct InputEntitlement: InputRow {
  let row: EntitlementRow
  /// Who the line belongs to.
  var customer: CustomerID?

  init(row: EntitlementRow) {
    self.row = row
  }

  func bindKey(to statement: Statement, at position: Int) {
    customer.bind(to: statement, at: position)
    statement.bind(row.line.number, at: position + 1)
    statement.bind(row.entitlement.code, at: position + 2)
    row.entitlement.activeFrom.bind(to: statement, at: position + 3)
  }

  func bindContent(to statement: Statement, at position: Int) {
    row.entitlement.activeTo.bind(to: statement, at: position)
  }

  func isRecorded(in version: Statement, at column: Int) -> Bool {
    version.isDay(row.entitlement.activeTo, column)
  }

  func hashKey(into hasher: inout Hasher) {
    hasher.combine(row.line)
    hasher.combine(bytesOf: row.entitlement.code)
    hasher.combine(row.entitlement.activeFrom)
  }
}

struct InputBundleMember: InputRow {
  let row: BundleRow
  /// Who the line belongs to.
  var customer: CustomerID?

  init(row: BundleRow) {
    self.row = row
  }

  func bindKey(to statement: Statement, at position: Int) {
    customer.bind(to: statement, at: position)
    statement.bind(row.line.number, at: position + 1)
    statement.bind(row.membership.bundle, at: position + 2)
    row.membership.activeFrom.bind(to: statement, at: position + 3)
  }

  func bindContent(to statement: Statement, at position: Int) {
    row.membership.activeTo.bind(to: statement, at: position)
  }

  func isRecorded(in version: Statement, at column: Int) -> Bool {
    version.isDay(row.membership.activeTo, column)
  }

  func hashKey(into hasher: inout Hasher) {
    hasher.combine(row.line)
    hasher.combine(bytesOf: row.membership.bundle)
    hasher.combine(row.membership.activeFrom)
  }
}

struct InputUsage: InputRow {
  let row: UsageRow
  /// Who the line belongs to.
  var customer: CustomerID?

  init(row: UsageRow) {
    self.row = row
  }

  func bindKey(to statement: Statement, at position: Int) {
    row.month.bind(to: statement, at: position)
    customer.bind(to: statement, at: position + 1)
    statement.bind(row.line.number, at: position + 2)
    statement.bind(row.usage.metric, at: position + 3)
  }

  func bindContent(to statement: Statement, at position: Int) {
    statement.bind(row.usage.quantity.coefficient, at: position)
    statement.bind(row.usage.quantity.scale, at: position + 1)
  }

  func isRecorded(in version: Statement, at column: Int) -> Bool {
    version.integer(column) == row.usage.quantity.coefficient
      && version.int(column + 1) == row.usage.quantity.scale
  }

  func hashKey(into hasher: inout Hasher) {
    hasher.combine(row.line)
    hasher.combine(row.month)
    hasher.combine(bytesOf: row.usage.metric)
  }
}

struct InputCharge: InputRow {
  let row: ChargeRow
  /// The record number that first brought this charge: later versions keep it.
  private(set) var firstRecorded: Int64

  func bindKey(to statement: Statement, at position: Int) {
    statement.bind(row.customer.number, at: position)
    statement.bind(row.charge.id, at: position + 1)
  }

  func bindContent(to statement: Statement, at position: Int) {
    row.charge.chargedOn.bind(to: statement, at: position)
    statement.bind(row.charge.category, at: position + 1)
    statement.bind(row.charge.description, at: position + 2)
    statement.bind(row.charge.amount, at: position + 3)
    statement.bind(row.charge.taxable ? 1 : 0, at: position + 4)
    statement.bind(firstRecorded, at: position + 5)
  }

  func isRecorded(in version: Statement, at column: Int) -> Bool {
    version.int(column) == Int(row.charge.chargedOn.daysSince1970)
      && version.isText(row.charge.category, column + 1)
      && version.isText(row.charge.description, column + 2)
      && version.integer(column + 3) == row.charge.amount
      && (version.integer(column + 4) != 0) == row.charge.taxable
  }

  mutating func replace(_ version: Statement, at column: Int) {
    firstRecorded = version.integer(column + 5)
  }

  func hashKey(into hasher: inout Hasher) { hasher.combine(bytesOf: row.charge.id) }

  init(row: ChargeRow, firstRecorded: Int64) {
    self.row = row
    self.firstRecorded = firstRecorded
  }
}

// Texts are compared as bytes, as SQLite compares keys: for Swift two texts are also equal when they
// only compose their letters differently, and such a change would be taken for none.

extension Hasher {
  fileprivate mutating func combine(bytesOf text: String) {
    var text = text
    text.withUTF8 { combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension Statement {
  fileprivate func isText(_ text: String, _ column: Int) -> Bool {
    withBytes(column) { $0.elementsEqual(text.utf8) }
  }

  /// Whether a column holds that day, or nothing where there is none.
  fileprivate func isDay(_ day: CalendarDay?, _ column: Int) -> Bool {
    optionalInteger(column) == day.map { Int64($0.daysSince1970) }
  }
}

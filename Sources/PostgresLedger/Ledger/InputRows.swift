import Billing
import Importing

/// A row on its way into an `InputTable`.
protocol InputRow {
  var key: InputKey { get }
  /// Looks at the latest recorded version, its content's columns beginning at that one; whether it
  /// says the same.
  mutating func read(_ version: PostgresRow, at column: Int) -> Bool
  /// Writes the columns that `InputTable` names.
  func write(to rows: CopyWriter, as number: Int64)
}

/// A row of `add_ons`, `discounts` or `bundle_members`.
struct InputRight: InputRow {
  let line: LineID
  /// Who the line belongs to.
  var customer: CustomerID?
  private let code: String
  private let from: CalendarDay
  private let to: CalendarDay?

  init(_ row: EntitlementRow) {
    line = row.line
    code = row.entitlement.code
    (from, to) = (row.entitlement.activeFrom, row.entitlement.activeTo)
  }

  init(_ row: BundleRow) {
    line = row.line
    code = row.membership.bundle
    (from, to) = (row.membership.activeFrom, row.membership.activeTo)
  }

  var key: InputKey {
    InputKey(
      customer: customer?.number ?? 0, line: line.number, text: code,
      number: Int64(from.daysSince1970))
  }

  func read(_ version: PostgresRow, at column: Int) -> Bool { version.isDay(to, column) }

  func write(to rows: CopyWriter, as number: Int64) {
    rows.int8(customer?.number)
    rows.int8(line.number)
    rows.int8(number)
    rows.int4(from.daysSince1970)
    rows.int4(to?.daysSince1970)
    rows.text(code)
  }
}

struct InputSegment: InputRow {
  let row: SegmentRow

  var key: InputKey {
    InputKey(
      customer: row.customer.number, line: row.line.number,
      number: Int64(row.segment.activeFrom.daysSince1970))
  }

  func read(_ version: PostgresRow, at column: Int) -> Bool {
    version.isText(row.segment.planCode, column)
      && version.isDay(row.segment.activeTo, column + 1)
  }

  func write(to rows: CopyWriter, as number: Int64) {
    rows.int8(row.customer.number)
    rows.int8(row.line.number)
    rows.int8(number)
    rows.int4(row.segment.activeFrom.daysSince1970)
    rows.int4(row.segment.activeTo?.daysSince1970)
    rows.text(row.segment.planCode)
  }
}

struct InputUsage: InputRow {
  let row: UsageRow
  /// Who the line belongs to.
  var customer: CustomerID?

  init(_ row: UsageRow) {
    self.row = row
  }

  var key: InputKey {
    InputKey(
      customer: customer?.number ?? 0, line: row.line.number, text: row.usage.metric,
      number: Int64(row.month.index))
  }

  func read(_ version: PostgresRow, at column: Int) -> Bool {
    version.integer(column) == row.usage.quantity.coefficient
      && version.int(column + 1) == row.usage.quantity.scale
  }

  func write(to rows: CopyWriter, as number: Int64) {
    rows.int4(row.month.index)
    rows.int8(customer?.number)
    rows.int8(row.line.number)
    rows.int8(number)
    rows.int8(row.usage.quantity.coefficient)
    rows.int2(row.usage.quantity.scale)
    rows.text(row.usage.metric)
  }
}

struct InputCharge: InputRow {
  let row: ChargeRow
  /// Whose the charge is and the day it is dated, as recorded last; `nil` where it is not.
  private(set) var recorded: (customer: CustomerID, chargedOn: CalendarDay)?
  /// The record number that first brought this charge: later versions keep it.
  private var firstRecorded: Int64

  /// What `recorded` is once this row is.
  var stated: (customer: CustomerID, chargedOn: CalendarDay) {
    (row.customer, row.charge.chargedOn)
  }

  init(_ row: ChargeRow, as number: Int64) {
    self.row = row
    firstRecorded = number
  }

  var key: InputKey { InputKey(customer: row.customer.number, text: row.charge.id) }

  mutating func read(_ version: PostgresRow, at column: Int) -> Bool {
    let chargedOn = CalendarDay(daysSince1970: Int32(version.integer(column + 1)))
    recorded = (CustomerID(version.integer(column)), chargedOn)
    firstRecorded = version.integer(column + 6)
    return chargedOn == row.charge.chargedOn
      && version.isText(row.charge.category, column + 2)
      && version.isText(row.charge.description, column + 3)
      && version.integer(column + 4) == row.charge.amount
      && version.bool(column + 5) == row.charge.taxable
  }

  func write(to rows: CopyWriter, as number: Int64) {
    rows.int8(row.customer.number)
    rows.int8(number)
    rows.int8(firstRecorded)
    rows.int8(row.charge.amount)
    rows.int4(row.charge.chargedOn.daysSince1970)
    rows.bool(row.charge.taxable)
    rows.text(row.charge.id)
    rows.text(row.charge.category)
    rows.text(row.charge.description)
  }
}

extension PostgresRow {
  /// Compared as bytes, as keys are.
  func isText(_ text: String, _ column: Int) -> Bool {
    withBytes(column) { $0.elementsEqual(text.utf8) }
  }

  /// Whether a column holds that day, or nothing where there is none.
  func isDay(_ day: CalendarDay?, _ column: Int) -> Bool {
    optionalInteger(column) == day.map { Int64($0.daysSince1970) }
  }
}

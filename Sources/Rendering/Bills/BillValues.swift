import Billing

/// Lays a statement out as the values that a bill's templates name. Pure: only the statement, the
/// issue with its due date, the policy and the locale decide.
struct BillValues {
  static let names = BillNames.all

  var values = TemplateValues(scope: names.scope)
  private let policy: DeliveryPolicy
  private(set) var formats = BillFormats(locale: .korean)
  private(set) var currency = Currency(code: "KRW")!  // known to Currency
  private(set) var month = BillingMonth(index: 0)

  init(policy: DeliveryPolicy) {
    self.policy = policy
  }

  /// Makes these the values of a statement, in place of those of an earlier one.
  ///
  /// - Parameter dueDate: `nil` where nothing is to be paid.
  mutating func lay(out statement: Statement, issue: Int, dueDate: CalendarDay?) {
    formats = BillFormats(locale: statement.locale)
    currency = statement.currency
    month = statement.month
    values.reset(scope: Self.names.scope)
    setIdentity(of: statement, issue)
    setDueDate(dueDate)
    setTotals(of: statement)
    setLines(of: statement)
    setOneOffs(of: statement)
  }

  /// Gives the body of a bill the subject that was made for it.
  mutating func setSubject(_ subject: [UInt8]) {
    values.set(Self.names.root.subject, in: values.root) { $0.append(contentsOf: subject) }
  }

  // MARK: The bill as a whole

  private mutating func setIdentity(of statement: Statement, _ issue: Int) {
    let names = Self.names.root
    let root = values.root
    let name =
      policy.masksNames ? Masking.name(statement.customerName) : statement.customerName
    values.set(names.customerName, in: root, to: name)
    values.set(names.customerNumber, in: root, to: statement.customer.description)
    values.set(
      names.billNumber, in: root,
      to: "\(statement.month)-\(statement.customer)-\(statement.version)"
        + (issue > 1 ? "-\(issue)" : ""))
    let period = statement.month.period
    let formats = formats
    values.set(names.month, in: root) { formats.month(statement.month, into: &$0) }
    values.set(names.shortMonth, in: root) { formats.shortMonth(statement.month, into: &$0) }
    values.set(names.periodStart, in: root) { formats.day(period.lowerBound, into: &$0) }
    values.set(names.periodEnd, in: root) {
      formats.day(period.upperBound.advanced(by: -1), into: &$0)
    }
    values.set(names.isCorrection, in: root, to: statement.version > 1)
  }

  private mutating func setDueDate(_ dueDate: CalendarDay?) {
    guard let dueDate else { return }
    let names = Self.names.root
    let formats = formats
    values.set(names.dueDay, in: values.root) { formats.longDay(dueDate, into: &$0) }
    values.set(names.shortDueDay, in: values.root) { formats.shortDay(dueDate, into: &$0) }
  }

  private mutating func setTotals(of statement: Statement) {
    let names = Self.names.root
    let root = values.root
    let totals = statement.totals
    let formats = formats
    setAmount(names.total, in: root, to: totals.total)
    setAmount(names.credit, in: root, to: Self.negated(totals.total))
    setAmount(names.charges, in: root, to: totals.charges)
    setAmount(names.discounts, in: root, to: Self.negated(totals.discounts))
    let tax = BillTax(of: statement)
    setAmount(names.tax, in: root, to: tax.shown)
    setAmount(names.taxable, in: root, to: statement.tax.taxable)
    setAmount(names.rounding, in: root, to: totals.rounding)
    values.set(names.taxRate, in: root) { formats.percent(statement.tax.rate, into: &$0) }
    values.set(names.isDue, in: root, to: totals.total > 0)
    values.set(names.isZero, in: root, to: totals.total == 0)
    values.set(names.isCredit, in: root, to: totals.total < 0)
    values.set(names.hasDiscounts, in: root, to: totals.discounts != 0)
    values.set(names.hasRounding, in: root, to: totals.rounding != 0)
    values.set(names.taxIncluded, in: root, to: tax.kind == .contained)
    values.set(names.taxGivenBack, in: root, to: tax.kind == .givenBack)
    values.set(names.taxAdded, in: root, to: tax.kind == .added)
    for case .rounding(let unit) in statement.lines.lazy.map(\.source) {
      setAmount(names.roundingUnit, in: root, to: unit)
    }
  }

  // MARK: Lines

  private enum Category: CaseIterable {
    case plan, addOn, usage, discount

    init?(_ source: StatementSource) {
      switch source {
      case .plan: self = .plan
      case .addOn: self = .addOn
      case .usage: self = .usage
      case .discount: self = .discount
      case .oneOff, .tax, .rounding: return nil
      }
    }
  }

  private mutating func setLines(of statement: Statement) {
    let names = Self.names
    let runs = Self.runs(of: statement.lines)
    values.set(names.root.hasLines, in: values.root, to: !runs.isEmpty)
    let frames = values.makeItems(runs.count, of: names.lines, in: values.root)
    for (position, run) in runs.enumerated() {
      let frame = frames[position]
      let lines = statement.lines[run]
      // A line's runs begin with one that has a line.
      values.set(names.line.number, in: frame, to: lines.first?.line?.description ?? "")
      setAmount(names.line.lineTotal, in: frame, to: Self.sum(of: lines))
      setGroups(of: lines, in: frame)
    }
  }

  /// Where each line's (회선) statement lines lie: a statement keeps them together.
  private static func runs(of lines: [StatementLine]) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for (position, line) in lines.enumerated() where line.line != nil {
      if let last = runs.last, last.upperBound == position, lines[last.lowerBound].line == line.line
      {
        runs[runs.count - 1] = last.lowerBound..<position + 1
      } else {
        runs.append(position..<position + 1)
      }
    }
    return runs
  }

  private mutating func setGroups(of lines: ArraySlice<StatementLine>, in frame: TemplateFrame) {
    let names = Self.names.group
    let present = Category.allCases.filter { category in
      lines.contains { Category($0.source) == category }
    }
    let frames = values.makeItems(present.count, of: Self.names.line.groups, in: frame)
    for (position, category) in present.enumerated() {
      let group = frames[position]
      values.set(names.isPlan, in: group, to: category == .plan)
      values.set(names.isAddOn, in: group, to: category == .addOn)
      values.set(names.isUsage, in: group, to: category == .usage)
      values.set(names.isDiscount, in: group, to: category == .discount)
      let count = lines.count { Category($0.source) == category }
      values.set(names.hasSubtotal, in: group, to: count > 1)
      setAmount(
        names.subtotal, in: group,
        to: Self.sum(of: lines.lazy.filter { Category($0.source) == category }))
      let items = values.makeItems(count, of: names.items, in: group)
      var next = 0
      for line in lines where Category(line.source) == category {
        setItem(line, among: lines, in: items[next])
        next += 1
      }
    }
  }

  // MARK: One-off charges

  private mutating func setOneOffs(of statement: Statement) {
    let names = Self.names.oneOff
    let formats = formats
    let lines = statement.lines.filter { line in
      if case .oneOff = line.source { true } else { false }
    }
    values.set(Self.names.root.hasOneOffs, in: values.root, to: !lines.isEmpty)
    setAmount(Self.names.root.oneOffsTotal, in: values.root, to: Self.sum(of: lines))
    let frames = values.makeItems(lines.count, of: Self.names.oneOffs, in: values.root)
    for (position, line) in lines.enumerated() {
      guard case .oneOff(_, _, let day, _) = line.source else { continue }
      let frame = frames[position]
      values.set(names.name, in: frame, to: line.name)
      setAmount(names.amount, in: frame, to: line.amount)
      values.set(names.day, in: frame) { formats.day(day, into: &$0) }
      values.set(names.isRefund, in: frame, to: line.amount < 0)
      values.set(names.isLate, in: frame, to: day < statement.month.firstDay)
    }
  }

  // MARK: Amounts

  mutating func setAmount(_ cell: TextCell, in frame: TemplateFrame, to amount: Int64) {
    let formats = formats
    let currency = currency
    values.set(cell, in: frame) { formats.amount(amount, currency, into: &$0) }
  }

  /// Parts of a statement add up to its total, which its rating has checked for overflow.
  private static func sum(of lines: some Sequence<StatementLine>) -> Int64 {
    lines.reduce(0) { $0 &+ $1.amount }
  }

  /// The smallest number has no counterpart and stays what it is; no total is near it.
  static func negated(_ amount: Int64) -> Int64 { 0 &- amount }
}

import Billing

/// Lays a statement out as the values that a bill's templates name. Pure: only the statement, the
/// issue with its due date, the policy and the locale decide.
struct BillValues {
  private static let names = BillNames.all

  private(set) var values = TemplateValues(scope: names.scope)
  private let policy: DeliveryPolicy
  private var formats = BillFormats(locale: .korean)
  private var currency = Currency(code: "KRW")!  // known to Currency

  init(policy: DeliveryPolicy) {
    self.policy = policy
  }

  /// Makes these the values of a statement, in place of those of an earlier one.
  ///
  /// - Parameter dueDate: `nil` where nothing is to be paid.
  mutating func lay(out statement: Statement, issue: Int, dueDate: CalendarDay?) {
    formats = BillFormats(locale: statement.locale)
    currency = statement.currency
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
    setAmount(names.tax, in: root, to: totals.tax)
    setAmount(names.taxable, in: root, to: statement.tax.taxable)
    setAmount(names.rounding, in: root, to: totals.rounding)
    values.set(names.taxRate, in: root) { formats.percent(statement.tax.rate, into: &$0) }
    values.set(names.isDue, in: root, to: totals.total > 0)
    values.set(names.isZero, in: root, to: totals.total == 0)
    values.set(names.isCredit, in: root, to: totals.total < 0)
    values.set(names.hasDiscounts, in: root, to: totals.discounts != 0)
    values.set(names.hasRounding, in: root, to: totals.rounding != 0)
    let hasTax = totals.tax != 0
    values.set(names.taxIncluded, in: root, to: hasTax && statement.tax.mode == .inclusive)
    values.set(names.taxAdded, in: root, to: hasTax && statement.tax.mode == .exclusive)
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
        setItem(line, in: items[next])
        next += 1
      }
    }
  }

  private mutating func setItem(_ line: StatementLine, in frame: TemplateFrame) {
    let names = Self.names.item
    let formats = formats
    setAmount(names.amount, in: frame, to: line.amount)
    values.set(names.name, in: frame) { output in
      if case .usage(let metric, _, _, _, _) = line.source {
        formats.metricName(metric, into: &output)
      } else {
        output.append(contentsOf: line.name.utf8)
      }
    }
    switch line.source {
    case .plan(_, let from, let days, let monthDays, _),
      .addOn(_, let from, let days, let monthDays, _):
      setProration(from: from, days: days, of: monthDays, in: frame)
    case .usage(let metric, let used, let allowance, let rate, let cap):
      setUsage(metric, used, allowance, rate, in: frame)
      if let cap, line.amount == cap { setCap(cap, in: frame) }
    case .discount(_, let rule, let basis, let cap):
      setDiscount(rule, in: frame)
      setAmount(names.basis, in: frame, to: basis)
      if let cap, line.amount == Self.negated(cap) { setCap(cap, in: frame) }
    case .oneOff, .tax, .rounding: break
    }
  }

  private mutating func setProration(
    from: CalendarDay, days: Int, of monthDays: Int, in frame: TemplateFrame
  ) {
    guard days != monthDays else { return }
    let names = Self.names.item
    let formats = formats
    values.set(names.isProrated, in: frame, to: true)
    values.set(names.from, in: frame) { formats.shortDay(from, into: &$0) }
    values.set(names.to, in: frame) {
      formats.shortDay(from.advanced(by: max(0, days - 1)), into: &$0)
    }
    values.set(names.days, in: frame) { formats.count(days, into: &$0) }
    values.set(names.monthDays, in: frame) { formats.count(monthDays, into: &$0) }
  }

  private mutating func setUsage(
    _ metric: String, _ used: FixedDecimal, _ allowance: Int64, _ rate: FixedDecimal,
    in frame: TemplateFrame
  ) {
    let names = Self.names.item
    let formats = formats
    let currency = currency
    values.set(names.isMetered, in: frame, to: true)
    values.set(names.used, in: frame) { formats.quantity(used, of: metric, into: &$0) }
    values.set(names.allowance, in: frame) { output in
      // A whole number is a decimal without digits after the point.
      if let allowance = FixedDecimal(coefficient: allowance, scale: 0) {
        formats.quantity(allowance, of: metric, into: &output)
      }
    }
    values.set(names.price, in: frame) { formats.unitPrice(rate, currency, into: &$0) }
    values.set(names.unit, in: frame) { formats.priceUnit(of: metric, into: &$0) }
  }

  private mutating func setDiscount(_ rule: DiscountSource, in frame: TemplateFrame) {
    let names = Self.names.item
    let formats = formats
    switch rule {
    case .rate(let rate):
      values.set(names.isRate, in: frame, to: true)
      values.set(names.rate, in: frame) { formats.percent(rate, into: &$0) }
    case .bundle(let lines, _):
      values.set(names.isBundle, in: frame, to: true)
      values.set(names.bundleLines, in: frame) { formats.count(lines, into: &$0) }
    case .amount: break
    }
  }

  /// The cap was reached.
  private mutating func setCap(_ cap: Int64, in frame: TemplateFrame) {
    values.set(Self.names.item.isCapped, in: frame, to: true)
    setAmount(Self.names.item.cap, in: frame, to: cap)
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

  private mutating func setAmount(_ cell: TextCell, in frame: TemplateFrame, to amount: Int64) {
    let formats = formats
    let currency = currency
    values.set(cell, in: frame) { formats.amount(amount, currency, into: &$0) }
  }

  /// Parts of a statement add up to its total, which its rating has checked for overflow.
  private static func sum(of lines: some Sequence<StatementLine>) -> Int64 {
    lines.reduce(0) { $0 &+ $1.amount }
  }

  /// The smallest number has no counterpart and stays what it is; no total is near it.
  private static func negated(_ amount: Int64) -> Int64 { 0 &- amount }
}

import Billing

/// One charge or discount of a line, as a bill's templates name it.
extension BillValues {
  /// - Parameter lines: all of the same line (회선), among which are the plans' names.
  mutating func setItem(
    _ line: StatementLine, among lines: ArraySlice<StatementLine>, in frame: TemplateFrame
  ) {
    let names = Self.names.item
    let formats = formats
    setAmount(names.amount, in: frame, to: line.amount)
    values.set(names.name, in: frame) { output in
      if case .usage(let usage) = line.source {
        formats.metricName(usage.metric, into: &output)
      } else {
        output.append(contentsOf: line.name.utf8)
      }
    }
    switch line.source {
    case .plan(_, let days, let daysInMonth, _), .addOn(_, let days, let daysInMonth, _):
      setProration(days, of: daysInMonth, in: frame)
    case .usage(let usage):
      setUsage(usage, in: frame)
      setPlan(usage.plan, among: lines, in: frame)
      if let cap = usage.capOfDays, line.amount == cap { setCap(cap, in: frame) }
    case .discount(_, let rule, let basis, let cap):
      setDiscount(rule, in: frame)
      setAmount(names.basis, in: frame, to: basis)
      if let cap, line.amount == Self.negated(cap) { setCap(cap, in: frame) }
    case .oneOff, .tax, .rounding: break
    }
  }

  private mutating func setProration(
    _ days: DaysOfMonth, of all: Int, in frame: TemplateFrame
  ) {
    guard days.count != all else { return }
    let names = Self.names.item
    let (formats, month) = (formats, month)
    values.set(names.isProrated, in: frame, to: true)
    values.set(names.spans, in: frame) { formats.spans(days, of: month, into: &$0) }
    values.set(names.days, in: frame) { formats.count(days.count, into: &$0) }
    values.set(names.ofDays, in: frame) { formats.count(all, into: &$0) }
  }

  private mutating func setUsage(_ usage: UsageSource, in frame: TemplateFrame) {
    let names = Self.names.item
    let formats = formats
    let currency = currency
    values.set(names.isMetered, in: frame, to: true)
    values.set(names.used, in: frame) {
      formats.quantity(usage.used, of: usage.metric, into: &$0)
    }
    values.set(names.allowance, in: frame) { output in
      // A whole number is a decimal without digits after the point.
      if let allowance = FixedDecimal(coefficient: usage.allowance, scale: 0) {
        formats.quantity(allowance, of: usage.metric, into: &output)
      }
    }
    values.set(names.price, in: frame) { formats.unitPrice(usage.rate, currency, into: &$0) }
    values.set(names.unit, in: frame) { formats.priceUnit(of: usage.metric, into: &$0) }
    guard usage.days != usage.daysInMonth else { return }
    values.set(names.isShareOfMonth, in: frame, to: usage.allowance > 0)
    values.set(names.isShareOfUse, in: frame, to: usage.days != usage.activeDays)
    values.set(names.days, in: frame) { formats.count(usage.days, into: &$0) }
    values.set(names.activeDays, in: frame) { formats.count(usage.activeDays, into: &$0) }
    values.set(names.monthDays, in: frame) { formats.count(usage.daysInMonth, into: &$0) }
  }

  /// Names the plan of a charge where the line had more than one.
  private mutating func setPlan(
    _ code: String, among lines: ArraySlice<StatementLine>, in frame: TemplateFrame
  ) {
    var name: String?
    var count = 0
    for line in lines {
      guard case .plan(let other, _, _, _) = line.source else { continue }
      count += 1
      if other == code { name = line.name }
    }
    guard count > 1 else { return }
    values.set(Self.names.item.isOfPlan, in: frame, to: true)
    values.set(Self.names.item.planName, in: frame, to: name ?? code)
  }

  private mutating func setDiscount(_ rule: DiscountSource, in frame: TemplateFrame) {
    let names = Self.names.item
    let formats = formats
    switch rule {
    case .rate(let rate, let days, let activeDays):
      values.set(names.isRate, in: frame, to: true)
      values.set(names.rate, in: frame) { formats.percent(rate, into: &$0) }
      setProration(days, of: activeDays, in: frame)
    case .amount(let amount, let days, let daysInMonth):
      values.set(names.isAmount, in: frame, to: true)
      setAmount(names.value, in: frame, to: amount)
      setProration(days, of: daysInMonth, in: frame)
    case .bundle(let lines, _):
      values.set(names.isBundle, in: frame, to: true)
      values.set(names.bundleLines, in: frame) { formats.count(lines, into: &$0) }
    }
  }

  /// The cap was reached.
  private mutating func setCap(_ cap: Int64, in frame: TemplateFrame) {
    values.set(Self.names.item.isCapped, in: frame, to: true)
    setAmount(Self.names.item.cap, in: frame, to: cap)
  }
}

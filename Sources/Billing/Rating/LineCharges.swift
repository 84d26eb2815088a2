/// What one line is charged: plan fees, add-on fees and overage, then its discounts.
extension Rater {
  func rate(
    _ line: LineInput, bundleSizes: BundleSizes, into draft: inout StatementDraft
  ) throws(ParkingReason) {
    try findSegments(of: line, into: &draft.segments)
    guard let last = draft.segments.last else { return }
    let lastActiveDay = last.days.upperBound.advanced(by: -1)

    var amounts = CategoryAmounts()
    amounts.plan = try chargePlans(of: line, into: &draft)
    amounts.addOn = try chargeAddOns(of: line, into: &draft)
    amounts.usage = try chargeUsage(of: line, plan: plans[last.plan], into: &draft)
    try draft.charges.add(amounts.total())

    try discount(
      line, on: lastActiveDay, bundleSizes: bundleSizes, amounts: &amounts, into: &draft)
    try draft.taxable.add(amounts.sum(of: taxedCategories))
  }

  /// The segments with days in the period, ascending; they share none of these days.
  private func findSegments(
    of line: LineInput, into segments: inout [StatementDraft.ActiveSegment]
  ) throws(ParkingReason) {
    segments.removeAll(keepingCapacity: true)
    for segment in line.segments.ordered(by: { $0.activeFrom < $1.activeFrom }) {
      guard let days = segment.days(in: period) else { continue }
      if let before = segments.last, days.lowerBound < before.days.upperBound {
        throw ParkingReason(
          .overlappingSegments, "line \(line.id): two segments on \(days.lowerBound)")
      }
      guard let plan = planPositions[segment.planCode] else {
        throw ParkingReason(.unknownPlan, "line \(line.id): \(unknown(segment.planCode))")
      }
      segments.append(StatementDraft.ActiveSegment(plan: plan, days: days))
    }
  }

  private func chargePlans(
    of line: LineInput, into draft: inout StatementDraft
  ) throws(ParkingReason) -> Int64 {
    var sum: Int64 = 0
    for segment in draft.segments {
      let days = segment.days.lowerBound.days(to: segment.days.upperBound)
      let fee = plans[segment.plan].monthlyFee
      let amount = Arithmetic.prorated(fee, days: days, of: daysInMonth)
      try sum.add(amount)
      draft.lines.append(
        StatementLine(
          line: line.id, name: plans[segment.plan].name, amount: amount,
          source: .plan(
            code: plans[segment.plan].code, from: segment.days.lowerBound, days: days,
            daysInMonth: daysInMonth, monthlyFee: fee)))
    }
    return sum
  }

  private func chargeAddOns(
    of line: LineInput, into draft: inout StatementDraft
  ) throws(ParkingReason) -> Int64 {
    var sum: Int64 = 0
    let inOrder = line.addOns.ordered {
      ($0.code, $0.activeFrom) < ($1.code, $1.activeFrom)
    }
    for entitlement in inOrder {
      guard let (from, days) = daysOnBoth(entitlement, draft.segments) else { continue }
      guard let addOn = catalog.addOns[entitlement.code] else {
        throw ParkingReason(.unknownAddOn, "line \(line.id): \(unknown(entitlement.code))")
      }
      let amount = Arithmetic.prorated(addOn.monthlyFee, days: days, of: daysInMonth)
      try sum.add(amount)
      draft.lines.append(
        StatementLine(
          line: line.id, name: addOn.name, amount: amount,
          source: .addOn(
            code: addOn.code, from: from, days: days, daysInMonth: daysInMonth,
            monthlyFee: addOn.monthlyFee)))
    }
    return sum
  }

  /// The first day, and the number of days, on which both the entitlement and a segment are
  /// active; `nil` where there is none.
  private func daysOnBoth(
    _ entitlement: Entitlement, _ segments: [StatementDraft.ActiveSegment]
  ) -> (from: CalendarDay, days: Int)? {
    var from: CalendarDay?
    var days = 0
    for segment in segments {
      guard let both = entitlement.days(in: segment.days) else { continue }
      from = from ?? both.lowerBound
      days += both.lowerBound.days(to: both.upperBound)
    }
    return from.map { ($0, days) }
  }

  /// - Parameter plan: of the last active day; without an overage rate in it a metric costs nothing.
  private func chargeUsage(
    of line: LineInput, plan: Plan, into draft: inout StatementDraft
  ) throws(ParkingReason) -> Int64 {
    guard !plan.overage.isEmpty else { return 0 }
    var sum: Int64 = 0
    for usage in line.usage.ordered(by: { $0.metric < $1.metric }) {
      guard let rule = plan.overage[usage.metric],
        let allowance = try allowance(of: usage.metric, over: draft.segments)
      else { continue }
      var exact = Arithmetic.overage(
        used: usage.quantity, allowance: allowance, rate: rule.rate)
      if let cap = rule.cap { exact = min(exact, Int128(cap)) }
      let amount = try Int64(amount: exact)
      guard amount != 0 else { continue }
      try sum.add(amount)
      draft.lines.append(
        StatementLine(
          line: line.id, name: usage.metric, amount: amount,
          source: .usage(
            metric: usage.metric, used: usage.quantity, allowance: allowance, rate: rule.rate,
            cap: rule.cap)))
    }
    return sum
  }

  /// The sum of the segments' shares; `nil` where one of their plans has no limit. A plan that does
  /// not name the metric includes nothing of it.
  private func allowance(
    of metric: String, over segments: [StatementDraft.ActiveSegment]
  ) throws(ParkingReason) -> Int64? {
    var sum: Int64 = 0
    for segment in segments {
      switch plans[segment.plan].allowances[metric] {
      case .unlimited: return nil
      case nil: continue
      case .limited(let whole):
        let days = segment.days.lowerBound.days(to: segment.days.upperBound)
        try sum.add(Arithmetic.prorated(whole, days: days, of: daysInMonth))
      }
    }
    return sum
  }

  func unknown(_ code: String) -> String { "\(code) is not in catalog \(catalog.version)" }
}

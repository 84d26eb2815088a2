/// What one line is charged: plan fees, add-on fees and overage, then its discounts.
extension Rater {
  func rate(
    _ line: LineInput, bundleSizes: BundleSizes, into draft: inout StatementDraft
  ) throws(ParkingReason) {
    try findPlans(of: line, into: &draft)
    guard !draft.activeDays.isEmpty else { return }

    var amounts = CategoryAmounts()
    amounts.plan = try chargePlans(of: line, into: &draft)
    amounts.addOn = try chargeAddOns(of: line, into: &draft)
    amounts.usage = try chargeUsage(of: line, into: &draft)
    try draft.charges.add(amounts.total())

    try discount(line, bundleSizes: bundleSizes, amounts: &amounts, into: &draft)
    try draft.taxable.add(amounts.sum(of: taxedCategories))
  }

  /// The line's active days, and the plans that they are on, in the order of their first days.
  private func findPlans(
    of line: LineInput, into draft: inout StatementDraft
  ) throws(ParkingReason) {
    draft.plans.removeAll(keepingCapacity: true)
    draft.activeDays = .none
    for segment in line.segments.ordered(by: { $0.activeFrom < $1.activeFrom }) {
      let days = DaysOfMonth(of: segment, in: period)
      guard !days.isEmpty else { continue }
      if let twice = draft.activeDays.intersection(days).first {
        throw ParkingReason(
          .overlappingSegments, "line \(line.id): two segments on \(calendarDay(twice))")
      }
      guard let plan = planPositions[segment.planCode] else {
        throw ParkingReason(.unknownPlan, "line \(line.id): \(unknown(segment.planCode))")
      }
      draft.activeDays.formUnion(days)
      if let known = draft.plans.firstIndex(where: { $0.plan == plan }) {
        draft.plans[known].days.formUnion(days)
      } else {
        draft.plans.append(StatementDraft.PlanDays(plan: plan, days: days))
      }
    }
  }

  private func chargePlans(
    of line: LineInput, into draft: inout StatementDraft
  ) throws(ParkingReason) -> Int64 {
    var sum: Int64 = 0
    for position in draft.plans.indices {
      let days = draft.plans[position].days
      let plan = draft.plans[position].plan
      let fee = plans[plan].monthlyFee
      let amount = Arithmetic.prorated(fee, days: days.count, of: daysInMonth)
      try sum.add(amount)
      draft.lines.append(
        StatementLine(
          line: line.id, name: plans[plan].name, amount: amount,
          source: .plan(
            code: plans[plan].code, days: days, daysInMonth: daysInMonth, monthlyFee: fee)))
    }
    return sum
  }

  /// Two entitlements to the same add-on are one, on the days of either.
  private func chargeAddOns(
    of line: LineInput, into draft: inout StatementDraft
  ) throws(ParkingReason) -> Int64 {
    guard !line.addOns.isEmpty else { return 0 }
    var sum: Int64 = 0
    let inOrder = line.addOns.ordered { $0.code < $1.code }
    var next = 0
    while next < inOrder.count {
      let code = inOrder[next].code
      var entitled = DaysOfMonth.none
      repeat {
        entitled.formUnion(DaysOfMonth(of: inOrder[next], in: period))
        next += 1
      } while next < inOrder.count && inOrder[next].code == code
      let days = draft.activeDays.intersection(entitled)
      guard !days.isEmpty else { continue }
      guard let addOn = catalog.addOns[code] else {
        throw ParkingReason(.unknownAddOn, "line \(line.id): \(unknown(code))")
      }
      let amount = Arithmetic.prorated(addOn.monthlyFee, days: days.count, of: daysInMonth)
      try sum.add(amount)
      draft.lines.append(
        StatementLine(
          line: line.id, name: addOn.name, amount: amount,
          source: .addOn(
            code: addOn.code, days: days, daysInMonth: daysInMonth,
            monthlyFee: addOn.monthlyFee)))
    }
    return sum
  }

  /// Usage comes without a day: each plan is charged for its days' share of it.
  private func chargeUsage(
    of line: LineInput, into draft: inout StatementDraft
  ) throws(ParkingReason) -> Int64 {
    guard draft.plans.contains(where: { !plans[$0.plan].overage.isEmpty }) else { return 0 }
    var sum: Int64 = 0
    let activeDays = draft.activeDays.count
    for usage in line.usage.ordered(by: { $0.metric < $1.metric }) {
      for position in draft.plans.indices {
        let (plan, days) = (draft.plans[position].plan, draft.plans[position].days.count)
        guard let source = share(of: usage, on: plan, days: days, activeDays: activeDays)
        else { continue }
        let amount = try Int64(amount: source.exactAmount)
        guard amount != 0 else { continue }
        try sum.add(amount)
        draft.lines.append(
          StatementLine(line: line.id, name: "", amount: amount, source: .usage(source)))
      }
    }
    return sum
  }

  /// - Parameter plan: a position in the rater's plans.
  /// - Returns: `nil` where the plan charges nothing for the metric: it has no limit, or no overage rate.
  private func share(
    of usage: UsageQuantity, on plan: Int, days: Int, activeDays: Int
  ) -> UsageSource? {
    guard let rule = plans[plan].overage[usage.metric] else { return nil }
    let allowance: Int64
    switch plans[plan].allowances[usage.metric] {
    case .unlimited: return nil
    case .limited(let whole): allowance = whole
    case nil: allowance = 0
    }
    return UsageSource(
      metric: usage.metric, plan: plans[plan].code, used: usage.quantity, allowance: allowance,
      days: days, activeDays: activeDays, daysInMonth: daysInMonth, rate: rule.rate, cap: rule.cap)
  }

  func unknown(_ code: String) -> String { "\(code) is not in catalog \(catalog.version)" }

  /// The day of the month with that number.
  func calendarDay(_ number: Int) -> CalendarDay { period.lowerBound.advanced(by: number - 1) }
}

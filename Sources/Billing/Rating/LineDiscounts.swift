/// What is taken off one line.
extension Rater {
  /// Applies the line's discounts in the catalog's order, each to what earlier ones have left.
  ///
  /// Rates and amounts go by the active days that an entitlement covers. A bundle's discount needs
  /// none: the membership on the line's last active day is the entitlement.
  func discount(
    _ line: LineInput, bundleSizes: BundleSizes, amounts: inout CategoryAmounts,
    into draft: inout StatementDraft
  ) throws(ParkingReason) {
    let bundleSize = try bundleSize(of: line, activeDays: draft.activeDays, in: bundleSizes)
    try findDiscounts(of: line, inBundle: bundleSize != nil, in: &draft)
    for applied in draft.applied {
      let discount = catalog.discounts[applied.discount]
      let basis = try amounts.sum(of: discount.basis)
      let limit = discount.cap.map { min($0, basis) } ?? basis
      guard limit > 0 else { continue }
      let (wanted, rule) = value(
        of: discount, basis: basis, covered: applied.covered, activeDays: draft.activeDays.count,
        bundleSize: bundleSize ?? 0)
      guard wanted > 0 else { continue }
      let amount = Int64(min(wanted, Int128(limit)))
      amounts.take(amount, from: discount.basis)
      try draft.discounts.add(amount)
      draft.lines.append(
        StatementLine(
          line: line.id, name: discount.name, amount: -amount,
          source: .discount(code: discount.code, rule: rule, basis: basis, cap: discount.cap)))
    }
  }

  /// The size of the one bundle that the line is in on its last active day; `nil` for a line in
  /// none. A line in two bundles on one active day, whichever, cannot be rated.
  private func bundleSize(
    of line: LineInput, activeDays: DaysOfMonth, in sizes: BundleSizes
  ) throws(ParkingReason) -> Int? {
    guard !line.bundles.isEmpty, let lastActiveDay = activeDays.last else { return nil }
    let memberships = line.bundles.ordered { $0.bundle < $1.bundle }
    var bundle: String?
    // The days in bundles before the current one, and those in the current one.
    var taken = DaysOfMonth.none
    var current = DaysOfMonth.none
    for (position, membership) in memberships.enumerated() {
      if position > 0, memberships[position - 1].bundle != membership.bundle {
        taken.formUnion(current)
        current = .none
      }
      let days = activeDays.intersection(DaysOfMonth(of: membership, in: period))
      if let twice = taken.intersection(days).first {
        let other = memberships.first { $0.covers(calendarDay(twice)) }
        throw ParkingReason(
          .twoBundles,
          "line \(line.id): in \(other?.bundle ?? "") and \(membership.bundle) "
            + "on \(calendarDay(twice))")
      }
      current.formUnion(days)
      if days.contains(lastActiveDay) { bundle = membership.bundle }
    }
    guard let bundle else { return nil }
    // The line itself counts in it, so a bundle without a size was left out of the input.
    guard let size = sizes[bundle] else {
      throw ParkingReason(.unreadableInput, "line \(line.id): bundle \(bundle) has no size")
    }
    return size
  }

  /// The discounts that apply, in the catalog's order, each once with the active days that any of
  /// its entitlements covers.
  private func findDiscounts(
    of line: LineInput, inBundle: Bool, in draft: inout StatementDraft
  ) throws(ParkingReason) {
    draft.applied.removeAll(keepingCapacity: true)
    for entitlement in line.discounts.ordered(by: { $0.code < $1.code }) {
      let covered = draft.activeDays.intersection(DaysOfMonth(of: entitlement, in: period))
      guard !covered.isEmpty else { continue }
      guard let position = discountPositions[entitlement.code] else {
        throw ParkingReason(.unknownDiscount, "line \(line.id): \(unknown(entitlement.code))")
      }
      if case .bundle = catalog.discounts[position].kind { continue }
      if let last = draft.applied.indices.last, draft.applied[last].discount == position {
        draft.applied[last].covered.formUnion(covered)
      } else {
        draft.applied.append(StatementDraft.Applied(discount: position, covered: covered))
      }
    }
    if inBundle, let bundleDiscount {
      draft.applied.append(StatementDraft.Applied(discount: bundleDiscount, covered: .none))
    }
    if draft.applied.count > 1 { draft.applied.sort { $0.discount < $1.discount } }
  }

  /// What the discount would take off if its basis and its cap allowed it.
  private func value(
    of discount: Discount, basis: Int64, covered: DaysOfMonth, activeDays: Int, bundleSize: Int
  ) -> (Int128, DiscountSource) {
    switch discount.kind {
    case .rate(let rate):
      let wanted = Arithmetic.floored(basis, times: rate, days: covered.count, of: activeDays)
      return (wanted, .rate(rate, days: covered, activeDays: activeDays))
    case .amount(let amount):
      let wanted = Arithmetic.prorated(amount, days: covered.count, of: daysInMonth)
      return (Int128(wanted), .amount(amount, days: covered, daysInMonth: daysInMonth))
    case .bundle(let tiers):
      let amount = tiers.last { $0.lines <= bundleSize }?.amount ?? 0
      return (Int128(amount), .bundle(lines: bundleSize, amount: amount))
    }
  }
}

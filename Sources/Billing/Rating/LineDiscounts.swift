/// What is taken off one line.
extension Rater {
  /// Applies the line's discounts in the catalog's order, each to what earlier ones have left.
  ///
  /// Rates and amounts apply where an entitlement covers the day. A bundle's discount needs none:
  /// the membership is the entitlement.
  func discount(
    _ line: LineInput, on day: CalendarDay, bundleSizes: BundleSizes,
    amounts: inout CategoryAmounts, into draft: inout StatementDraft
  ) throws(ParkingReason) {
    let bundleSize = try bundleSize(of: line, on: day, in: bundleSizes)
    try findDiscounts(
      of: line, on: day, inBundle: bundleSize != nil, into: &draft.discountPositions)
    var before = -1
    for position in draft.discountPositions where position != before {
      before = position
      let discount = catalog.discounts[position]
      let basis = try amounts.sum(of: discount.basis)
      let (wanted, rule) = value(of: discount, basis: basis, bundleSize: bundleSize ?? 0)
      let limit = discount.cap.map { min($0, basis) } ?? basis
      guard limit > 0, wanted > 0 else { continue }
      let amount = Int64(min(wanted, Int128(limit)))
      amounts.take(amount, from: discount.basis)
      try draft.discounts.add(amount)
      draft.lines.append(
        StatementLine(
          line: line.id, name: discount.name, amount: -amount,
          source: .discount(code: discount.code, rule: rule, basis: basis, cap: discount.cap)))
    }
  }

  /// The size of the one bundle that the line is in on that day; `nil` for a line in none.
  private func bundleSize(
    of line: LineInput, on day: CalendarDay, in sizes: BundleSizes
  ) throws(ParkingReason) -> Int? {
    var bundle: String?
    for membership in line.bundles where membership.covers(day) {
      if let bundle, bundle != membership.bundle {
        let both = [bundle, membership.bundle].sorted()
        throw ParkingReason(
          .twoBundles, "line \(line.id): in \(both[0]) and \(both[1]) on \(day)")
      }
      bundle = membership.bundle
    }
    guard let bundle else { return nil }
    // The line itself counts in it, so a bundle without a size was left out of the input.
    guard let size = sizes[bundle] else {
      throw ParkingReason(.unreadableInput, "line \(line.id): bundle \(bundle) has no size")
    }
    return size
  }

  /// The positions of the discounts that apply, ascending, one perhaps several times.
  private func findDiscounts(
    of line: LineInput, on day: CalendarDay, inBundle: Bool, into positions: inout [Int]
  ) throws(ParkingReason) {
    positions.removeAll(keepingCapacity: true)
    let inOrder = line.discounts.ordered { $0.code < $1.code }
    for entitlement in inOrder where entitlement.covers(day) {
      guard let position = discountPositions[entitlement.code] else {
        throw ParkingReason(.unknownDiscount, "line \(line.id): \(unknown(entitlement.code))")
      }
      if case .bundle = catalog.discounts[position].kind { continue }
      positions.append(position)
    }
    if inBundle { positions.append(contentsOf: bundleDiscounts) }
    positions.sort()
  }

  /// What the discount would take off if its basis and its cap allowed it.
  private func value(
    of discount: Discount, basis: Int64, bundleSize: Int
  ) -> (Int128, DiscountSource) {
    switch discount.kind {
    case .rate(let rate):
      return (Arithmetic.floored(basis, times: rate), .rate(rate))
    case .amount(let amount):
      return (Int128(amount), .amount(amount))
    case .bundle(let tiers):
      let amount = tiers.last { $0.lines <= bundleSize }?.amount ?? 0
      return (Int128(amount), .bundle(lines: bundleSize, amount: amount))
    }
  }
}

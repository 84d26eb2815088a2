package import Billing

/// How deliveries are looked through for an operator: state after state where an index lists each,
/// else all states at once; in them month after month; in a month by key.
package struct DeliverySearch: Sendable {
  /// The next month after one, or the first of all, in which there are deliveries of a state, or of
  /// any.
  package typealias MonthAfter = (BillingMonth?, DeliveryState?) throws -> BillingMonth?

  private let query: DeliveryQuery
  /// `nil`: all states at once.
  private let lanes: [DeliveryState?]

  package init(_ query: DeliveryQuery) {
    self.query = query
    let isListed = query.customer == nil && query.states.isSubset(of: DeliveryQuery.setAside)
    lanes = isListed ? query.states.sorted { $0.code < $1.code } : [nil]
  }

  /// - Parameters:
  ///   - cursor: where the page before said to go on; `nil` for the first one.
  ///   - rows: reads the next deliveries behind a place by key, at most `limit`.
  package func page(
    from cursor: DeliveryCursor?, limit: Int, at now: Timestamp,
    rows: (DeliveryCursor) throws -> [FoundDelivery], monthAfter: MonthAfter
  ) throws -> FoundPage {
    guard let place = try cursor ?? first(of: lanes[...], monthAfter) else {
      return FoundPage(deliveries: [], next: nil, now: now)
    }
    let rows = try rows(place)
    var next: DeliveryCursor?
    if let last = rows.last, rows.count == limit {
      next = DeliveryCursor(state: place.state, month: place.month, after: last.key)
    } else {
      next = try following(place, monthAfter)
    }
    return FoundPage(
      deliveries: rows.filter { query.matches($0, at: now) }, next: next, now: now)
  }

  private func first(
    of lanes: ArraySlice<DeliveryState?>, _ monthAfter: MonthAfter
  ) throws -> DeliveryCursor? {
    for lane in lanes {
      if let month = try query.month ?? monthAfter(nil, lane) {
        return DeliveryCursor(state: lane, month: month, after: nil)
      }
    }
    return nil
  }

  /// The next month, or the first of the next state.
  private func following(
    _ place: DeliveryCursor, _ monthAfter: MonthAfter
  ) throws -> DeliveryCursor? {
    if query.month == nil, let month = try monthAfter(place.month, place.state) {
      return DeliveryCursor(state: place.state, month: month, after: nil)
    }
    guard let position = lanes.firstIndex(of: place.state) else { return nil }
    return try first(of: lanes[(position + 1)...], monthAfter)
  }
}

import Billing
import Importing
import Testing

// What a ledger refuses, row by row.
extension InputLedgerConformance {
  /// Rows of customers and lines that are not there are refused, each by itself.
  package func unknownReferencesAreRefused() async throws {
    try await recordTwoCustomers()
    let nobody = CustomerID(9)
    let noLine = LineID(99)
    let batches: [(InputBatch, LedgerRefusal)] = [
      (
        .segments([rows.segment(line: 11, customer: 1), rows.segment(line: 99, customer: 9)]),
        .unknownCustomer(nobody)
      ),
      (
        .addOns([rows.entitlement(line: 10, "A"), rows.entitlement(line: 99, "A")]),
        .unknownLine(noLine)
      ),
      (
        .discounts([rows.entitlement(line: 10, "D"), rows.entitlement(line: 99, "D")]),
        .unknownLine(noLine)
      ),
      (.bundles([rows.member("B", line: 10), rows.member("B", line: 99)]), .unknownLine(noLine)),
      (.usage([rows.usage(line: 10, "1"), rows.usage(line: 99, "1")]), .unknownLine(noLine)),
      (
        .charges([rows.charge("C", customer: 1), rows.charge("E", customer: 9)]),
        .unknownCustomer(nobody)
      ),
    ]
    for (batch, reason) in batches {
      let recorded = try await record(batch)
      #expect(recorded.result.counts == InputCounts(new: 1))
      #expect(recorded.result.refusals == [RowRefusal(row: 1, reason: reason)])
    }
    #expect(try await probe.rows(.addOns, asOf: 100).count == 1)
  }

  /// A line and a charge belong to one customer for good.
  package func ownersAreForGood() async throws {
    try await recordTwoCustomers()
    try await record(.charges([rows.charge("C", customer: 1)]))
    let line = try await record(
      .segments([rows.segment(line: 10, customer: 2, from: InputSamples.from.advanced(by: 9))]))
    #expect(
      line.result.refusals == [RowRefusal(row: 0, reason: .lineOfAnotherCustomer(LineID(10)))])
    let charge = try await record(.charges([rows.charge("C", customer: 2)]))
    #expect(charge.result.refusals == [RowRefusal(row: 0, reason: .chargeOfAnotherCustomer)])
    #expect(line.outcome == .unchanged)
    #expect(charge.outcome == .unchanged)
    // Within one transaction too.
    let both = try await record(
      .segments([rows.segment(line: 30, customer: 1), rows.segment(line: 30, customer: 2)]),
      .charges([rows.charge("N", customer: 1), rows.charge("N", customer: 2)]))
    #expect(both.result.counts == InputCounts(new: 2))
    #expect(both.result.refusals.count == 2)
  }

  /// A key that is stated twice with different content is refused the second time, whether the first
  /// time was new, a change, or what was there already; in a batch or in two.
  package func statedTwiceIsRefused() async throws {
    try await recordTwoCustomers()
    let twice = [RowRefusal(row: 1, reason: .statedTwice)]
    let (p, q, r) = (
      rows.segment(line: 10, customer: 1), rows.segment(line: 10, customer: 1, plan: "Q"),
      rows.segment(line: 10, customer: 1, plan: "R")
    )
    let unchangedFirst = try await record(.segments([p, q]))
    #expect(unchangedFirst.result.refusals == twice)
    #expect(unchangedFirst.outcome == .unchanged)
    let changedFirst = try await record(.segments([q, r]))
    #expect(changedFirst.result.refusals == twice)
    #expect(try await probe.rows(.segments, asOf: 2).first == "1|10|2026-01-01|Q|")
    let newFirst = try await record(
      .usage([rows.usage(line: 10, "1")]), .usage([rows.usage(line: 10, "2")]))
    #expect(newFirst.result.refusals == [RowRefusal(row: 0, reason: .statedTwice)])
    #expect(try await probe.rows(.usage, asOf: 3) == ["2026-10|1|10|data_mb|1"])
  }

  /// So is the same row a second time, new or recorded long ago, in a batch or in two: a source that
  /// says a thing twice is to be asked whether it means one or two.
  package func repeatedRowIsRefused() async throws {
    let twice = [RowRefusal(row: 1, reason: .statedTwice)]
    let recorded = try await record(.customers([rows.customer(1), rows.customer(1)]))
    #expect(recorded.result == BatchOutcome(counts: InputCounts(new: 1), refusals: twice))
    let again = try await record(.customers([rows.customer(1), rows.customer(1)]))
    #expect(again.result == BatchOutcome(counts: InputCounts(unchanged: 1), refusals: twice))
    let charge = rows.charge("C", customer: 1)
    for counts in [InputCounts(new: 1), InputCounts(unchanged: 1)] {
      let inTwo = try await record(.charges([charge]), .charges([charge]))
      #expect(
        inTwo.result
          == BatchOutcome(counts: counts, refusals: [RowRefusal(row: 0, reason: .statedTwice)]))
    }
    #expect(try await probe.rows(.charges, asOf: 100).count == 1)
  }

  /// A catalog's text is recorded once; another text under its version is refused.
  package func catalogsAreImmutable() async throws {
    func record(_ text: String, version: String) async throws -> RecordedInputs<BatchOutcome> {
      let catalog = CatalogText(
        version: version, effectiveFrom: InputSamples.month, currency: Currency(code: "KRW")!,
        text: text)
      return try await ledger.recordInputs(source: "conformance") { writer in
        .keep(try writer.record(catalog: catalog))
      }
    }
    #expect(try await record("a", version: "1").outcome == .recorded(number: 1))
    #expect(try await record("a", version: "1").outcome == .unchanged)
    let other = try await record("b", version: "1")
    #expect(other.outcome == .unchanged)
    #expect(
      other.result.refusals == [RowRefusal(row: 0, reason: .catalogDiffers(version: "1"))])
    #expect(try await record("b", version: "2").outcome == .recorded(number: 2))
  }
}

/// Rows to record.
package struct InputSamples: Sendable {
  static let month = BillingMonth(year: 2026, month: 10)!
  static let from = CalendarDay(year: 2026, month: 1, day: 1)!
  private static let seal = ContactSeal(keyID: 1, secret: [UInt8](repeating: 7, count: 32))!

  func customer(
    _ id: Int64, _ change: (inout Customer) -> Void = { _ in }
  ) -> SealedCustomer {
    var customer = Customer(
      id: CustomerID(id), name: "뮒별", email: "c\(id)@example.com", phone: "01012345678",
      sendDay: 25, quietSlots: QuietSlots(mask: 6)!, timeZone: "Asia/Seoul", locale: .korean,
      channels: [.email, .sms], status: .active,
      activatedOn: CalendarDay(year: 2020, month: 2, day: 29)!, terminatedOn: nil)
    change(&customer)
    return SealedCustomer(customer, seal: Self.seal)
  }

  func segment(
    line: Int64, customer: Int64, plan: String = "P", from: CalendarDay = Self.from,
    to: CalendarDay? = nil
  ) -> SegmentRow {
    SegmentRow(
      line: LineID(line), customer: CustomerID(customer),
      segment: PlanSegment(planCode: plan, activeFrom: from, activeTo: to))
  }

  func entitlement(line: Int64, _ code: String) -> EntitlementRow {
    EntitlementRow(
      line: LineID(line),
      entitlement: Entitlement(code: code, activeFrom: Self.from, activeTo: nil))
  }

  func member(_ bundle: String, line: Int64) -> BundleRow {
    BundleRow(
      line: LineID(line),
      membership: BundleMembership(bundle: bundle, activeFrom: Self.from, activeTo: nil))
  }

  func usage(line: Int64, _ quantity: String) -> UsageRow {
    UsageRow(
      line: LineID(line), month: Self.month,
      usage: UsageQuantity(metric: "data_mb", quantity: FixedDecimal(quantity)!))
  }

  func charge(_ id: String, customer: Int64, amount: Int64 = -500) -> ChargeRow {
    ChargeRow(
      customer: CustomerID(customer),
      charge: OneOffCharge(
        id: id, chargedOn: Self.month.firstDay.advanced(by: 4), category: "refund",
        description: "환불", amount: amount, taxable: true))
  }
}

import Billing
import Testing

/// What parks a customer, and what does not because the month does not depend on it.
@Suite("Parking")
struct ParkingTests {
  private let catalog = RatingFixture.october.catalog
  private let month = RatingFixture.october.month

  @Test(
    "A segment on an unknown plan parks the customer, outside the month or withdrawn it does not")
  func unknownPlan() throws {
    #expect(
      reason(line("GONE", "2026-10-31", nil))
        == ParkingReason(.unknownPlan, "line 1: GONE is not in catalog 2026-10"))
    for (from, to) in [
      ("2026-09-01", "2026-10-01"), ("2026-11-01", nil), ("2026-10-05", "2026-10-05"),
    ] {
      #expect(reason(line("GONE", from, to)) == nil)
    }
  }

  @Test("Two segments on one day of the month park the customer, on a day before it they do not")
  func overlappingSegments() {
    var now = line("LTE-33", "2026-01-01", "2026-10-08")
    now.segments.append(segment("STANDARD", "2026-10-07", nil))
    #expect(
      reason(now) == ParkingReason(.overlappingSegments, "line 1: two segments on 2026-10-07"))

    var nested = line("LTE-33", "2026-01-01", nil)
    nested.segments.append(segment("STANDARD", "2026-02-01", "2026-03-01"))
    #expect(reason(nested) == nil)
    nested.segments.append(segment("STANDARD", "2026-10-31", "2026-11-01"))
    #expect(reason(nested)?.code == .overlappingSegments)

    var touching = line("LTE-33", "2026-01-01", "2026-10-08")
    touching.segments.append(segment("STANDARD", "2026-10-08", nil))
    #expect(reason(touching) == nil)
  }

  @Test("An unknown add-on parks the customer where it has a day to charge")
  func unknownAddOn() {
    var line = line("LTE-33", "2026-10-10", nil)
    line.addOns = [entitlement("GONE", "2026-10-01", "2026-10-10")]
    #expect(reason(line) == nil)
    line.addOns = [entitlement("GONE", "2026-10-01", "2026-10-11")]
    #expect(
      reason(line) == ParkingReason(.unknownAddOn, "line 1: GONE is not in catalog 2026-10"))
  }

  @Test("An unknown discount parks the customer where its entitlement covers an active day")
  func unknownDiscount() {
    var line = line("LTE-33", "2026-10-10", "2026-10-20")
    for (from, to) in [
      ("2026-10-01", "2026-10-10"), ("2026-10-20", nil), ("2026-10-15", "2026-10-15"),
    ] {
      line.discounts = [entitlement("GONE", from, to)]
      #expect(reason(line) == nil, "\(from)")
    }
    for (from, to) in [("2026-10-01", "2026-10-11"), ("2026-10-19", nil)] {
      line.discounts = [entitlement("GONE", from, to)]
      #expect(
        reason(line) == ParkingReason(.unknownDiscount, "line 1: GONE is not in catalog 2026-10"))
    }
  }

  @Test("A line in two bundles on one active day, the last or not, parks its customer")
  func twoBundles() {
    var line = line("LTE-33", "2026-01-01", "2026-10-26")
    func membership(_ bundle: String, _ from: String, _ to: String?) -> BundleMembership {
      BundleMembership(bundle: bundle, activeFrom: day(from), activeTo: to.map(day))
    }
    let later = membership("B1", "2026-10-15", nil)
    // One after the other, and both after the line's end.
    line.bundles = [membership("B2", "2026-01-01", "2026-10-15"), later]
    #expect(reason(line) == nil)
    line.bundles = [membership("B2", "2026-10-26", nil), later]
    #expect(reason(line) == nil)
    line.bundles = [membership("B2", "2026-01-01", "2026-10-16"), later]
    #expect(reason(line) == ParkingReason(.twoBundles, "line 1: in B1 and B2 on 2026-10-15"))
    line.bundles.reverse()
    #expect(reason(line) == ParkingReason(.twoBundles, "line 1: in B1 and B2 on 2026-10-15"))
    line.bundles = [membership("B2", "2026-10-25", nil), later]
    #expect(reason(line) == ParkingReason(.twoBundles, "line 1: in B1 and B2 on 2026-10-25"))
    // Twice in the same bundle is once.
    line.bundles = [membership("B1", "2026-10-01", nil), later]
    #expect(reason(line) == nil)
  }

  @Test("A line in two bundles still counts in both")
  func countsInBoth() {
    let segments = [segment("LTE-33", "2026-01-01", nil)]
    func member(_ bundle: String, _ line: Int64) -> BundleMember {
      BundleMember(
        membership: BundleMembership(bundle: bundle, activeFrom: day("2026-10-31"), activeTo: nil),
        line: LineID(line), segments: segments)
    }
    let sizes = BundleSizes(
      members: [member("B1", 1), member("B1", 2), member("B2", 1), member("B2", 3)], month: month)
    #expect(sizes["B1"] == 2 && sizes["B2"] == 2)
  }

  @Test("A bundle whose size was not given parks instead of billing without the discount")
  func missingSize() {
    var line = line("LTE-33", "2026-01-01", nil)
    line.bundles = [
      BundleMembership(bundle: "B1", activeFrom: day("2026-01-01"), activeTo: nil)
    ]
    #expect(reason(line, sizes: BundleSizes())?.code == .unreadableInput)
  }

  @Test("A sum beyond 64 bits, or a total beyond its limit, parks the customer")
  func overflow() {
    var catalog = catalog
    catalog.plans["LTE-33"]!.monthlyFee = Rater.maximumTotal
    let line = line("LTE-33", "2026-01-01", nil)
    #expect(reason(line, in: catalog) == nil)
    #expect(reason(line, charges: [1], in: catalog)?.code == .overflow)
    #expect(reason(line, charges: [-1], in: catalog) == nil)
    #expect(reason(line, charges: [-2 * Rater.maximumTotal - 1], in: catalog)?.code == .overflow)
    catalog.plans["LTE-33"]!.monthlyFee = .max
    #expect(reason(line, charges: [1], in: catalog)?.code == .overflow)
    #expect(reason(line, charges: [.max, 1])?.code == .overflow)
    #expect(reason(line, charges: [.min, -33_001])?.code == .overflow)

    var usage = line
    usage.usage = [UsageQuantity(metric: "sms", quantity: FixedDecimal("999999999999999999")!)]
    #expect(reason(usage)?.code == .overflow)  // at 22 won each
    // Capped, it is an amount like others, however large it was before.
    catalog.plans["LTE-33"]!.monthlyFee = 0
    catalog.plans["LTE-33"]!.overage["sms"] = OverageRule(
      rate: FixedDecimal("999999999999999999")!, cap: 50_000)
    #expect(reason(usage, in: catalog) == nil)
  }

  @Test("A line that takes no part in the month parks nobody")
  func absentLine() {
    var line = line("GONE", "2025-01-01", "2026-01-01")
    line.segments.append(segment("GONE", "2025-06-01", "2026-02-01"))
    line.addOns = [entitlement("GONE", "2025-01-01", nil)]
    line.discounts = [entitlement("GONE", "2025-01-01", nil)]
    line.bundles = ["B1", "B2"].map {
      BundleMembership(bundle: $0, activeFrom: day("2025-01-01"), activeTo: nil)
    }
    #expect(reason(line) == nil)
  }

  private func reason(
    _ line: LineInput, charges: [Int64] = [], in other: Catalog? = nil, sizes: BundleSizes? = nil
  ) -> ParkingReason? {
    let members = line.bundles.map {
      BundleMember(membership: $0, line: line.id, segments: line.segments)
    }
    let input = RatingInput(
      customer: CustomerID(1), name: "홍길동", locale: .korean, lines: [line],
      charges: charges.enumerated().map { position, amount in
        OneOffCharge(
          id: "CH\(position)", chargedOn: day("2026-10-01"), category: "fee", description: "Fee",
          amount: amount, taxable: false)
      })
    do throws(ParkingReason) {
      _ = try Rater(catalog: other ?? catalog, month: month).statement(
        for: input, version: 1, bundleSizes: sizes ?? BundleSizes(members: members, month: month))
      return nil
    } catch {
      return error
    }
  }

  private func day(_ text: String) -> CalendarDay { CalendarDay(text)! }

  private func line(_ plan: String, _ from: String, _ to: String?) -> LineInput {
    LineInput(id: LineID(1), segments: [segment(plan, from, to)])
  }

  private func segment(_ plan: String, _ from: String, _ to: String?) -> PlanSegment {
    PlanSegment(planCode: plan, activeFrom: day(from), activeTo: to.map(day))
  }

  private func entitlement(_ code: String, _ from: String, _ to: String?) -> Entitlement {
    Entitlement(code: code, activeFrom: day(from), activeTo: to.map(day))
  }
}

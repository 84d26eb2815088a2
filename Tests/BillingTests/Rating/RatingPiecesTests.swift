import Billing
import Testing

/// What becomes of a bill when a month comes in pieces, over seeded customers of one line; a
/// failure names its seed.
@Suite("Laws of a month in pieces")
struct RatingPiecesTests {
  private static let seeds: Range<UInt64> = 0..<1500
  private static let month = RandomRating.month
  private static let days = month.dayCount

  @Test("A month in pieces of one plan is billed byte for byte like the whole")
  func piecesOfOnePlan() throws {
    for seed in Self.seeds {
      var random = SeededRandom(seed: seed)
      let whole = Self.oneLine(seed: seed, plans: ["P1"], &random)
      var pieces = whole
      let line = whole.input.lines[0]
      pieces.input.lines[0].segments = Self.cut(line.segments, &random) { segment, from, to in
        PlanSegment(planCode: segment.planCode, activeFrom: from, activeTo: to)
      }
      pieces.input.lines[0].addOns = Self.cut(line.addOns, &random) { entitlement, from, to in
        Entitlement(code: entitlement.code, activeFrom: from, activeTo: to)
      }
      pieces.input.lines[0].discounts = Self.cut(line.discounts, &random) { entitlement, from, to in
        Entitlement(code: entitlement.code, activeFrom: from, activeTo: to)
      }
      #expect(pieces.input.lines[0].segments.count > line.segments.count)
      let (one, many) = (try whole.statement(), try pieces.statement())
      #expect(StatementCodec.encode(one) == StatementCodec.encode(many), "seed \(seed)")
    }
  }

  @Test("Gaps never make a plan or an add-on dearer, and plans of one price cost like one of them")
  func fees() throws {
    for seed in Self.seeds {
      var random = SeededRandom(seed: seed)
      let whole = Self.oneLine(seed: seed, plans: ["P1"], &random)
      let fee = whole.catalog.plans["P1"]!.monthlyFee
      let full = try fees(whole.statement())
      #expect(full.plan == fee, "seed \(seed)")

      var gap = whole
      let middle = Self.month.firstDay.advanced(by: .random(in: 1..<Self.days, using: &random))
      gap.input.lines[0].segments[0].activeTo = middle
      let cut = try fees(gap.statement())
      #expect(cut.plan <= full.plan && cut.addOn <= full.addOn, "seed \(seed)")

      var several = Self.oneLine(seed: seed, plans: ["P1", "P2", "P3"], &random)
      for code in ["P2", "P3"] { several.catalog.plans[code]!.monthlyFee = fee }
      let sum = try fees(several.statement())
      #expect(sum.plan <= fee && fee - sum.plan < 3, "seed \(seed)")
      #expect(sum.addOn == full.addOn, "seed \(seed)")
    }
  }

  @Test("Plans of the same terms charge together what one of them would, less than one unit a plan")
  func spreadUsage() throws {
    var charged = 0
    for seed in Self.seeds {
      var random = SeededRandom(seed: seed)
      let one = Self.oneLine(seed: seed, plans: ["P1"], &random)
      var several = Self.oneLine(seed: seed, plans: ["P1", "P2", "P3"], &random)
      for code in ["P2", "P3"] {
        several.catalog.plans[code]!.allowances = several.catalog.plans["P1"]!.allowances
        several.catalog.plans[code]!.overage = several.catalog.plans["P1"]!.overage
      }
      let (whole, parts) = (overage(try one.statement()), overage(try several.statement()))
      for (metric, amount) in whole {
        let sum = parts[metric] ?? 0
        #expect(sum <= amount && amount - sum < 3, "seed \(seed), \(metric)")
        charged += 1
      }
      #expect(Set(parts.keys).isSubset(of: whole.keys), "seed \(seed)")
    }
    #expect(charged > 500)
  }

  @Test("A plan changed on the last day neither wipes out a month's overage nor reprices it")
  func lastDay() throws {
    var charged = 0
    for seed in Self.seeds {
      var random = SeededRandom(seed: seed)
      let whole = Self.oneLine(seed: seed, plans: ["P1"], &random)
      var changed = whole
      let last = Self.month.next.firstDay.advanced(by: -1)
      changed.input.lines[0].segments[0].activeTo = last
      changed.input.lines[0].segments.append(
        PlanSegment(planCode: "P2", activeFrom: last, activeTo: nil))
      let before = overage(try whole.statement(), of: "P1")
      let after = overage(try changed.statement(), of: "P1")
      let days = Int64(Self.days)
      for (metric, amount) in before {
        let share = after[metric] ?? 0
        // Both are cut down once: within one unit of 28 of the 29 days' part.
        #expect(share <= (amount + 1) * (days - 1) / days, "seed \(seed), \(metric)")
        #expect(share + 1 >= amount * (days - 1) / days, "seed \(seed), \(metric)")
        charged += 1
      }
    }
    #expect(charged > 500)
  }

  @Test("A discount takes off no less for every day more, and no more than its part of the days")
  func discountDays() throws {
    for seed in Self.seeds {
      var random = SeededRandom(seed: seed)
      var customer = Self.oneLine(seed: seed, plans: ["P1"], &random)
      customer.input.charges = []
      let code = random.pick(["D1", "D2", "D4", "D5"])
      for position in customer.catalog.discounts.indices {
        customer.catalog.discounts[position].cap = nil
      }
      var before: Int64 = 0
      var byDays: [Int64] = []
      for first in (0..<Self.days).reversed() {
        customer.input.lines[0].discounts = [
          Entitlement(
            code: code, activeFrom: Self.month.firstDay.advanced(by: first), activeTo: nil)
        ]
        let discounts = try customer.statement().totals.discounts
        #expect(discounts >= before, "seed \(seed)")
        before = discounts
        byDays.append(discounts)
      }
      // An amount is held to its basis, and so is not in proportion where that is smaller.
      guard ["D1", "D4"].contains(code), let whole = byDays.last else { continue }
      for (position, discounts) in byDays.enumerated() {
        let part = Int64(position + 1)
        #expect(discounts <= (whole + 1) * part / Int64(Self.days), "seed \(seed), \(part) days")
        #expect(discounts + 1 >= whole * part / Int64(Self.days), "seed \(seed), \(part) days")
      }
    }
  }

  // MARK: Customers

  /// A customer with one line that is active all month, on plans that follow each other.
  private static func oneLine(
    seed: UInt64, plans: [String], _ random: inout SeededRandom
  ) -> RandomRating {
    var customer = RandomRating(seed: seed)
    customer.input.lines.removeLast(customer.input.lines.count - 1)
    customer.input.lines[0].bundles = []
    let cuts = Set((1..<plans.count).map { _ in Int.random(in: 1..<days, using: &random) })
    let starts = ([0] + cuts.sorted()).map(month.firstDay.advanced)
    customer.input.lines[0].segments = starts.indices.map { position in
      PlanSegment(
        planCode: plans[position], activeFrom: starts[position],
        activeTo: position + 1 < starts.count ? starts[position + 1] : month.next.firstDay)
    }
    return customer
  }

  /// Each span in up to three that touch, in any order.
  private static func cut<Span: ActiveSpan>(
    _ spans: [Span], _ random: inout SeededRandom,
    piece: (Span, CalendarDay, CalendarDay?) -> Span
  ) -> [Span] {
    var pieces: [Span] = []
    for span in spans {
      let end = span.activeTo ?? month.next.next.firstDay
      var from = span.activeFrom
      for _ in 0..<2 where from < end {
        let length = from.days(to: end)
        guard length > 1 else { break }
        let to = from.advanced(by: .random(in: 1..<length, using: &random))
        pieces.append(piece(span, from, to))
        from = to
      }
      pieces.append(piece(span, from, span.activeTo))
    }
    return pieces.shuffled(using: &random)
  }

  private func fees(_ statement: Statement) -> (plan: Int64, addOn: Int64) {
    var sums: (plan: Int64, addOn: Int64) = (0, 0)
    for line in statement.lines {
      switch line.source {
      case .plan: sums.plan += line.amount
      case .addOn: sums.addOn += line.amount
      default: continue
      }
    }
    return sums
  }

  /// By metric.
  private func overage(_ statement: Statement, of plan: String? = nil) -> [String: Int64] {
    var sums: [String: Int64] = [:]
    for line in statement.lines {
      guard case .usage(let usage) = line.source, plan == nil || usage.plan == plan else {
        continue
      }
      sums[usage.metric, default: 0] += line.amount
    }
    return sums
  }
}

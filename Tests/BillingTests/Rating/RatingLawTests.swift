import Billing
import Testing

/// Laws over seeded customers; a failure names its seed.
@Suite("Laws of rating")
struct RatingLawTests {
  private static let seeds: Range<UInt64> = 0..<1500

  @Test("Lines add up, discounts stay within basis and cap, the total is rounded down")
  func sums() throws {
    for seed in Self.seeds {
      let random = RandomRating(seed: seed)
      let statement = try random.statement()
      expectConsistent(statement, rounding: random.catalog.rounding.unit, "seed \(seed)")
    }
  }

  @Test("The seeded customers meet every kind of line and both signs of a total")
  func coverage() throws {
    var kinds: Set<String> = []
    for seed in Self.seeds {
      let statement = try RandomRating(seed: seed).statement()
      kinds.insert(statement.totals.total > 0 ? "positive" : "credit")
      for line in statement.lines {
        kinds.insert(String("\(line.source)".prefix { $0 != "(" }))
        if case .discount(_, let rule, _, _) = line.source {
          kinds.insert(String("\(rule)".prefix { $0 != "(" }))
        }
      }
    }
    #expect(
      kinds.isSuperset(of: [
        "plan", "addOn", "usage", "discount", "rate", "amount", "bundle", "oneOff", "tax",
        "rounding", "positive", "credit",
      ]), "\(kinds)")
  }

  @Test("No line is discounted below zero")
  func netOfALine() throws {
    for seed in Self.seeds {
      let statement = try RandomRating(seed: seed).statement()
      let byLine = Dictionary(grouping: statement.lines.filter { $0.line != nil }) { $0.line }
      for (line, lines) in byLine {
        #expect(lines.reduce(0) { $0 + $1.amount } >= 0, "seed \(seed), line \(line!)")
      }
    }
  }

  @Test("An inclusive tax is not added, an exclusive one is")
  func taxMode() throws {
    for seed in Self.seeds {
      let statement = try RandomRating(seed: seed).statement()
      let totals = statement.totals
      let added = statement.tax.mode == .exclusive ? totals.tax : 0
      #expect(
        totals.total == totals.charges - totals.discounts + added + totals.rounding,
        "seed \(seed)")
    }
  }

  @Test("The tax is the taxable sum's share, cut toward zero or rounded half away from it")
  func taxAmount() throws {
    for seed in Self.seeds {
      let statement = try RandomRating(seed: seed).statement()
      let tax = statement.totals.tax.magnitude
      let taxable = statement.tax.taxable.magnitude
      let share = UInt64(statement.tax.rate.coefficient)
      let one = UInt64(FixedDecimal.powerOfTen(statement.tax.rate.scale))
      switch statement.tax.mode {
      case .inclusive:
        #expect(tax * (one + share) <= taxable * share, "seed \(seed)")
        #expect(taxable * share < (tax + 1) * (one + share), "seed \(seed)")
      case .exclusive:
        #expect(2 * taxable * share < (2 * tax + 1) * one, "seed \(seed)")
        #expect((2 * tax) * one <= 2 * taxable * share + one, "seed \(seed)")
      }
      #expect(
        tax == 0 || statement.totals.tax.signum() == statement.tax.taxable.signum(),
        "seed \(seed)")
    }
  }

  @Test("More discounts never make a bill dearer")
  func discountsOnlyLower() throws {
    for seed in Self.seeds {
      let with = RandomRating(seed: seed)
      var without = with
      for position in without.input.lines.indices {
        without.input.lines[position].discounts = []
        without.input.lines[position].bundles = []
      }
      let (lower, higher) = (try with.statement().totals, try without.statement().totals)
      #expect(lower.charges == higher.charges && higher.discounts == 0, "seed \(seed)")
      #expect(lower.total <= higher.total, "seed \(seed)")
    }
  }
}

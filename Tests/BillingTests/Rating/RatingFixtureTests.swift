import Billing
import Testing

@Suite("The rating fixture")
struct RatingFixtureTests {
  private let fixture = RatingFixture.october

  @Test("Every customer's charges, discounts, tax, rounding and total are the expected ones")
  func totals() throws {
    let rater = Rater(catalog: fixture.catalog, month: RatingFixture.month)
    let sizes = fixture.bundleSizes
    var compared = 0
    for input in fixture.inputs {
      guard let expected = fixture.expected[input.customer] else { continue }
      let statement = try rater.statement(for: input, version: 1, bundleSizes: sizes)
      #expect(statement.totals == expected, "customer \(input.customer)")
      compared += 1
    }
    #expect(compared == fixture.expected.count)
    #expect(compared == 298)
  }

  @Test("Every statement's lines add up to its totals")
  func sums() throws {
    let rater = Rater(catalog: fixture.catalog, month: RatingFixture.month)
    let sizes = fixture.bundleSizes
    for input in fixture.inputs {
      let statement = try rater.statement(for: input, version: 1, bundleSizes: sizes)
      expectConsistent(statement, rounding: 10, "customer \(input.customer)")
    }
  }

  @Test("The order in which rows arrive does not change a statement")
  func order() throws {
    let rater = Rater(catalog: fixture.catalog, month: RatingFixture.month)
    let sizes = BundleSizes(members: fixture.members.reversed(), month: RatingFixture.month)
    #expect(sizes == fixture.bundleSizes)
    for input in fixture.inputs {
      var reversed = input
      reversed.lines.reverse()
      reversed.charges.reverse()
      for position in reversed.lines.indices {
        reversed.lines[position].segments.reverse()
        reversed.lines[position].addOns.reverse()
        reversed.lines[position].discounts.reverse()
        reversed.lines[position].usage.reverse()
        reversed.lines[position].bundles.reverse()
      }
      let one = try rater.statement(for: input, version: 1, bundleSizes: sizes)
      let other = try rater.statement(for: reversed, version: 1, bundleSizes: sizes)
      #expect(StatementCodec.encode(one) == StatementCodec.encode(other))
    }
  }

  @Test("A statement takes less than 1.5 KB of canonical bytes for ten lines")
  func size() throws {
    let rater = Rater(catalog: fixture.catalog, month: RatingFixture.month)
    let sizes = fixture.bundleSizes
    for input in fixture.inputs {
      let statement = try rater.statement(for: input, version: 1, bundleSizes: sizes)
      let bytes = StatementCodec.encode(statement)
      #expect(bytes.count < 400 + 110 * statement.lines.count)
    }
  }
}

/// The laws that hold for every statement, whatever its input.
func expectConsistent(
  _ statement: Statement, rounding unit: Int64, _ comment: Comment,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  func check(_ holds: Bool, _ law: String) {
    #expect(holds, "\(law), \(comment)", sourceLocation: sourceLocation)
  }
  var sums = StatementTotals(charges: 0, discounts: 0, tax: 0, rounding: 0, total: 0)
  for line in statement.lines {
    sums.total += line.amount
    switch line.source {
    case .plan, .addOn, .usage, .oneOff: sums.charges += line.amount
    case .discount(_, _, let basis, let cap):
      sums.discounts -= line.amount
      check(line.amount < 0, "a discount lowers")
      check(-line.amount <= basis, "a discount is held to its basis")
      check(-line.amount <= cap ?? .max, "a discount is held to its cap")
    case .tax: sums.tax += line.amount
    case .rounding: sums.rounding += line.amount
    }
  }
  // An inclusive tax is shown and has no line.
  if statement.tax.mode == .inclusive {
    check(sums.tax == 0, "no line for an inclusive tax")
    sums.tax = statement.totals.tax
  }
  check(sums == statement.totals, "the lines add up to the totals")
  let totals = statement.totals
  if totals.total - totals.rounding > 0 {
    check(totals.total % unit == 0, "a positive total is a multiple of the unit")
    check(totals.rounding <= 0 && -totals.rounding < unit, "the cut is below the unit")
  } else {
    check(totals.rounding == 0, "a credit is not rounded")
  }
}

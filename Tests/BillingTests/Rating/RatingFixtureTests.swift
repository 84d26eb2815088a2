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
      expectConsistent(statement, rounding: 10)
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
  _ statement: Statement, rounding unit: Int64, sourceLocation: SourceLocation = #_sourceLocation
) {
  var charges: Int64 = 0
  var discounts: Int64 = 0
  var tax: Int64 = 0
  var rounding: Int64 = 0
  for line in statement.lines {
    switch line.source {
    case .plan, .addOn, .usage, .oneOff: charges += line.amount
    case .discount(_, _, let basis, let cap):
      discounts -= line.amount
      #expect(line.amount < 0, sourceLocation: sourceLocation)
      #expect(-line.amount <= basis, sourceLocation: sourceLocation)
      #expect(-line.amount <= cap ?? .max, sourceLocation: sourceLocation)
    case .tax: tax += line.amount
    case .rounding: rounding += line.amount
    }
  }
  let totals = statement.totals
  let sum = statement.lines.reduce(0) { $0 + $1.amount }
  #expect(sum == totals.total, "lines add up", sourceLocation: sourceLocation)
  #expect(charges == totals.charges, sourceLocation: sourceLocation)
  #expect(discounts == totals.discounts, sourceLocation: sourceLocation)
  #expect(rounding == totals.rounding, sourceLocation: sourceLocation)
  #expect(
    tax == (statement.tax.mode == .exclusive ? totals.tax : 0), sourceLocation: sourceLocation)
  let unrounded = totals.total - totals.rounding
  if unrounded > 0 {
    #expect(totals.total % unit == 0 && totals.rounding <= 0, sourceLocation: sourceLocation)
    #expect(-totals.rounding < unit, sourceLocation: sourceLocation)
  } else {
    #expect(totals.rounding == 0, sourceLocation: sourceLocation)
  }
}

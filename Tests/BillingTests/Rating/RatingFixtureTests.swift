import Billing
import Testing

@Suite("The rating fixtures")
struct RatingFixtureTests {
  @Test(
    "Every customer's charges, discounts, tax, rounding and total are the expected ones",
    arguments: zip(RatingFixture.all, [296, 195, 13, 1]))
  func totals(fixture: RatingFixture, customers: Int) throws {
    #expect(fixture.expected.count == customers)
    var compared = 0
    for input in fixture.inputs {
      let statement = try statement(of: input, in: fixture)
      if let expected = fixture.expected[input.customer] {
        #expect(statement.totals == expected, "customer \(input.customer)")
        compared += 1
      } else {
        // Neither dates nor a charge make the month theirs.
        #expect(!input.isOfMonth && statement.lines.isEmpty, "customer \(input.customer)")
      }
    }
    #expect(compared == customers)
  }

  @Test("Every statement's lines add up to its totals", arguments: RatingFixture.all)
  func sums(fixture: RatingFixture) throws {
    for input in fixture.inputs {
      let statement = try statement(of: input, in: fixture)
      expectConsistent(statement, rounding: 10, "customer \(input.customer)")
    }
  }

  @Test("The order in which rows arrive does not change a statement", arguments: RatingFixture.all)
  func order(fixture: RatingFixture) throws {
    let sizes = BundleSizes(members: fixture.members.reversed(), month: fixture.month)
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
      let one = try statement(of: input, in: fixture)
      let other = try fixture.rater.statement(for: reversed, version: 1, bundleSizes: sizes)
      #expect(StatementCodec.encode(one) == StatementCodec.encode(other))
    }
  }

  @Test("A statement of ten lines takes less than 1 KB of canonical bytes")
  func size() throws {
    let fixture = RatingFixture.october
    var ofTenLines: [Int] = []
    for input in fixture.inputs {
      let statement = try statement(of: input, in: fixture)
      let bytes = StatementCodec.encode(statement).count
      if statement.lines.count == 10 { ofTenLines.append(bytes) }
      #expect(bytes < 260 + 90 * statement.lines.count, "customer \(input.customer)")
    }
    #expect(ofTenLines.count > 10)
    // Their descriptions are as long as somebody typed them.
    #expect(ofTenLines.reduce(0, +) / ofTenLines.count < 1000, "\(ofTenLines)")
  }

  @Test("The fixtures meet what the rules are about")
  func coverage() throws {
    var met: Set<String> = []
    for fixture in RatingFixture.all {
      for input in fixture.inputs {
        for line in try statement(of: input, in: fixture).lines {
          switch line.source {
          case .plan(_, let days, let all, _):
            if Array(days.spans).count > 1 { met.insert("a plan in pieces with a gap") }
            if days.count < all { met.insert("a plan for a part of the month") }
          case .addOn(_, let days, _, _):
            if Array(days.spans).count > 1 { met.insert("an add-on over a gap") }
          case .usage(let usage):
            if usage.days < usage.activeDays { met.insert("usage of several plans") }
            if usage.activeDays < usage.daysInMonth { met.insert("usage of a part of the month") }
            if usage.capOfDays == line.amount, usage.days < usage.daysInMonth {
              met.insert("a cap by days")
            }
          case .discount(_, .rate(_, let days, let all), _, _):
            if days.count < all { met.insert("a rate on some of the active days") }
          case .discount(_, .amount(_, let days, let all), _, _):
            if days.count < all { met.insert("an amount on some of the days") }
          case .discount(_, .bundle, _, _): met.insert("a bundle")
          case .oneOff: if !input.isOfMonth { met.insert("charges alone") }
          case .tax, .rounding: break
          }
        }
      }
    }
    #expect(met.count == 10, "\(met.sorted())")
  }

  private func statement(of input: RatingInput, in fixture: RatingFixture) throws -> Statement {
    try fixture.rater.statement(for: input, version: 1, bundleSizes: fixture.bundleSizes)
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

import BillingTestKit
import Foundation
import Testing

@Suite("What no settlement bills, as a user is told of it")
struct UnbilledTests {
  private func imported(_ fixture: String) async throws -> PlatformFolder {
    let platform = try await PlatformFolder()
    try await billing(
      "import", Fixture.folder("CommandTests/Fixtures/" + fixture), in: platform.folder,
      expecting: 0)
    return platform
  }

  private func settle(_ months: String..., in platform: PlatformFolder) async throws {
    for month in months {
      try await billing("settle", month, "--at", Self.later, in: platform.folder, expecting: 0)
    }
  }

  private static let later = "2026-12-05T00:00:00Z"

  /// Kind, month, metric, count and sum of each input listed.
  private func inputs(_ path: String, in json: String) throws -> [String] {
    let list = try #require(try value(path, in: json) as? [[String: Any]])
    return list.map { item in
      ["kind", "month", "metric", "count", "sum"].map { name in
        switch item[name] {
        case let text as String: text
        case let number as NSNumber: number.stringValue
        default: "-"
        }
      }.joined(separator: " ")
    }
  }

  @Test("charges dated in no settled month are listed by status, verify and explain")
  func charges() async throws {
    let platform = try await imported("found/charge-of-no-settled-month")
    let folder = platform.folder
    try await settle("2026-10", "2026-11", in: platform)
    let expected = ["chargeBeforeFirstMonth 2026-09 - 1 7700", "chargeAhead 2062-10 - 1 7700"]

    let status = try await billing("status", "--json", in: folder, expecting: 0).output
    // Nothing is rendered yet, and nothing of this is for verify to object to.
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 76).output
    for report in [status, proof] {
      #expect(try inputs("unbilledElsewhere.inputs", in: report) == expected)
      #expect(try number("unbilledElsewhere.charges", in: report) == 2)
      #expect(try number("unbilledElsewhere.sums.0.sum", in: report) == 15_400)
      #expect(try text("unbilledElsewhere.sums.0.currency", in: report) == "KRW")
    }
    let life = try await billing("explain", "customer", "1", "--json", in: folder, expecting: 0)
    #expect(try inputs("unbilled.inputs", in: life.output) == expected)
    #expect(try number("unbilled.charges", in: life.output) == 2)
    #expect(try number("unbilled.sums.0.sum", in: life.output) == 15_400)
    #expect(try text("unbilled.entries.0.charge", in: life.output) == "c1")
    #expect(try text("unbilled.entries.1.charge", in: life.output) == "c2")

    try await billing("render", "2026-10", in: folder, expecting: 0)
    for arguments in [["status"], ["verify", "2026-10"], ["explain", "customer", "1"]] {
      let english = try await BillingProcess(arguments, in: folder).ending()
      #expect(english.status == 0, "\(english.errors)")
      #expect(english.output.contains("Charges on no bill: 2, 15,400 KRW"))
      #expect(english.output.contains("before the first settled month (2026-09): 1, 7,700 KRW"))
      #expect(english.output.contains("→ Import them again"))
      let korean = try await BillingProcess(arguments + ["--locale", "ko"], in: folder).ending()
      #expect(korean.output.contains("어느 청구서에도 없는 일회성 요금: 2건, 15,400 KRW"))
    }
    // Only what is dated in the month.
    let october = try await billing(
      "explain", "customer", "1", "--month", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("unbilled.charges", in: october.output) == 0)
  }

  @Test("usage that prices nothing is listed as unbilled, and the run is not disturbed")
  func usage() async throws {
    let platform = try await imported("found/usage-that-prices-nothing")
    let folder = platform.folder
    try await settle("2026-10", in: platform)
    #expect(
      try await platform.export().dropFirst() == ["1,31000,0,2818,0,31000", "2,0,0,0,0,0"])
    let ofMonth = [
      "usageOfUnknownMetric 2026-10 data_mb 1 50", "usageWithoutActiveDays 2026-10 data_gb 1 50",
    ]
    let elsewhere = ["usageAhead 2062-10 data_gb 1 50"]
    let status = try await billing("status", "--json", in: folder, expecting: 0).output
    #expect(try inputs("months.0.unbilled.inputs", in: status) == ofMonth)
    #expect(try inputs("unbilledElsewhere.inputs", in: status) == elsewhere)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0).output
    #expect(try value("consistent", in: proof) as? Bool == true)
    #expect(try inputs("unbilled.inputs", in: proof) == ofMonth)
    #expect(try inputs("unbilledElsewhere.inputs", in: proof) == elsewhere)
    let first = try await billing("explain", "customer", "1", "--json", in: folder, expecting: 0)
    #expect(try inputs("unbilled.inputs", in: first.output) == [ofMonth[0], elsewhere[0]])
    #expect(try number("unbilled.entries.0.line", in: first.output) == 11)
    let second = try await billing("explain", "customer", "2", "--json", in: folder, expecting: 0)
    #expect(try inputs("unbilled.inputs", in: second.output) == [ofMonth[1]])
    let said = try await billing("status", in: folder, expecting: 0).output
    #expect(said.contains("Usage on no bill: 2\n"))
    #expect(said.contains("names nowhere (2026-10): 1, data_mb 50"))
  }

  @Test("a customer of no month whose line goes on is explained all the same")
  func outsider() async throws {
    let platform = try await PlatformFolder()
    let gone = SmallSet.customer(3).replacingOccurrences(
      of: "2025-01-01,\n", with: "2025-01-01,2026-09-15\n")
    _ = try await platform.importSet(
      files: SmallSet.files([
        "customers.csv": SmallSet.customerHeader + SmallSet.customer(1) + gone,
        "subscriptions.csv": SmallSet.lineHeader + SmallSet.line(11, of: 1)
          + SmallSet.line(31, of: 3),
      ]), expecting: 0)
    try await platform.settle()
    let status = try await billing("status", "--json", in: platform.folder, expecting: 0).output
    #expect(
      try inputs("months.0.unbilled.inputs", in: status) == ["lineOutsideCohort 2026-10 - 1 -"])
    let life = try await billing(
      "explain", "customer", "3", "--json", in: platform.folder, expecting: 0)
    #expect(try number("unbilled.entries.0.line", in: life.output) == 31)
    #expect(try number("unbilled.lines", in: life.output) == 1)
    try await billing("explain", "customer", "4", in: platform.folder, expecting: 65)
  }

  // MARK: Months that are due

  @Test("settle --due settles a month that was passed over, and names it until then")
  func gap() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    let at = ["--at", "2027-01-06T00:00:00Z"]
    // The ledger's time is simulated from here on, so that it is overdue by that.
    try await billing("dispatch", at[0], at[1], in: folder, expecting: 0)
    for month in ["2026-09", "2026-12"] {
      let ending = try await BillingProcess(["settle", month] + at, in: folder).ending()
      #expect(ending.status == 0, "\(ending.errors)")
      #expect(ending.output.contains("2026-10…2026-11") == (month == "2026-12"))
    }
    let status = try await billing("status", "--json", in: folder, expecting: 0).output
    #expect(try value("overdue", in: status) as? [String] == ["2026-10", "2026-11"])
    let due = try await BillingProcess(["settle", "--due", "--json"] + at, in: folder).ending()
    #expect(due.status == 0, "\(due.errors)")
    #expect(try text("0.month", in: due.output) == "2026-10")
    #expect(try text("1.month", in: due.output) == "2026-11")
    #expect(try value("2", in: due.output) == nil)
    #expect(try value("1.skippedMonths", in: due.output) as? [String] == [])
    let after = try await billing("status", "--json", in: folder, expecting: 0).output
    #expect(try value("overdue", in: after) as? [String] == [])
    #expect(try await platform.export("2026-11").count == 3)
  }

  // MARK: Currency

  @Test("status and verify keep to the currency of the catalog that a run is pinned to")
  func currency() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    let dollars = SmallSet.catalog(version: "usd").replacingOccurrences(of: "KRW", with: "USD")
    _ = try await platform.importSet(
      "usd",
      files: [
        "catalog.yaml": dollars,
        "charges.csv": SmallSet.chargeHeader + "CH1,1,2026-10-20,fee,late,700,false\n",
      ], expecting: 0)
    let status = try await billing("status", "--json", in: folder, expecting: 0).output
    #expect(try text("months.0.currency", in: status) == "KRW")
    #expect(try text("months.0.runs.0.currency", in: status) == "KRW")
    #expect(try text("months.0.unbilled.inputs.0.currency", in: status) == "KRW")
    let said = try await billing("status", in: folder, expecting: 0).output
    #expect(said.contains("62,000 KRW") && said.contains("700 KRW") && !said.contains("USD"))
    let proof = try await billing("verify", "2026-10", in: folder, expecting: 76).output
    #expect(proof.contains("700 KRW") && !proof.contains("USD"))

    try folder.write("1\n", to: "ids")
    let refused = try await platform.settle(
      "--correct", "--customers", "ids", "--reason", "dollars", expecting: 65)
    #expect(refused.errors.contains("2026-10 was settled in KRW, and catalog usd is in USD"))
    #expect(refused.errors.contains("effectiveFrom"))
    #expect(try await platform.export()[1].hasPrefix("1,31000,"))
  }
}

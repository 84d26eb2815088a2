import Billing
import BillingTestKit
import LedgerTestKit
import Runs
import Settlement
import Testing

/// Whatever no settlement bills by itself is on a list, with count and sum, until it is mended.
@Suite("Inputs that are on no bill")
struct UnbilledInputTests {
  private let month = SettlementBench.month

  private static let catalog = """
    version: "m1"
    effectiveFrom: "2026-01"
    currency: KRW
    timeZone: Asia/Seoul
    tax: { mode: inclusive, rate: "0.10", appliesTo: [plan, addOn, usage] }
    rounding: { unit: 10, mode: down }
    plans:
      - { code: SMALL, name: "Small", monthlyFee: 31000, allowances: { data_mb: 1000 } }
      - { code: LARGE, name: "Large", monthlyFee: 62000, overage: { sms: { rate: "10" } } }
    addOns: []
    discounts: []
    """

  private func bench(_ customers: Int, on kind: LedgerKind) async throws -> SettlementBench {
    let bench = try await SettlementBench(kind)
    try await bench.importing([
      "catalog.yaml": Self.catalog, "customers.csv": SettlementBench.customers(customers),
      "subscriptions.csv": SettlementBench.subscriptions(customers),
    ])
    return bench
  }

  private func customer(_ id: Int, _ activated: String, _ terminated: String) -> String {
    "\(id),Name \(id),c\(id)@example.com,,5,,Asia/Seoul,ko-KR,email,active,\(activated),\(terminated)"
  }

  /// Kind, month, metric, count and sum of each item.
  private func text(_ items: [UnbilledItem]) -> [String] {
    items.map { "\($0.kind) \($0.month) \($0.metric ?? "-") \($0.count) \($0.sum)" }
  }

  private func ofMonth(_ bench: SettlementBench) async throws -> [String] {
    try await checkEntries(bench)
    return text(try await bench.ledger.unbilled(of: month).items)
  }

  private func elsewhere(_ bench: SettlementBench, now: BillingMonth? = nil) async throws
    -> [String]
  {
    try await checkEntries(bench)
    return text(try await bench.ledger.unbilledElsewhere(asOf: now ?? month.next))
  }

  /// What is listed is what is listed of the customers, one by one.
  private func checkEntries(
    _ bench: SettlementBench, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    var entries: [UnbilledEntry] = []
    for customer in 1...12 {
      entries += try await bench.ledger.unbilled(
        of: CustomerID(Int64(customer)), asOf: month.next)
    }
    var items = try await bench.ledger.unbilledElsewhere(asOf: month.next)
    for run in try await bench.ledger.runs(of: nil)
    where run.key.kind == .regular && run.status == .completed {
      items += try await bench.ledger.unbilled(of: run.key.month).items
    }
    #expect(
      text([UnbilledItem](of: entries)) == text([UnbilledItem](summing: items)),
      sourceLocation: sourceLocation)
  }

  private func settle(_ month: BillingMonth, _ bench: SettlementBench, chunkSize: Int = 10)
    async throws
  {
    let end = ZoneRules("Asia/Seoul")!.start(of: month.next.firstDay)
    _ = try await bench.job(chunkSize: chunkSize).settle(month, asOf: end)
  }

  private func correct(_ bench: SettlementBench, _ customers: Int64...) async throws {
    _ = try await bench.job().correct(
      month, customers: customers.map { CustomerID($0) }, reason: "mended")
  }

  // MARK: Months that no settlement concerns

  @Test(arguments: LedgerKind.allCases)
  func `charges of months that were not settled are listed, those of the next month are not`(
    on kind: LedgerKind
  ) async throws {
    let bench = try await bench(2, on: kind)
    let december = month.next.next
    try await bench.importing([
      "charges.csv": """
      B1,1,2026-09-28,fee,Fee,7700,true
      B2,2,2020-01-01,fee,Fee,-700,false
      S1,1,2026-11-05,fee,Fee,100,true
      N1,1,2027-01-05,fee,Fee,100,true
      A1,1,2062-10-01,fee,Fee,7700,true
      Z1,1,2026-09-01,fee,Fee,0,true
      """
    ])
    #expect(try await elsewhere(bench).isEmpty)
    try await settle(month, bench)
    #expect(
      try await elsewhere(bench) == [
        "chargeBeforeFirstMonth 2020-01 - 1 -700", "chargeBeforeFirstMonth 2026-09 - 1 7700",
        "chargeAhead 2027-01 - 1 100", "chargeAhead 2062-10 - 1 7700",
      ])
    try await settle(december, bench)
    #expect(
      try await elsewhere(bench) == [
        "chargeBeforeFirstMonth 2020-01 - 1 -700", "chargeBeforeFirstMonth 2026-09 - 1 7700",
        "chargeOfSkippedMonth 2026-11 - 1 100", "chargeAhead 2062-10 - 1 7700",
      ])
    // The gap is settled after all, and what was to be billed early is dated anew.
    try await settle(month.next, bench)
    try await bench.importing([
      "charges.csv": "B1,1,2027-01-28,fee,Fee,7700,true\nA1,1,2062-10-01,fee,Fee,0,true"
    ])
    #expect(try await elsewhere(bench) == ["chargeBeforeFirstMonth 2020-01 - 1 -700"])
    #expect(try await bench.statement(1, month: month.next)?.totals.total == 31_100)
    #expect(try await bench.statement(1, month: december)?.totals.total == 31_000)
  }

  @Test(arguments: LedgerKind.allCases)
  func `usage of months that were not settled is listed by metric`(on kind: LedgerKind)
    async throws
  {
    let bench = try await bench(2, on: kind)
    try await bench.importing([
      "usage.csv": """
      1,2026-08,data_mb,1.5
      2,2026-08,data_mb,2.25
      1,2026-08,sms,3
      1,2026-10,data_mb,5
      1,2026-11,data_mb,7
      1,2026-12,data_mb,9
      2,2062-10,data_mb,50
      2,2062-11,data_mb,0
      """
    ])
    try await settle(month, bench)
    #expect(
      try await elsewhere(bench, now: month.next) == [
        "usageBeforeFirstMonth 2026-08 data_mb 2 3.75", "usageBeforeFirstMonth 2026-08 sms 1 3",
        "usageAhead 2026-12 data_mb 1 9", "usageAhead 2062-10 data_mb 1 50",
      ])
    try await settle(month.next.next, bench)
    #expect(
      try await elsewhere(bench) == [
        "usageBeforeFirstMonth 2026-08 data_mb 2 3.75", "usageBeforeFirstMonth 2026-08 sms 1 3",
        "usageOfSkippedMonth 2026-11 data_mb 1 7", "usageAhead 2062-10 data_mb 1 50",
      ])
    #expect(try await ofMonth(bench).isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func `sums are exact beyond 64 bits`(on kind: LedgerKind) async throws {
    let bench = try await bench(2, on: kind)
    let most = Int64.max
    try await settle(month, bench)
    try await bench.importing([
      "charges.csv": """
      B1,1,2026-09-28,fee,Fee,\(most),true
      B2,2,2026-09-28,fee,Fee,\(most),true
      L1,1,2026-10-28,fee,Fee,\(most),true
      L2,2,2026-10-28,fee,Fee,\(most),true
      """,
      "usage.csv": "1,2026-09,data_mb,999999999999999999\n2,2026-09,data_mb,999999999.999999999",
    ])
    #expect(
      try await elsewhere(bench) == [
        "chargeBeforeFirstMonth 2026-09 - 2 18446744073709551614",
        "usageBeforeFirstMonth 2026-09 data_mb 2 1000000000999999998.999999999",
      ])
    #expect(try await ofMonth(bench) == ["lateCharge 2026-10 - 2 18446744073709551614"])
  }

  @Test(arguments: LedgerKind.allCases)
  func `a late charge is not taken over into another currency`(on kind: LedgerKind) async throws {
    let bench = try await bench(2, on: kind)
    try await settle(month, bench)
    try await bench.importing(["charges.csv": "L1,1,2026-10-28,fee,Fee,5000,true"])
    #expect(try await ofMonth(bench) == ["lateCharge 2026-10 - 1 5000"])
    let dollars = Self.catalog.replacing("m1", with: "m2").replacing("2026-01", with: "2026-11")
      .replacing("KRW", with: "USD")
    try await bench.importing(["catalog.yaml": dollars])
    try await settle(month.next, bench)
    #expect(try await ofMonth(bench) == ["lateChargeInAnotherCurrency 2026-10 - 1 5000"])
    #expect(try await oneOffs(of: 1, in: month.next, bench) == [])
    // Back in its own, it is billed as ever.
    let won = Self.catalog.replacing("m1", with: "m3").replacing("2026-01", with: "2026-12")
    try await bench.importing(["catalog.yaml": won])
    try await settle(month.next.next, bench)
    #expect(try await ofMonth(bench).isEmpty)
    #expect(try await oneOffs(of: 1, in: month.next.next, bench) == [5000])
  }

  private func oneOffs(
    of customer: Int64, in month: BillingMonth, _ bench: SettlementBench
  ) async throws -> [Int64] {
    let statement = try #require(try await bench.statement(customer, month: month))
    return statement.lines.compactMap { line in
      if case .oneOff = line.source { line.amount } else { nil }
    }
  }

  // MARK: What rating prices by no rule

  @Test(arguments: LedgerKind.allCases)
  func `usage that nothing prices is listed until it is mended, and disturbs no bill`(
    on kind: LedgerKind
  ) async throws {
    let bench = try await bench(4, on: kind)
    try await bench.importing([
      "subscriptions.csv": "3,3,SMALL,2020-01-01,2026-10-01\n4,4,SMALL,2020-01-01,2020-01-01",
      "usage.csv": """
      1,2026-10,data_gb,1.5
      1,2026-10,data_mb,5
      1,2026-10,sms,5
      2,2026-10,data_gb,2
      2,2026-10,minutes,0
      3,2026-10,data_mb,50
      4,2026-10,data_gb,7
      """,
    ])
    try await settle(month, bench, chunkSize: 2)
    #expect(
      try await ofMonth(bench) == [
        "usageOfUnknownMetric 2026-10 data_gb 2 3.5", "usageWithoutActiveDays 2026-10 data_gb 1 7",
        "usageWithoutActiveDays 2026-10 data_mb 1 50",
      ])
    #expect(try await bench.manifest().map(\.total) == [31_000, 31_000, 0, 0])
    // Set to 0 it is gone at once; what is stated anew waits for the correction. What has active days
    // now is a late change like any other, and told of once.
    try await bench.importing([
      "usage.csv": "1,2026-10,data_gb,0\n2,2026-10,data_gb,3\n4,2026-10,data_gb,0",
      "subscriptions.csv": "3,3,SMALL,2020-01-01,2026-10-02",
    ])
    #expect(try await ofMonth(bench) == ["usageOfUnknownMetric 2026-10 data_gb 1 3"])
    #expect(try await bench.ledger.unbilled(of: month).changedCustomers == 4)
    try await correct(bench, 1, 2, 3, 4)
    #expect(try await ofMonth(bench) == ["usageOfUnknownMetric 2026-10 data_gb 1 3"])
    #expect(try await bench.ledger.unbilled(of: month).changedCustomers == 0)
    // A catalog that knows the metric, and a correction by it.
    try await bench.importing([
      "catalog.yaml": Self.catalog.replacing("m1", with: "m2").replacing("sms", with: "data_gb")
    ])
    try await correct(bench, 2)
    #expect(try await ofMonth(bench).isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func `late usage that nothing prices is listed by the correction that looked at it`(
    on kind: LedgerKind
  ) async throws {
    let bench = try await bench(2, on: kind)
    try await settle(month, bench)
    try await bench.importing(["usage.csv": "1,2026-10,data_gb,4"])
    #expect(try await bench.ledger.unbilled(of: month).changedCustomers == 1)
    try await correct(bench, 1)
    #expect(try await bench.statement(1, version: 2) == nil)
    #expect(try await ofMonth(bench) == ["usageOfUnknownMetric 2026-10 data_gb 1 4"])
    try await correct(bench, 1)
    #expect(try await ofMonth(bench) == ["usageOfUnknownMetric 2026-10 data_gb 1 4"])
  }

  // MARK: Customers outside the cohort

  @Test(arguments: LedgerKind.allCases)
  func `active lines and usage of customers whose dates do not reach the month are listed`(
    on kind: LedgerKind
  ) async throws {
    let bench = try await SettlementBench(kind)
    // Outside of the cohort: the lowest, one between two chunks, one within a chunk, the highest.
    let outside: Set = [1, 4, 7, 9]
    try await bench.importing([
      "catalog.yaml": Self.catalog,
      "customers.csv": (1...9).map {
        customer($0, "2020-01-01", outside.contains($0) ? "2026-09-30" : "")
      }.joined(separator: "\n"),
      "subscriptions.csv": SettlementBench.subscriptions(9),
      "usage.csv": "4,2026-10,data_mb,8\n9,2026-10,nowhere,2\n1,2026-10,data_mb,0",
    ])
    try await settle(month, bench, chunkSize: 2)
    #expect(try await bench.manifest().map(\.key.customer.number) == [2, 3, 5, 6, 8])
    let all = [
      "usageOutsideCohort 2026-10 data_mb 1 8", "usageOutsideCohort 2026-10 nowhere 1 2",
      "lineOutsideCohort 2026-10 - 4 0",
    ]
    #expect(try await ofMonth(bench) == all)
    // Others come later; whoever joins after the month was not active in it.
    try await bench.importing([
      "customers.csv": customer(10, "2020-01-01", "2026-10-01") + "\n"
        + customer(11, "2026-11-01", "") + "\n" + customer(12, "2026-11-01", ""),
      "subscriptions.csv":
        "10,10,SMALL,2020-01-01,\n11,11,SMALL,2026-11-01,\n12,12,SMALL,2026-10-31,",
      "usage.csv": "11,2026-10,data_mb,3\n4,2026-10,data_mb,9",
    ])
    #expect(
      try await ofMonth(bench) == [
        "usageWithoutActiveDays 2026-10 data_mb 1 3", "usageOutsideCohort 2026-10 data_mb 1 9",
        "usageOutsideCohort 2026-10 nowhere 1 2", "lineOutsideCohort 2026-10 - 6 0",
      ])
    // Mended: a line ends, usage is set to 0, and a customer had not left.
    try await bench.importing([
      "customers.csv": customer(4, "2020-01-01", ""),
      "subscriptions.csv":
        "1,1,SMALL,2020-01-01,2026-09-30\n10,10,SMALL,2020-01-01,2026-10-01\n"
        + "12,12,SMALL,2026-10-31,2026-10-31",
      "usage.csv": "9,2026-10,nowhere,0\n11,2026-10,data_mb,0",
    ])
    #expect(try await ofMonth(bench) == ["lineOutsideCohort 2026-10 - 2 0"])
    #expect(try await bench.ledger.unbilled(of: month).lateCustomers == 1)
    try await settle(month, bench)
    #expect(try await bench.statement(4)?.totals.total == 31_000)
    #expect(try await ofMonth(bench) == ["lineOutsideCohort 2026-10 - 2 0"])
  }

  @Test(arguments: LedgerKind.allCases)
  func `however many former customers there are, each one's usage is listed once`(
    on kind: LedgerKind
  ) async throws {
    let bench = try await bench(30, on: kind)
    // Before, between and behind the customers of the month, more than are looked at together.
    let former = Array(100...1300)
    try await bench.importing([
      "customers.csv": former.map { customer($0, "2020-01-01", $0 == 700 ? "" : "2026-09-01") }
        .joined(separator: "\n"),
      "usage.csv": former.filter { $0 != 700 && $0 % 2 == 0 }.map { "\($0),2026-10,data_mb,1" }
        .joined(separator: "\n"),
      "subscriptions.csv": former.map { "\($0),\($0),SMALL,2020-01-01,2026-09-01" }
        .joined(separator: "\n"),
    ])
    #expect(former.count > 1000)
    try await settle(month, bench, chunkSize: 7)
    let listed = try await bench.ledger.unbilled(of: month).items
    #expect(text(listed) == ["usageWithoutActiveDays 2026-10 data_mb 600 600"])
  }

  @Test(arguments: LedgerKind.allCases)
  func `a former customer's line is listed beside the refund that they are owed`(
    on kind: LedgerKind
  ) async throws {
    let bench = try await SettlementBench(kind)
    try await bench.importing([
      "catalog.yaml": Self.catalog,
      "customers.csv": customer(1, "2020-01-01", "2026-09-01") + "\n"
        + customer(2, "2020-01-01", ""),
      "subscriptions.csv": SettlementBench.subscriptions(2),
      "charges.csv": "R1,1,2026-10-07,refund,Refund,-5000,false",
      "usage.csv": "1,2026-10,data_mb,3",
    ])
    try await settle(month, bench)
    #expect(try await bench.statement(1)?.totals.total == -5000)
    #expect(
      try await ofMonth(bench) == [
        "usageOutsideCohort 2026-10 data_mb 1 3", "lineOutsideCohort 2026-10 - 1 0",
      ])
    try await bench.importing(["customers.csv": customer(1, "2020-01-01", "")])
    #expect(try await ofMonth(bench).isEmpty)
    try await correct(bench, 1)
    #expect(try await bench.statement(1, version: 2)?.totals.total == 26_000)
    #expect(try await ofMonth(bench).isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func `usage of a former customer's ended line is of a line without an active day`(
    on kind: LedgerKind
  ) async throws {
    let bench = try await SettlementBench(kind)
    try await bench.importing([
      "catalog.yaml": Self.catalog,
      "customers.csv": customer(1, "2020-01-01", "2026-09-10") + "\n"
        + customer(2, "2020-01-01", ""),
      "subscriptions.csv": "1,1,SMALL,2020-01-01,2026-09-10\n2,2,SMALL,2020-01-01,",
      "usage.csv": "1,2026-10,data_mb,3",
    ])
    try await settle(month, bench)
    #expect(try await ofMonth(bench) == ["usageWithoutActiveDays 2026-10 data_mb 1 3"])
    // The line went on: it is active, and its customer is not of the month.
    try await bench.importing(["subscriptions.csv": "1,1,SMALL,2020-01-01,"])
    #expect(
      try await ofMonth(bench) == [
        "usageOutsideCohort 2026-10 data_mb 1 3", "lineOutsideCohort 2026-10 - 1 0",
      ])
    // Nor had the customer left: for a supplement.
    try await bench.importing(["customers.csv": customer(1, "2020-01-01", "")])
    #expect(try await ofMonth(bench).isEmpty)
    #expect(try await bench.ledger.unbilled(of: month).lateCustomers == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a month without a single target lists who is outside of it`(on kind: LedgerKind)
    async throws
  {
    let bench = try await SettlementBench(kind)
    try await bench.importing([
      "catalog.yaml": Self.catalog, "customers.csv": customer(1, "2026-11-01", ""),
      "subscriptions.csv": SettlementBench.subscriptions(1),
    ])
    try await settle(month, bench)
    #expect(try await bench.manifest().isEmpty)
    // Nobody was looked at with a chunk: what was recorded before is looked at like what came since.
    #expect(try await ofMonth(bench) == ["lineOutsideCohort 2026-10 - 1 0"])
    try await bench.importing(["usage.csv": "1,2026-10,data_mb,3"])
    #expect(
      try await ofMonth(bench) == [
        "usageOutsideCohort 2026-10 data_mb 1 3", "lineOutsideCohort 2026-10 - 1 0",
      ])
  }
}

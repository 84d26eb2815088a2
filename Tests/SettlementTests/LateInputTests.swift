import Billing
import BillingTestKit
import LedgerTestKit
import Runs
import Settlement
import Testing

/// What is recorded after a month was settled is on a list until a run has looked at it.
@Suite("Inputs that come late")
struct LateInputTests {
  private let month = SettlementBench.month

  private func settled(_ customers: Int, on kind: LedgerKind) async throws -> SettlementBench {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(customers)
    return bench
  }

  private func changed(_ bench: SettlementBench) async throws -> Int64 {
    try await bench.ledger.unbilled(of: month).changedCustomers
  }

  private func correct(_ bench: SettlementBench, _ customers: Int64...) async throws -> RunRecord {
    try #require(
      try await bench.job().correct(
        month, customers: customers.map { CustomerID($0) }, reason: "late"))
  }

  @Test(arguments: LedgerKind.allCases)
  func `a changed amount of a charge that was billed is listed until it is corrected`(
    on kind: LedgerKind
  )
    async throws
  {
    let bench = try await settled(2, on: kind)
    try await bench.importing(["charges.csv": "C1,1,2026-10-20,fee,Fee,500,false"])
    _ = try await bench.job().settle(month)
    #expect(try await changed(bench) == 0)
    try await bench.importing(["charges.csv": "C1,1,2026-10-20,fee,Fee,700,false"])
    #expect(try await changed(bench) == 1)
    #expect(try await bench.ledger.unbilled(of: month).charges == 0)
    #expect(try await correct(bench, 1).parked == 0)
    #expect(try await bench.statement(1, version: 2)?.totals.total == 31_700)
    #expect(try await changed(bench) == 0)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a changed late charge is listed for the month that billed it`(on kind: LedgerKind)
    async throws
  {
    let bench = try await settled(1, on: kind)
    _ = try await bench.job().settle(month)
    try await bench.importing(["charges.csv": "L1,1,2026-10-20,fee,Late,500,false"])
    bench.clock.advance(seconds: 31 * 86_400)
    _ = try await bench.job().settle(month.next)
    try await bench.importing(["charges.csv": "L1,1,2026-10-20,fee,Late,600,false"])
    #expect(try await changed(bench) == 0)
    #expect(try await bench.ledger.unbilled(of: month.next).changedCustomers == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a correction that changes nothing clears its customers from the list`(on kind: LedgerKind)
    async throws
  {
    let bench = try await settled(2, on: kind)
    _ = try await bench.job().settle(month)
    // It ends after the month.
    try await bench.importing(["subscriptions.csv": "1,1,SMALL,2020-01-01,2026-12-01"])
    #expect(try await changed(bench) == 1)
    _ = try await correct(bench, 1, 2)
    #expect(try await bench.statement(1, version: 2) == nil)
    #expect(try await changed(bench) == 0)
    // What comes after the correction is listed again.
    try await bench.importing(["subscriptions.csv": "1,1,SMALL,2020-01-01,2026-11-01"])
    #expect(try await changed(bench) == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a customer whom a correction had to park stays on the list`(on kind: LedgerKind)
    async throws
  {
    let bench = try await settled(2, on: kind)
    _ = try await bench.job().settle(month)
    try await bench.importing(["subscriptions.csv": "1,1,NOWHERE,2020-01-01,"])
    #expect(try await correct(bench, 1).parked == 1)
    #expect(try await changed(bench) == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a line that joins a bundle lists the bundle's other members`(on kind: LedgerKind)
    async throws
  {
    let bench = try await settled(4, on: kind)
    try await bench.importing(["bundles.csv": "F,1,2020-01-01,\nF,2,2020-01-01,"])
    _ = try await bench.job().settle(month)
    #expect(try await changed(bench) == 0)
    try await bench.importing(["bundles.csv": "F,3,2020-01-01,"])
    #expect(try await changed(bench) == 3)
    _ = try await correct(bench, 1, 2, 3)
    #expect(try await changed(bench) == 0)
    // Another plan leaves the bundle's size; a line that ends does not.
    try await bench.importing(["subscriptions.csv": "3,3,LARGE,2020-01-01,"])
    #expect(try await changed(bench) == 1)
    try await bench.importing(["subscriptions.csv": "3,3,LARGE,2020-01-01,2026-09-01"])
    #expect(try await changed(bench) == 3)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a customer who turns out to have left before the month is listed`(on kind: LedgerKind)
    async throws
  {
    let bench = try await settled(2, on: kind)
    _ = try await bench.job().settle(month)
    func first(terminated: String, mail: String = "c1@example.com") -> [String: String] {
      [
        "customers.csv":
          "1,Name 1,\(mail),,5,,Asia/Seoul,ko-KR,email,active,2020-01-01,\(terminated)"
      ]
    }
    try await bench.importing(first(terminated: "", mail: "other@example.com"))
    #expect(try await changed(bench) == 0)
    try await bench.importing(first(terminated: "2026-09-10"))
    #expect(try await changed(bench) == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func `customers recorded late are settled as a supplement, or parked with a reason`(
    on kind: LedgerKind
  )
    async throws
  {
    let bench = try await settled(2, on: kind)
    _ = try await bench.job().settle(month)
    let rows = SettlementBench.customers(5).split(separator: "\n")
    try await bench.importing([
      "customers.csv": rows[2...3].joined(separator: "\n")
        + "\n5,Name 5,c5@example.com,,5,,Asia/Seoul,ko-KR,email,active,2026-11-01,",
      "subscriptions.csv":
        "3,3,SMALL,2020-01-01,\n4,4,NOWHERE,2020-01-01,\n5,5,SMALL,2026-11-01,",
    ])
    #expect(try await bench.ledger.unbilled(of: month).lateCustomers == 2)
    let runs = try await bench.job().settle(month)
    #expect(runs.map(\.key.kind) == [.supplement])
    #expect(runs.map(\.parked) == [1])
    #expect(try await bench.manifest().map(\.key.customer.number) == [1, 2, 3])
    #expect(try await bench.ledger.unbilled(of: month).lateCustomers == 0)
    #expect(try await bench.ledger.unsettled(of: month, after: nil, limit: 9).count == 1)
    #expect(try await bench.job().settle(month).isEmpty)
    try await bench.importing(["subscriptions.csv": "4,4,LARGE,2020-01-01,"])
    #expect(try await bench.job().settle(month).map(\.key.sequence) == [2])
    #expect(try await bench.manifest().count == 4)
  }
}

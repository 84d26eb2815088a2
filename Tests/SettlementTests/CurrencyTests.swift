import Billing
import BillingTestKit
import LedgerTestKit
import Runs
import Settlement
import Testing

@Suite("A month's bills are in one currency")
struct CurrencyTests {
  private let month = SettlementBench.month

  private static let dollars = SettlementBench.catalog.replacing("c1", with: "d1")
    .replacing("KRW", with: "USD")

  private var refusal: SettlementError {
    .currencyChanged(
      month, settledIn: Currency(code: "KRW")!, catalog: "d1", in: Currency(code: "USD")!)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a correction by a catalog in another currency is refused, and opens no run`(
    on kind: LedgerKind
  ) async throws {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(2)
    _ = try await bench.job().settle(month)
    try await bench.importing(["catalog.yaml": Self.dollars])
    await #expect(throws: refusal) {
      try await bench.job().correct(month, customers: [CustomerID(1)], reason: "dollars")
    }
    #expect(try await bench.ledger.runs(of: month).count == 1)
    #expect(try await bench.statement(1)?.currency == Currency(code: "KRW"))
    // Nothing is left to settle, so there is nothing to refuse.
    #expect(try await bench.job().settle(month).isEmpty)
    // In the month's currency again it goes on.
    try await bench.importing([
      "catalog.yaml": SettlementBench.catalog.replacing("c1", with: "c2")
        .replacing("31000", with: "30000")
    ])
    _ = try await bench.job().correct(month, customers: [CustomerID(1)], reason: "mended")
    #expect(try await bench.statement(1, version: 2)?.totals.total == 30_000)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a supplement by a catalog in another currency is refused; the next month may begin in it`(
    on kind: LedgerKind
  ) async throws {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(2)
    try await bench.importing(["subscriptions.csv": "2,2,NEW,2020-01-01,"])
    #expect(try await bench.job().settle(month).map(\.parked) == [1])
    try await bench.importing(["catalog.yaml": Self.dollars.replacing("LARGE", with: "NEW")])
    await #expect(throws: refusal) { try await bench.job().settle(month) }
    #expect(try await bench.ledger.runs(of: month).count == 1)
    bench.clock.advance(seconds: 31 * 86_400)
    _ = try await bench.job().settle(month.next)
    #expect(try await bench.statement(1, month: month.next)?.currency == Currency(code: "USD"))
  }
}

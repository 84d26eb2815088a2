import Billing
import BillingTestKit
import LedgerTestKit
import Settlement
import Testing

/// A bundle joins lines of several customers, whoever of them is billed.
@Suite("A bundle's lines")
struct BundleInputTests {
  private static let catalog = """
    version: "b1"
    effectiveFrom: "2026-01"
    currency: KRW
    timeZone: Asia/Seoul
    tax: { mode: inclusive, rate: "0.10", appliesTo: [plan] }
    rounding: { unit: 10, mode: down }
    plans:
      - { code: SMALL, name: "Small", monthlyFee: 31000 }
    addOns: []
    discounts:
      - { code: FAMILY, name: "Family", kind: bundle, basis: [plan], tiers: [{ lines: 2, amount: 1000 }, { lines: 3, amount: 3000 }] }
    """

  @Test(
    "count in it also where their customer is outside the cohort, or in another chunk",
    arguments: LedgerKind.allCases)
  func outsideTheCohort(on kind: LedgerKind) async throws {
    let bench = try await SettlementBench(kind)
    // Customer 3 has left by their own dates; their line was never ended. Customer 4's line was.
    try await bench.importing([
      "catalog.yaml": Self.catalog,
      "customers.csv": SettlementBench.customers(2) + "\n"
        + [3, 4].map {
          "\($0),Name \($0),c\($0)@example.com,,5,,Asia/Seoul,ko-KR,email,terminated,"
            + "2020-01-01,2026-09-01"
        }.joined(separator: "\n"),
      "subscriptions.csv": SettlementBench.subscriptions(3) + "\n4,4,SMALL,2020-01-01,2026-09-01",
      "bundles.csv": (1...4).map { "F,\($0),2020-01-01," }.joined(separator: "\n"),
    ])
    _ = try await bench.job(chunkSize: 1).settle(SettlementBench.month)
    let manifest = try await bench.manifest()
    #expect(manifest.map(\.key.customer) == [CustomerID(1), CustomerID(2)])
    #expect(manifest.map(\.total) == [28_000, 28_000], "three lines: 1, 2 and 3")
  }
}

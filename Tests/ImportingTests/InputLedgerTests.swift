import BillingTestKit
import LedgerTestKit
import PostgresLedger
import Testing

@Suite("Inputs in a ledger")
struct InputLedgerTests {
  private func conformance(on kind: LedgerKind) async throws -> InputLedgerConformance {
    switch kind {
    case .sqlite:
      let imports = try await TestImports()
      return InputLedgerConformance(ledger: imports.ledger, probe: KeptProbe(imports: imports))
    case .postgres:
      let database = TestDatabase.open(try await TestDatabase.url())
      return InputLedgerConformance(
        ledger: PostgresLedger(database: database, clock: .given(TestClock())),
        probe: PostgresInputProbe(database: database))
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func `every kind of row is recorded under one number`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).recordsEveryKind()
  }

  @Test(arguments: LedgerKind.allCases)
  func `the same rows again change nothing`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).sameAgainChangesNothing()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a changed row is a new version`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).changeIsANewVersion()
  }

  @Test(arguments: LedgerKind.allCases)
  func `every column of a customer counts`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).everyColumnOfACustomerCounts()
  }

  @Test(arguments: LedgerKind.allCases)
  func `how letters are composed counts`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).compositionCounts()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a withdrawal is a version`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).withdrawalIsAVersion()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a charge keeps the number that first brought it`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).chargeKeepsItsFirstNumber()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what is discarded leaves nothing behind`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).discardedLeavesNothing()
  }

  @Test(arguments: LedgerKind.allCases)
  func `nothing takes no number`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).nothingTakesNoNumber()
  }

  @Test(arguments: LedgerKind.allCases)
  func `writers take turns`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).writersTakeTurns()
  }

  @Test(arguments: LedgerKind.allCases)
  func `unknown customers and lines are refused`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).unknownReferencesAreRefused()
  }

  @Test(arguments: LedgerKind.allCases)
  func `lines and charges belong to one customer for good`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).ownersAreForGood()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a key stated twice is refused`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).statedTwiceIsRefused()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a repeated row is refused`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).repeatedRowIsRefused()
  }

  @Test(arguments: LedgerKind.allCases)
  func `catalogs are immutable`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).catalogsAreImmutable()
  }
}

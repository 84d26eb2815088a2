import BillingTestKit
import PostgresLedger
import Testing

@Suite("Inputs in the ledger on PostgreSQL")
struct PostgresInputLedgerTests {
  private func conformance() async throws -> InputLedgerConformance {
    let database = TestDatabase.open(try await TestDatabase.url())
    let ledger = PostgresLedger(database: database, clock: .given(TestClock()))
    return InputLedgerConformance(ledger: ledger, probe: PostgresInputProbe(database: database))
  }

  @Test func `every kind of row is recorded under one number`() async throws {
    try await conformance().recordsEveryKind()
  }

  @Test func `the same rows again change nothing`() async throws {
    try await conformance().sameAgainChangesNothing()
  }

  @Test func `a changed row is a new version`() async throws {
    try await conformance().changeIsANewVersion()
  }

  @Test func `every column of a customer counts`() async throws {
    try await conformance().everyColumnOfACustomerCounts()
  }

  @Test func `how letters are composed counts`() async throws {
    try await conformance().compositionCounts()
  }

  @Test func `a withdrawal is a version`() async throws {
    try await conformance().withdrawalIsAVersion()
  }

  @Test func `a charge keeps the number that first brought it`() async throws {
    try await conformance().chargeKeepsItsFirstNumber()
  }

  @Test func `what is discarded leaves nothing behind`() async throws {
    try await conformance().discardedLeavesNothing()
  }

  @Test func `nothing takes no number`() async throws {
    try await conformance().nothingTakesNoNumber()
  }

  @Test func `writers take turns`() async throws {
    try await conformance().writersTakeTurns()
  }

  @Test func `unknown customers and lines are refused`() async throws {
    try await conformance().unknownReferencesAreRefused()
  }

  @Test func `lines and charges belong to one customer for good`() async throws {
    try await conformance().ownersAreForGood()
  }

  @Test func `a key stated twice is refused`() async throws {
    try await conformance().statedTwiceIsRefused()
  }

  @Test func `a repeated row is harmless`() async throws {
    try await conformance().repeatedRowIsHarmless()
  }

  @Test func `catalogs are immutable`() async throws {
    try await conformance().catalogsAreImmutable()
  }
}

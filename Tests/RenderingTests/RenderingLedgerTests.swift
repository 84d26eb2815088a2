import BillingTestKit
import LedgerTestKit
import Testing

@Suite("Bills and deliveries on a ledger")
struct RenderingLedgerTests {
  private func conformance(on kind: LedgerKind) async throws -> RenderingLedgerConformance {
    let clock = TestClock()
    let ledger = try await kind.open(clock: clock)
    return RenderingLedgerConformance(ledger: ledger.ports, access: ledger.rows, clock: clock)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a version stays what it is once active`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).versionsStayOnceActive()
  }

  @Test(arguments: LedgerKind.allCases)
  func `chunks cover a selection`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).chunksCoverTheSelection()
  }

  @Test(arguments: LedgerKind.allCases)
  func `the latest version is selected`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).latestSelection()
  }

  @Test(arguments: LedgerKind.allCases)
  func `bills are committed once and under the fence`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).billsAreCommittedUnderTheFence()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a recorded bill is not replaced by another`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).recordedBillsAreNotReplaced()
  }

  @Test(arguments: LedgerKind.allCases)
  func `statements come with their customers as recorded`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).statementsComeWithTheirCustomers()
  }

  @Test(arguments: LedgerKind.allCases)
  func `bills are read back as recorded`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).billsAreReadBack()
  }

  @Test(arguments: LedgerKind.allCases)
  func `deliveries take the due date of their bill`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).deliveriesTakeTheDueDate()
  }

  @Test(arguments: LedgerKind.allCases)
  func `deliveries copy what a send must check`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).deliveriesCopyTheCustomer()
  }

  @Test(arguments: LedgerKind.allCases)
  func `deliveries are made once and under the fence`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).deliveriesAreMadeOnce()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a correction moves what has not begun and follows what has`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).correctionsMoveOrFollow()
  }

  @Test(arguments: LedgerKind.allCases)
  func `bills made again move only what has not begun`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).newBillsMoveWhatHasNotBegun()
  }
}

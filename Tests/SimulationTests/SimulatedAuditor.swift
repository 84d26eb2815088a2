import Audit
import Billing
import BillingTestKit

@testable import EmbeddedStore

/// Proves the month again and again while everything runs, and others work between any two of its
/// readings: nothing may ever seem to be wrong.
struct SimulatedAuditor: Sendable {
  private let world: SimulatedWorld
  /// Of its own, so that what the world draws is the same with it and without.
  private let random: SeededRandom

  init(_ world: SimulatedWorld) {
    self.world = world
    random = SeededRandom(seed: world.seed ^ 0xA0D1)
  }

  func work() async throws {
    let verification = Verification(
      ledger: world.ledger, statements: self, bills: self, acceptances: self,
      clock: VirtualClock(loop: world.loop))
    while !world.isOver, !Task.isCancelled {
      await world.loop.sleep(until: world.loop.now + 60_000 + upTo(2_400_000))
      if world.isOver || Task.isCancelled { return }
      do {
        judge(try await verification.verify(SimulatedWorld.month))
      } catch is CancellationError {
        return
      } catch {
        return world.invariants.violated("verify while others work: \(error)")
      }
    }
  }

  private func judge(_ report: VerificationReport?) {
    guard let report else { return }
    for finding in report.findings where !Self.isSpoiled(finding) {
      world.invariants.violated(
        "verify while others work: \(finding.code) \(finding.examples.joined(separator: " "))")
    }
    let counts = report.counts
    let known = counts.deliveries[.accepted, default: 0] + counts.unrecordedMessages
    if counts.acceptedMessages != known {
      world.invariants.violated(
        "verify while others work: \(counts.acceptedMessages) messages, \(known) known of")
    }
  }

  /// What was spoiled on purpose is made again only where it is sent.
  static func isSpoiled(_ finding: Finding) -> Bool {
    finding.code == .billMissing || finding.code == .billAltered
  }

  private func upTo(_ most: UInt64) -> Int64 { Int64(random.next() % most) }

  /// Time for others between two readings: often as long as an answer takes, sometimes longer.
  private func pause() async {
    let wait = upTo(4) == 0 ? upTo(60_000) : upTo(2000)
    await world.loop.sleep(until: world.loop.now + wait)
  }
}

extension SimulatedAuditor: AuditStatements, AuditBills, AuditAcceptances {
  func cohortChunks(of month: BillingMonth) async throws -> [ClosedRange<CustomerID>] {
    try await world.statements.cohortChunks(of: month)
  }

  func cohort(of month: BillingMonth, chunk: Int) async throws -> [CustomerID] {
    await pause()
    return try await world.statements.cohort(of: month, chunk: chunk)
  }

  func statementHashes(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [HashedStatement] {
    await pause()
    return try await world.statements.statementHashes(of: month, customers: customers)
  }

  func statementBody(_ key: StatementKey) async throws -> [UInt8]? {
    try await world.statements.statementBody(key)
  }

  func examine(_ keys: [BillKey]) async throws -> [ExaminedBill?] {
    await pause()
    return try await world.bills.examine(keys)
  }

  func readableProviders() async throws -> Set<String> {
    try await world.witness.readableProviders()
  }

  func acceptances(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [Acceptance] {
    await pause()
    return try await world.witness.acceptances(of: month, customers: customers)
  }
}

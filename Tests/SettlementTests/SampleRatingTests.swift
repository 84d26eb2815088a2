import Billing
import BillingTestKit
import Importing
import LedgerTestKit
import Runs
import Settlement
import Testing

@Suite("Rating a generated sample")
struct SampleRatingTests {
  private static let month = BillingMonth(year: 2026, month: 10)!

  @Test(
    arguments: LedgerKind.allCases,
    [(seed: 1, poison: 0), (seed: 2, poison: 40), (seed: 3, poison: 7)])
  func `exactly the poisoned customers cannot be rated`(
    on kind: LedgerKind, sample: (seed: Int, poison: Int)
  ) async throws {
    let (seed, poison) = sample
    let folder = try TestFolder()
    let ledger = try await kind.open(clock: TestClock())
    let sample = try Sample(
      seed: UInt64(seed), customers: 2000, poison: poison, month: Self.month)
    try sample.write(to: folder.file("sample"))
    let seal = try #require(ContactSeal(keyID: 1, secret: [UInt8](repeating: 7, count: 32)))
    let report = try await Importer(ledger: ledger.ports, seal: seal).run(
      directory: folder.file("sample"))
    #expect(report.outcome == .recorded(number: 1))
    let parked = try await parkingReasons(ledger.ports)
    #expect(parked.count == poison)
    if poison == 40 { #expect(Set(parked.map(\.code)).count >= 5) }
  }

  private func parkingReasons(_ ledger: any StageLedger) async throws -> [ParkingReason] {
    let catalog = try #require(try await ledger.catalog(for: Self.month))
    let run = RunRecord(
      id: 1, key: RunKey(job: .settlement, month: Self.month, kind: .regular, sequence: 1),
      pins: RunPins(
        cutoff: 1, catalogVersion: catalog.version, policyVersion: nil, templateVersion: nil,
        programVersion: "test"),
      status: .running, fence: 1, owner: "test", leaseUntil: Timestamp(seconds: 0), reason: nil,
      startedAt: Timestamp(seconds: 0), openedAt: Timestamp(seconds: 0), completedAt: nil,
      parked: 0, seal: nil, failure: nil)
    let targets = try await ledger.cohort(of: run, after: nil, limit: 10_000)
    #expect((1900...2000).contains(targets.count))
    let batch = try await ledger.ratingInputs(for: targets, within: nil, of: run)
    let sizes = BundleSizes(members: batch.bundleMembers, month: Self.month)
    let rater = Rater(catalog: catalog, month: Self.month)
    var reasons: [ParkingReason] = []
    for input in batch.inputs {
      do {
        _ = try rater.statement(for: input, version: 1, bundleSizes: sizes)
      } catch {
        reasons.append(error)
      }
    }
    return reasons
  }
}

import Billing
import Runs

/// A chunk's customers, rated: pure, no I/O.
struct RatedChunk: Sendable {
  private(set) var statements: [StoredStatement] = []
  private(set) var manifest: [ManifestRow] = []
  private(set) var parked: [ParkedCustomer] = []
  /// What of those who were rated there was nothing to charge for.
  private(set) var unrated: [UnratedRow] = []
  private(set) var totals: ChunkTotals

  /// - Parameters:
  ///   - targets: ascending.
  ///   - earlier: the statements that are to be corrected. Where the new one would say the same,
  ///     none is made.
  init(
    targets: [CustomerID], batch: RatingBatch, earlier: [CustomerID: ManifestRow], rater: Rater,
    unratedInputs: UnratedInputs, run: Int64
  ) {
    let sizes = BundleSizes(members: batch.bundleMembers, month: rater.month)
    var hasher = ContentHasher()
    var sum: Int64 = 0
    var parked: [ParkedCustomer] = []
    var unrated: [UnratedRow] = []
    statements.reserveCapacity(targets.count)
    manifest.reserveCapacity(targets.count)
    var next = 0
    for target in targets {
      guard next < batch.inputs.count, batch.inputs[next].customer == target else {
        let reason = ParkingReason(.unreadableInput, "the customer is not in the ledger")
        parked.append(ParkedCustomer(customer: target, reason: reason))
        continue
      }
      let input = batch.inputs[next]
      next += 1
      do throws(ParkingReason) {
        var statement = try rater.statement(
          for: input, version: earlier[target]?.key.version ?? 1, bundleSizes: sizes)
        var stored = StoredStatement(statement)
        if let earlier = earlier[target] {
          guard stored.hash != earlier.hash else {
            unratedInputs.find(in: input, into: &unrated)
            continue
          }
          statement.version += 1
          stored = StoredStatement(statement)
        }
        let (newSum, overflow) = sum.addingReportingOverflow(stored.total)
        guard !overflow else { throw ParkingReason(.overflow, "the chunk's sum") }
        sum = newSum
        hasher.update(target.number)
        hasher.update(Int64(stored.key.version))
        hasher.update(stored.hash)
        hasher.update(stored.total)
        manifest.append(
          ManifestRow(key: stored.key, run: run, hash: stored.hash, total: stored.total))
        statements.append(stored)
        unratedInputs.find(in: input, into: &unrated)
      } catch {
        parked.append(ParkedCustomer(customer: target, reason: error))
      }
    }
    for customer in parked { hasher.update(customer.customer.number) }
    self.parked = parked
    self.unrated = unrated
    totals = ChunkTotals(
      count: Int64(statements.count), sum: sum, hash: hasher.finish(), parked: Int64(parked.count))
  }

  /// The customers among the targets who were not parked.
  func rated(of targets: [CustomerID]) -> [CustomerID] {
    let parked = Set(parked.map(\.customer))
    return targets.filter { !parked.contains($0) }
  }
}

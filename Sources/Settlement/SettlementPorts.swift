package import Billing
package import Runs

/// What settlement reads from and commits to the ledger. Each call is one transaction.
package protocol SettlementLedger: RunLedger {
  /// The catalog with the latest `effectiveFrom` not after the month; `nil` when there is none.
  func catalog(for month: BillingMonth) async throws -> Catalog?

  func catalog(version: String) async throws -> Catalog?

  /// The cohort of a regular run as of its cutoff, ascending, after one customer.
  func cohort(of run: RunRecord, after: CustomerID?, limit: Int) async throws -> [CustomerID]

  /// Everything about these customers that the month's bill depends on, as of the run's cutoff, in
  /// a handful of statements.
  ///
  /// - Parameters:
  ///   - targets: ascending.
  ///   - range: from the first of them to the last, where nearly all customers in it are targets: it
  ///     is read as a whole, and who else is found there is only named. `nil` for a list.
  func ratingInputs(
    for targets: [CustomerID], within range: ClosedRange<CustomerID>?, of run: RunRecord
  ) async throws -> RatingBatch

  /// Customers whose own dates do not reach into the month of a run, and of whom it has active lines
  /// or usage all the same, as of the run's cutoff; ascending, after one.
  func outsiders(
    of run: RunRecord, within range: ClosedRange<CustomerID>, after: CustomerID?, limit: Int
  ) async throws -> [CustomerID]

  /// The inputs as they would be seen by a run opened now: for a look whether parked customers can
  /// be rated.
  func currentRatingInputs(for targets: [CustomerID], month: BillingMonth) async throws
    -> RatingBatch

  /// Commits a chunk: its checkpoint, manifest rows and parked customers in one transaction whose
  /// first statement compares the fences.
  func commit(_ checkpoint: SettlementCheckpoint) async throws -> CheckpointOutcome

  /// The latest version that each of these customers has, but for those of one run.
  func latestVersions(of customers: [CustomerID], month: BillingMonth, apartFrom run: Int64)
    async throws -> [CustomerID: ManifestRow]

  /// Manifest rows in key order, after one customer.
  func manifest(_ selection: ManifestSelection, after: CustomerID?, limit: Int) async throws
    -> [ManifestRow]

  /// Parked customers of a run, ascending, after one customer.
  func parked(of run: Int64, after: CustomerID?, limit: Int) async throws -> [ParkedCustomer]

  /// Customers of the month that are parked and have no statement, ascending, after one.
  func unsettled(of month: BillingMonth, after: CustomerID?, limit: Int) async throws
    -> [ParkedCustomer]

  /// Customers who were recorded after the month's regular settlement, belong to the month by what
  /// is recorded now, and are neither settled nor parked; ascending, after one.
  func lateCustomers(of month: BillingMonth, after: CustomerID?, limit: Int) async throws
    -> [CustomerID]

  /// What the bills of a correction run differ by: new sum, old sum.
  func correctionSums(of run: RunRecord) async throws -> (new: Int64, old: Int64)

  /// What is recorded for a settled month and is on no bill; nothing for another month.
  func unbilled(of month: BillingMonth) async throws -> UnbilledInputs

  /// What is recorded for months that no settlement concerns: `SettledMonths.place(of:asOf:)`.
  ///
  /// - Parameter now: the month that is running.
  func unbilledElsewhere(asOf now: BillingMonth) async throws -> [UnbilledItem]

  /// What of one customer is on no bill, by month; late changes of what is settled apart.
  func unbilled(of customer: CustomerID, asOf now: BillingMonth) async throws -> [UnbilledEntry]

  /// The last committed record number.
  func lastRecordNumber() async throws -> Int64
}

/// Where statements and frozen cohorts are kept. Writes are idempotent under deterministic ids.
package protocol StatementStore: Sendable {
  /// Writes the cohort's chunk documents; one that is there is left if equal, a conflict otherwise.
  func putTargets(_ chunks: [TargetChunk], of run: RunKey) async throws

  /// The bounds of all the chunks, in order.
  func targetRanges(of run: RunKey) async throws -> [ChunkRange]

  /// One chunk's customers, ascending; its hash is checked.
  func targets(of run: RunKey, chunk: Int) async throws -> [CustomerID]

  /// Writes statements. One that is there must have the same hash; otherwise nothing of the batch
  /// is written and `StoreError(.conflict)` names it. On disk when it returns.
  func put(_ statements: [StoredStatement]) async throws

  /// Statements by key, ascending; those that are missing are left out.
  func statements(_ keys: [StatementKey]) async throws -> [StoredStatement]

  /// Keys, hashes and totals of what is stored for a month and a range of customers, in key order,
  /// every body read and hashed.
  func digests(of month: BillingMonth, customers: ClosedRange<CustomerID>) async throws
    -> [StatementDigest]
}

/// One chunk document of a frozen cohort.
package struct TargetChunk: Hashable, Sendable {
  package var index: Int
  /// Ascending, not empty.
  package var customers: [CustomerID]

  package init(index: Int, customers: [CustomerID]) {
    self.index = index
    self.customers = customers
  }

  package var range: ChunkRange {
    ChunkRange(
      index: index, lower: customers[0], upper: customers[customers.count - 1],
      items: customers.count)
  }

  /// Over the customers in order, 8 big-endian bytes each.
  package var hash: ContentHash {
    var hasher = ContentHasher()
    for customer in customers { hasher.update(customer.number) }
    return hasher.finish()
  }
}

package struct StatementDigest: Hashable, Sendable {
  package var key: StatementKey
  /// As stored beside the body.
  package var hash: ContentHash
  package var total: Int64
  /// Of the body as it lies there.
  package var bodyHash: ContentHash

  /// Whether the body still is what was stored.
  package var isIntact: Bool { bodyHash == hash }

  package init(key: StatementKey, hash: ContentHash, total: Int64, bodyHash: ContentHash) {
    self.key = key
    self.hash = hash
    self.total = total
    self.bodyHash = bodyHash
  }
}

/// A chunk's inputs.
package struct RatingBatch: Sendable {
  /// Ascending by customer; one for each target that the ledger knows.
  package var inputs: [RatingInput]
  /// Every membership of every bundle that a line of these customers is in.
  package var bundleMembers: [BundleMember]
  /// Of a range: customers in it who are no targets, ascending.
  package var passedOver: [CustomerID]

  package init(
    inputs: [RatingInput], bundleMembers: [BundleMember], passedOver: [CustomerID] = []
  ) {
    self.inputs = inputs
    self.bundleMembers = bundleMembers
    self.passedOver = passedOver
  }
}

package struct SettlementCheckpoint: Sendable {
  package var chunk: ClaimedChunk
  package var totals: ChunkTotals
  package var manifest: [ManifestRow]
  package var parked: [ParkedCustomer]
  /// What rating had nothing to charge for.
  package var unrated: [UnratedRow]
  /// Who was rated in a supplement or a correction, whether or not the bill stays as it is: what an
  /// earlier run left of them is taken over by `unrated`. Ascending; empty in a regular run.
  package var ratedAgain: [CustomerID]

  package init(
    chunk: ClaimedChunk, totals: ChunkTotals, manifest: [ManifestRow], parked: [ParkedCustomer],
    unrated: [UnratedRow] = [], ratedAgain: [CustomerID] = []
  ) {
    self.chunk = chunk
    self.totals = totals
    self.manifest = manifest
    self.parked = parked
    self.unrated = unrated
    self.ratedAgain = ratedAgain
  }
}

/// One statement as the manifest lists it: readers go through these.
package struct ManifestRow: Hashable, Sendable {
  package var key: StatementKey
  /// The run that made it.
  package var run: Int64
  package var hash: ContentHash
  package var total: Int64

  package init(key: StatementKey, run: Int64, hash: ContentHash, total: Int64) {
    self.key = key
    self.run = run
    self.hash = hash
    self.total = total
  }
}

package enum ManifestSelection: Hashable, Sendable {
  /// The latest version of every customer of a month.
  case latest(BillingMonth)
  /// What one run made.
  case run(Int64, BillingMonth)
}

package struct ParkedCustomer: Hashable, Sendable {
  package var customer: CustomerID
  package var reason: ParkingReason

  package init(customer: CustomerID, reason: ParkingReason) {
    self.customer = customer
    self.reason = reason
  }
}

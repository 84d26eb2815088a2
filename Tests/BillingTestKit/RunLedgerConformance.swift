import Billing
package import Runs
import Testing

/// What every ledger promises about runs, one function a promise. `clock` is the ledger's own.
package struct RunLedgerConformance: Sendable {
  private let ledger: any RunLedger
  private let clock: TestClock

  package init(ledger: any RunLedger, clock: TestClock) {
    self.ledger = ledger
    self.clock = clock
  }

  private static let month = BillingMonth(year: 2026, month: 10)!

  private func request(
    _ worker: String = "a", kind: RunKind = .regular, sequence: Int = 1, joins: Bool = false,
    customers: [CustomerID] = [], isGone: @escaping @Sendable (String) -> Bool = { _ in false }
  ) -> RunRequest {
    RunRequest(
      key: RunKey(job: .settlement, month: Self.month, kind: kind, sequence: sequence),
      catalogVersion: "c1", programVersion: "test", worker: worker, leaseSeconds: 60,
      steps: ["first", "second"], customers: customers, joins: joins, isGone: isGone)
  }

  private func started(_ request: RunRequest) async throws -> RunHold {
    guard case .started(let hold) = try await ledger.open(request) else {
      throw Unexpected("the run was not started")
    }
    return hold
  }

  private func claimed(_ hold: RunHold) async throws -> ClaimedChunk {
    guard
      case .claimed(let chunk) = try await ledger.claimChunk(step: 0, under: hold, leaseSeconds: 60)
    else { throw Unexpected("no chunk was free") }
    return chunk
  }

  private let chunks = (0..<3).map { index in
    ChunkRange(
      index: index, lower: CustomerID(Int64(index * 10)), upper: CustomerID(Int64(index * 10 + 9)),
      items: 10)
  }

  /// A new run pins what it was opened with, and a live one refuses, naming its owner.
  package func liveRunRefuses() async throws {
    let hold = try await started(request())
    #expect(hold.run.pins.catalogVersion == "c1")
    #expect(hold.run.fence == 1)
    guard case .held(let run) = try await ledger.open(request("b")) else {
      throw Unexpected("a live run was given away")
    }
    #expect(run.owner == "a")
    #expect(run.leaseUntil == clock.now().adding(seconds: 60))
  }

  /// A run whose lease has ended is taken over under a higher fence; its former owner can do nothing.
  package func expiredRunIsTakenOver() async throws {
    let first = try await started(request())
    #expect(
      try await ledger.start(step: 0, expected: nil, chunks: chunks, under: first) == .committed)
    let chunk = try await claimed(first)
    clock.advance(seconds: 61)
    guard case .resumed(let second) = try await ledger.open(request("b")) else {
      throw Unexpected("an expired run was not taken over")
    }
    #expect(second.run.fence == first.run.fence + 1)
    #expect(try await ledger.renew(first, leaseSeconds: 60) == .lost)
    #expect(
      try await ledger.giveBack(chunk, reason: "late", retryAfterSeconds: 0) == .lost)
    guard case .lost = try await ledger.claimChunk(step: 0, under: first, leaseSeconds: 60) else {
      throw Unexpected("the former owner could claim")
    }
    let totals = ControlTotals(count: 0, sum: 0)
    #expect(try await ledger.complete(step: 0, actual: totals, under: first) == .lost)
    #expect(
      try await ledger.complete(first, parked: 0, seal: ContentHash(of: [])) == .lost)
    // What it had claimed is free for the new owner at once.
    #expect(try await claimed(second).range.index == chunk.range.index)
  }

  /// An owner that is known to be gone need not be waited for.
  package func goneOwnerIsTakenOver() async throws {
    _ = try await started(request())
    guard case .resumed = try await ledger.open(request("b", isGone: { $0 == "a" })) else {
      throw Unexpected("a run whose owner is gone was not taken over")
    }
  }

  /// A joined process works under the same fence.
  package func joining() async throws {
    let first = try await started(request())
    guard case .joined(let second) = try await ledger.open(request("b", joins: true)) else {
      throw Unexpected("a live run could not be joined")
    }
    #expect(second.run.fence == first.run.fence)
    #expect(
      try await ledger.start(step: 0, expected: nil, chunks: chunks, under: second) == .committed)
    let one = try await claimed(first)
    let other = try await claimed(second)
    #expect(one.range.index != other.range.index)
  }

  /// Who works along on a run that another has completed under the same fence has lost nothing.
  package func completedByAnother() async throws {
    let first = try await started(request())
    guard case .joined(let second) = try await ledger.open(request("b", joins: true)) else {
      throw Unexpected("a live run could not be joined")
    }
    _ = try await ledger.complete(first, parked: 0, seal: ContentHash(of: [1]))
    let totals = ControlTotals(count: 0, sum: 0)
    #expect(
      try await ledger.start(step: 0, expected: nil, chunks: chunks, under: second) == .committed)
    #expect(try await ledger.complete(step: 0, actual: totals, under: second) == .committed)
    #expect(try await ledger.renew(second, leaseSeconds: 60) == .committed)
    guard case .allDone = try await ledger.claimChunk(step: 0, under: second, leaseSeconds: 60)
    else {
      throw Unexpected("a chunk of a completed run was given away")
    }
  }

  /// A run that excludes others is not opened beside one that is not completed.
  package func exclusion() async throws {
    let regular = try await started(request())
    var correction = request("b", kind: .correction, customers: [CustomerID(1)])
    correction.excludes = .settlement
    guard case .held(let run) = try await ledger.open(correction) else {
      throw Unexpected("a correction was opened beside an open run")
    }
    #expect(run.key == regular.run.key)
    _ = try await ledger.complete(regular, parked: 0, seal: ContentHash(of: [1]))
    _ = try await started(correction)
  }

  /// Chunks are made once; a second start changes nothing.
  package func chunksAreNeverCutAgain() async throws {
    let hold = try await started(request())
    _ = try await ledger.start(
      step: 0, expected: ControlTotals(count: 30, sum: 5), chunks: chunks, under: hold)
    _ = try await ledger.start(
      step: 0, expected: ControlTotals(count: 1, sum: 1), chunks: [chunks[0]], under: hold)
    let step = try await ledger.steps(of: hold.run.id)[0]
    #expect(step.chunks == 3)
    #expect(step.items == 30)
    #expect(step.expected == ControlTotals(count: 30, sum: 5))
  }

  /// Every chunk is claimed by one worker at a time; one that was given back waits for its moment.
  package func chunksAreClaimedOnce() async throws {
    let hold = try await started(request())
    _ = try await ledger.start(step: 0, expected: nil, chunks: chunks, under: hold)
    var claims: [ClaimedChunk] = []
    for _ in chunks { claims.append(try await claimed(hold)) }
    #expect(Set(claims.map(\.range.index)).count == 3)
    guard
      case .wait(let moment) = try await ledger.claimChunk(step: 0, under: hold, leaseSeconds: 60)
    else { throw Unexpected("a chunk was claimed twice") }
    #expect(moment == clock.now().adding(seconds: 60))
    #expect(
      try await ledger.giveBack(claims[1], reason: "no answer", retryAfterSeconds: 5) == .committed)
    guard case .wait = try await ledger.claimChunk(step: 0, under: hold, leaseSeconds: 60) else {
      throw Unexpected("a chunk was tried again too early")
    }
    clock.advance(seconds: 5)
    let again = try await claimed(hold)
    #expect(again.range == claims[1].range)
    #expect(again.fence > claims[1].fence)
    #expect(again.attempt == 2)
  }

  /// A chunk whose lease has ended goes to another worker, and the first can no longer give it back.
  package func expiredChunkIsClaimedAgain() async throws {
    let hold = try await started(request())
    _ = try await ledger.start(step: 0, expected: nil, chunks: [chunks[0]], under: hold)
    let first = try await claimed(hold)
    clock.advance(seconds: 30)
    #expect(try await ledger.renew(hold, leaseSeconds: 60) == .committed)
    clock.advance(seconds: 59)
    guard case .wait = try await ledger.claimChunk(step: 0, under: hold, leaseSeconds: 60) else {
      throw Unexpected("a renewed chunk was taken")
    }
    clock.advance(seconds: 2)
    let second = try await claimed(hold)
    #expect(second.fence == first.fence + 1)
    #expect(try await ledger.giveBack(first, reason: "late", retryAfterSeconds: 0) == .lost)
  }

  /// A released run can be opened at once, and its chunks are free.
  package func releasedRunIsFree() async throws {
    let hold = try await started(request())
    _ = try await ledger.start(step: 0, expected: nil, chunks: [chunks[0]], under: hold)
    _ = try await claimed(hold)
    try await ledger.release(hold)
    guard case .resumed(let next) = try await ledger.open(request("b")) else {
      throw Unexpected("a released run was held")
    }
    _ = try await claimed(next)
  }

  /// A completed run says so for good; its seal stays; a failed one goes on from where it was.
  package func completionAndFailure() async throws {
    let hold = try await started(request())
    #expect(try await ledger.fail(hold, reason: "a chunk failed") == .committed)
    #expect(try await ledger.run(hold.run.key)?.failure == "a chunk failed")
    guard case .resumed(let again) = try await ledger.open(request()) else {
      throw Unexpected("a failed run could not be gone on with")
    }
    let seal = ContentHash(of: [1])
    #expect(try await ledger.complete(again, parked: 2, seal: seal) == .committed)
    #expect(
      try await ledger.complete(again, parked: 9, seal: ContentHash(of: [2])) == .lost)
    guard case .completed(let run) = try await ledger.open(request("b")) else {
      throw Unexpected("a completed run was opened again")
    }
    #expect(run.seal == seal)
    #expect(run.parked == 2)
  }

  /// A supplement keeps the customers that it was opened for.
  package func customersAreFixed() async throws {
    let customers = [3, 5, 9].map { CustomerID($0) }
    let hold = try await started(request(kind: .supplement, customers: customers))
    #expect(
      try await ledger.customers(of: hold.run.id, after: nil, limit: 2)
        == Array(customers.prefix(2)))
    #expect(
      try await ledger.customers(of: hold.run.id, after: customers[1], limit: 2) == [customers[2]])
  }
}

/// A test found something that it does not go on from.
package struct Unexpected: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

package import Billing

/// The operator's side (발송 운영): what waits for a person is listed, tried again, resolved or sent
/// again, by what it has in common.
///
/// Batches of bounded size, each a transaction of its own: it can be interrupted and begun again,
/// run twice at once, and beside consumers, dispatchers and the reconciler.
package struct OperatorDesk: Sendable {
  private let ledger: any OperatorLedger
  private let batchSize: Int

  package init(ledger: any OperatorLedger, batchSize: Int = 500) {
    self.ledger = ledger
    self.batchSize = batchSize
  }

  package enum Mode: Hashable, Sendable {
    /// Only says what would be done.
    case foresee
    case act(OperatorSignature)
  }

  /// Everything that matches, counted, the first of it shown.
  package func list(
    _ query: DeliveryQuery, showing limit: Int, progress: @Sendable (Int) -> Void = { _ in }
  ) async throws -> DeliveryListing {
    var listing = DeliveryListing()
    var cursor: DeliveryCursor?
    repeat {
      try Task.checkCancellation()
      let page = try await ledger.find(query, after: cursor, limit: batchSize)
      listing.add(page, showing: limit)
      progress(listing.count)
      cursor = page.next
    } while cursor != nil
    return listing
  }

  /// Acts on what matches, changing at most `limit` of it: what is refused stands in nobody's way.
  /// What comes to match after it began is left alone: nobody has looked at it.
  ///
  /// - Parameter since: when it began, where that was before: with what it is to act on foreseen.
  /// - Returns: what was done, also when the task was cancelled after some of it.
  package func run(
    _ request: OperatorRequest, on query: DeliveryQuery, limit: Int?, mode: Mode,
    since: Timestamp? = nil, progress: @Sendable (Int) -> Void = { _ in }
  ) async throws -> OperatorReport {
    var report = OperatorReport(of: request.action)
    var cursor: DeliveryCursor?
    var made: Set<DeliveryKey> = []
    repeat {
      if Task.isCancelled {
        report.wasInterrupted = true
        return report
      }
      let page = try await ledger.find(query, after: cursor, limit: batchSize)
      let begun = report.begun ?? since ?? page.now
      report.begun = begun
      var found = page.deliveries.filter { $0.changedAt <= begun && !made.contains($0.key) }[...]
      // A resend comes right behind its original, on the next page at the latest.
      made = []
      while !found.isEmpty, limit.map({ report.done < $0 }) ?? true {
        let outcomes = try await work(
          request, on: Array(found), atMost: limit.map { $0 - report.done }, mode)
        made.formUnion(outcomes.compactMap(\.madeKey))
        report.add(found.prefix(outcomes.count), outcomes)
        found = found.dropFirst(outcomes.count)
        progress(report.found)
      }
      cursor = limit.map { report.done < $0 } ?? true ? page.next : nil
    } while cursor != nil
    return report
  }

  /// The outcomes of the first of what was found, up to the last that may be changed; of at least
  /// one.
  private func work(
    _ request: OperatorRequest, on found: [FoundDelivery], atMost limit: Int?, _ mode: Mode
  ) async throws -> [OperatorOutcome] {
    guard let limit, limit < found.count else {
      return try await work(request, on: found, mode)
    }
    var outcomes = try await ledger.foresee(request, on: found)
    let chosen = Array(outcomes.indices.filter { outcomes[$0].isDone }.prefix(limit))
    if chosen.count == limit, let last = chosen.last {
      outcomes.removeSubrange((last + 1)...)
    }
    if case .act = mode, !chosen.isEmpty {
      let acted = try await work(request, on: chosen.map { found[$0] }, mode)
      for (position, outcome) in zip(chosen, acted) { outcomes[position] = outcome }
    }
    return outcomes
  }

  private func work(
    _ request: OperatorRequest, on found: [FoundDelivery], _ mode: Mode
  ) async throws -> [OperatorOutcome] {
    switch mode {
    case .foresee: return try await ledger.foresee(request, on: found)
    case .act(let signature):
      return try await ledger.act(request, on: found, signature: signature)
    }
  }
}

/// What a query found.
package struct DeliveryListing: Sendable {
  package struct Group: Hashable, Comparable, Sendable {
    package var state: DeliveryState
    package var reason: DeliveryReason?

    package static func < (left: Group, right: Group) -> Bool {
      (left.state.code, left.reason?.rawValue ?? "")
        < (right.state.code, right.reason?.rawValue ?? "")
    }
  }

  package private(set) var count = 0
  package private(set) var counts: [Group: Int] = [:]
  /// Since when the longest waiting of a group is in its state.
  package private(set) var oldest: [Group: Timestamp] = [:]
  package private(set) var shown: [FoundDelivery] = []
  /// The ledger's time, for ages.
  package private(set) var now: Timestamp?

  mutating func add(_ page: FoundPage, showing limit: Int) {
    now = page.now
    count += page.deliveries.count
    for delivery in page.deliveries {
      let group = Group(state: delivery.state, reason: delivery.reason)
      counts[group, default: 0] += 1
      oldest[group] = min(oldest[group] ?? delivery.changedAt, delivery.changedAt)
    }
    shown += page.deliveries.prefix(max(0, limit - shown.count))
  }
}

/// What an action did, or would do.
package struct OperatorReport: Sendable {
  package static let maximumExamples = 5

  /// The ledger's time when it began; `nil` before.
  package internal(set) var begun: Timestamp?
  package private(set) var found = 0
  package private(set) var moved: [DeliveryState: Int] = [:]
  package private(set) var made = 0
  package private(set) var refused: [OperatorRefusal: Int] = [:]
  package private(set) var stale = 0
  /// The first few that are not refused.
  package private(set) var examples: [DeliveryKey] = []
  package internal(set) var wasInterrupted = false
  private var hasher = ContentHasher()

  init(of action: OperatorAction) {
    hasher.update(action.name.utf8)
  }

  /// Deliveries that were changed, or would be.
  package var done: Int { moved.values.reduce(0, +) + made }

  /// The same for the same action on the same deliveries, each as it was found.
  package var confirmation: String { "\(done)-\(hasher.finish().hex.prefix(12))" }

  mutating func add(_ deliveries: ArraySlice<FoundDelivery>, _ outcomes: [OperatorOutcome]) {
    found += deliveries.count
    for (delivery, outcome) in zip(deliveries, outcomes) {
      switch outcome {
      case .moved(let state): moved[state, default: 0] += 1
      case .made: made += 1
      case .refused(let refusal):
        refused[refusal, default: 0] += 1
        continue
      case .stale:
        stale += 1
        continue
      }
      hasher.update("\n\(delivery.key) \(delivery.generation) \(delivery.state)".utf8)
      if examples.count < Self.maximumExamples { examples.append(delivery.key) }
    }
  }
}

extension OperatorOutcome {
  fileprivate var madeKey: DeliveryKey? {
    if case .made(let key) = self { key } else { nil }
  }
}

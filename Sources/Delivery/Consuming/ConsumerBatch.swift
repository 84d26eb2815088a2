import Billing
import Logging
import Synchronization

/// What becomes of one polled batch, in exactly this order: claim → fetch and check → intend →
/// call; the recorder does the rest.
extension Consumer {
  /// A claimed delivery with the event it came from.
  fileprivate struct Held: Sendable {
    var event: FeedEvent
    var claimed: ClaimedDelivery
  }

  /// With the bill's bytes, checked against its hash.
  fileprivate struct Ready: Sendable {
    var held: Held
    var bytes: [UInt8]
    var recipient: String
    var provider: any Provider
  }

  func work(on events: [FeedEvent]) async throws {
    let unreadable = events.filter { $0.event == nil }
    if !unreadable.isEmpty {
      logger.warning("events that cannot be read", metadata: ["count": "\(unreadable.count)"])
      count { $0.unreadable += unreadable.count }
      finish(unreadable)
    }
    try await withThrowingDiscardingTaskGroup { group in
      for channel in Channel.allCases {
        let ofChannel = events.filter { $0.event?.channel == channel }
        guard !ofChannel.isEmpty else { continue }
        group.addTask { try await self.work(on: ofChannel, of: channel) }
      }
    }
  }

  /// As fast as the provider may be called; the wait is before the claim, so that no lease runs.
  private func work(on events: [FeedEvent], of channel: Channel) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      var rest = events[...]
      while !rest.isEmpty {
        if stopping.isSet {
          // Untouched: their offsets are not stored, so that others read them.
          room.giveBack(rest.count)
          return
        }
        let now = parts.clock.steadyMilliseconds()
        switch limits.withLock({ $0[channel]?.take(upTo: rest.count, at: now) }) {
        case .wait(let milliseconds)?:
          await pause(milliseconds: min(milliseconds, 250))
        case .now(let granted)?:
          let slice = Array(rest.prefix(granted))
          rest = rest.dropFirst(granted)
          group.addTask { try await self.deliver(slice) }
        case nil:
          let slice = Array(rest)
          rest = []
          group.addTask { try await self.deliver(slice) }
        }
      }
    }
  }

  private func deliver(_ events: [FeedEvent]) async throws {
    var held = try await claim(events)
    let capabilities = await statedCapabilities(for: held)
    held = try await releasing(held) { self.begin($0, by: capabilities) }
    guard !held.isEmpty else { return }
    let ready = try await fetch(held)
    guard !ready.isEmpty else { return }
    if stopping.isSet {
      return try await release(
        ready.map { ($0.held, .plan(afterMilliseconds: 0), .stopped) })
    }
    try await intendAndCall(ready)
  }

  // MARK: Claim

  private func claim(_ events: [FeedEvent]) async throws -> [Held] {
    let outcomes = try await patiently {
      try await self.parts.ledger.claim(
        events.compactMap(\.event), owner: self.owner, timing: self.configuration.timing)
    }
    var held: [Held] = []
    var over: [FeedEvent] = []
    var slotOver = 0
    for (event, outcome) in zip(events, outcomes) {
      switch outcome {
      case .claimed(let claimed): held.append(Held(event: event, claimed: claimed))
      case .stale, .heldByAnother: over.append(event)
      case .slotOver:
        slotOver += 1
        over.append(event)
      }
    }
    count { report in
      report.claimed += held.count
      report.slotOver += slotOver
      report.dropped += over.count - slotOver
    }
    finish(over)
    return held
  }

  /// What the provider of this batch can do, where anything depends on it.
  private func statedCapabilities(for held: [Held]) async -> ProviderCapabilities? {
    guard let open = held.first(where: { $0.claimed.unresolved > 0 }) else { return nil }
    return await parts.providers[open.claimed.channel]?.statedCapabilities()
  }

  private func begin(_ held: Held, by capabilities: ProviderCapabilities?) -> BeginDecision {
    guard parts.providers[held.claimed.channel] != nil else {
      return .release(.hold, .operatorDecision)
    }
    // One that does not say keeps no keys, as far as anybody knows.
    return BeginDecision.decide(
      held.claimed, provider: capabilities ?? ProviderCapabilities(), timing: configuration.timing)
  }

  /// Gives back those that may not begin; the others.
  private func releasing(
    _ all: [Held], _ decide: (Held) -> BeginDecision
  ) async throws -> [Held] {
    var kept: [Held] = []
    var given: [(Held, Release.Then, DeliveryReason)] = []
    for held in all {
      switch decide(held) {
      case .begin: kept.append(held)
      case .release(let then, let reason): given.append((held, then, reason))
      }
    }
    try await release(given)
    return kept
  }

  private func release(_ given: [(Held, Release.Then, DeliveryReason)]) async throws {
    guard !given.isEmpty else { return }
    let releases = given.map { held, then, reason in
      Release(key: held.claimed.key, fence: held.claimed.fence, then: then, reason: reason)
    }
    _ = try await patiently { try await self.parts.ledger.release(releases) }
    count { $0.released += given.count }
    finish(given.map(\.0.event))
  }

  // MARK: Fetch

  /// A store out of reach: tried again after this, no attempt counted.
  private static let storeRetryMilliseconds: Int64 = 10_000

  private func fetch(_ held: [Held]) async throws -> [Ready] {
    let fetched = await parts.bills.fetch(held.map(\.claimed.bill))
    var ready: [Ready] = []
    var given: [(Held, Release.Then, DeliveryReason)] = []
    for (held, bill) in zip(held, fetched) {
      switch await checked(bill, held.claimed) {
      case .bytes(let bytes):
        if let provider = parts.providers[held.claimed.channel],
          let recipient = open(held.claimed)
        {
          ready.append(Ready(held: held, bytes: bytes, recipient: recipient, provider: provider))
        } else {
          given.append((held, .hold, .contactUnreadable))
        }
      case .impossible: given.append((held, .hold, .billUnusable))
      case .unreachable:
        given.append(
          (held, .plan(afterMilliseconds: Self.storeRetryMilliseconds), .storeUnreachable))
      }
    }
    try await release(given)
    return ready
  }

  /// The bytes with the promised hash: as they lie there, or made again.
  private func checked(_ bill: FetchedBill, _ claimed: ClaimedDelivery) async -> RemadeBill {
    switch bill {
    case .unreachable: return .unreachable
    case .bytes(let bytes)
    where ContentHash(of: bytes) == claimed.sha256 || PlantedBug.billUnchecked.isPlanted:
      return .bytes(bytes)
    case .bytes, .missing:
      count { $0.remade += 1 }
      logger.warning(
        "a bill is missing or altered; it is made again",
        metadata: ["bill": "\(claimed.bill.path)"])
      let remade = await parts.remaker.remake(claimed.bill, expected: claimed.sha256)
      if case .bytes(let bytes) = remade, ContentHash(of: bytes) != claimed.sha256 {
        return .impossible
      }
      return remade
    }
  }

  private func open(_ claimed: ClaimedDelivery) -> String? {
    try? parts.seal.open(claimed.sealedContact, column: claimed.channel.contact)
  }

  // MARK: Intend and call

  private func intendAndCall(_ ready: [Ready]) async throws {
    // Before the statement: whatever it takes is taken off the time the calls have.
    let since = parts.clock.steadyMilliseconds()
    let outcomes: [IntentOutcome]
    do {
      outcomes = try await parts.ledger.intend(
        ready.map(\.intent), timing: configuration.timing)
    } catch {
      // Whether it was committed is unknown; that nothing was sent is certain.
      logger.warning("intents were not answered", metadata: ["cause": "\(error)"])
      try await release(
        ready.map { ($0.held, .plan(afterMilliseconds: 1000), .notWritten) })
      // Tried again, anything else would fail again, and for ever.
      guard let error = error as? StoreError, error.isRetryable else { throw error }
      return
    }
    let deadline = CallDeadline(clock: parts.clock, since: since, timing: configuration.timing)
    var over: [FeedEvent] = []
    await withDiscardingTaskGroup { calls in
      for (ready, outcome) in zip(ready, outcomes) {
        switch outcome {
        case .intended(let attempt, let channelAttempt, let notAfter):
          calls.addTask {
            await self.call(ready, attempt, channelAttempt, deadline: deadline, notAfter: notAfter)
          }
        case .stale, .released: over.append(ready.held.event)
        }
      }
      count { report in
        report.intended += ready.count - over.count
        report.released += over.count
      }
      finish(over)
    }
  }

  private func call(
    _ ready: Ready, _ attempt: Int, _ channelAttempt: Int, deadline: CallDeadline,
    notAfter: Timestamp
  ) async {
    let claimed = ready.held.claimed
    let message = ProviderMessage(
      channel: claimed.channel, recipient: ready.recipient, content: ready.bytes,
      attempt: channelAttempt)
    let outcome =
      deadline.permitsWriting
      ? await ready.provider.send(
        message, key: claimed.idempotencyKey, deadline: deadline,
        notAfter: notAfter)
      : .notWritten
    results.append(
      Finished(
        event: ready.held.event,
        result: SendResult(
          key: claimed.key, fence: claimed.fence, attempt: attempt, channel: claimed.channel,
          outcome: outcome,
          jitter: parts.random.next())))
  }
}

extension Consumer.Ready {
  fileprivate var intent: Intent {
    Intent(
      key: held.claimed.key, generation: held.claimed.generation, fence: held.claimed.fence,
      channel: held.claimed.channel, sha256: held.claimed.sha256,
      recipientHash: held.claimed.contactHash, provider: provider.name)
  }
}

import Audit
import Billing
import Delivery
import Synchronization

/// What the providers really took, kept apart from everything that is simulated: it never fails.
final class Witness: AuditAcceptances {
  struct Message: Hashable, Sendable {
    var key: String
    var at: Timestamp
    var digest: MessageDigest
  }

  private let messages = Mutex<[Message]>([])

  var all: [Message] { messages.withLock { $0 } }

  func accept(_ key: String, _ digest: MessageDigest, at moment: Timestamp) {
    messages.withLock { $0.append(Message(key: key, at: moment, digest: digest)) }
  }

  func has(_ key: String) -> Bool { messages.withLock { $0.contains { $0.key == key } } }

  /// When it was taken for the first time.
  func firstTaken(_ key: String) -> Timestamp? {
    messages.withLock { messages in messages.first { $0.key == key }?.at }
  }

  /// Whether it was taken for the first time since a moment.
  func has(_ key: String, since moment: Timestamp) -> Bool {
    firstTaken(key).map { $0 >= moment } ?? false
  }

  func readableProviders() async throws -> Set<String> {
    Set(Channel.allCases.map(SimulatedProvider.name(of:)))
  }

  func acceptances(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [Audit.Acceptance] {
    all.compactMap { message -> Audit.Acceptance? in
      guard let (key, channel) = DeliveryKey.parse(idempotencyKey: message.key),
        key.month == month, customers.contains(key.customer)
      else { return nil }
      return Audit.Acceptance(
        delivery: key, channel: channel, at: message.at, digest: message.digest)
    }.sorted { $0.delivery < $1.delivery }
  }
}

/// A provider as unreliable as any: refuses, loses requests and answers, and takes messages long
/// after nobody waits for them.
struct SimulatedProvider: Provider {
  /// How a request is met.
  private enum Meeting: Equatable {
    case accept
    case reject
    case refuse
    case loseRequest
    case loseAnswer
    /// Something before it answers 429 or 503, whether it passes the message on or not.
    case putOff(passedOn: Bool)
    /// It arrives after the call was given up.
    case arriveLate
  }

  let name: String
  let capabilities: ProviderCapabilities
  let world: SimulatedWorld

  static func name(of channel: Channel) -> String { "simulated-\(channel.rawValue)" }

  func statedCapabilities() async -> ProviderCapabilities? { capabilities }

  func send(
    _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
  ) async -> SendOutcome {
    guard deadline.permitsWriting else { return .notWritten }
    let call = await world.invariants.checkWrite(key, message)
    let outcome = await meet(
      key, digest(of: message), deadline: deadline, notAfter: notAfter)
    if let call { world.invariants.calls.end(call, with: outcome) }
    return outcome
  }

  private func digest(of message: ProviderMessage) -> MessageDigest {
    MessageDigest(
      content: ContentHash(of: message.content),
      recipientHash: world.seal.lookupHash(
        message.recipient, column: message.channel == .email ? .email : .phone))
  }

  private func meet(
    _ key: String, _ digest: MessageDigest, deadline: CallDeadline, notAfter: Timestamp
  ) async -> SendOutcome {
    let meeting = world.hasFaultyProviders ? pick() : .accept
    let answerAt = deadline.remainingMilliseconds
    switch meeting {
    case .loseRequest:
      await world.loop.sleep(until: world.loop.now + answerAt)
      return .unknown
    case .arriveLate:
      // Often just behind the deadline, where clocks that differ matter.
      let late = world.random.next() % 2 == 0 ? 90_000 : 900_000
      let delay = answerAt + world.upTo(late)
      let at = world.loop.now + delay
      world.later(at) { _ = take(key, digest, notAfter: notAfter) }
      await world.loop.sleep(until: world.loop.now + answerAt)
      return .unknown
    case .putOff(let isPassedOn):
      await world.loop.sleep(until: world.loop.now + 20)
      if isPassedOn { _ = take(key, digest, notAfter: notAfter) }
      let wait = world.random.next() % 2 == 0 ? world.upTo(300_000) : nil
      return .putOff(isPassedOn ? .unavailable : .throttled, retryAfterMilliseconds: wait)
    case .accept, .reject, .refuse, .loseAnswer:
      await world.loop.sleep(until: world.loop.now + 20 + Int64(world.random.next() % 1200))
      if Task.isCancelled { return .unknown }
      return answer(meeting, key, digest, notAfter: notAfter)
    }
  }

  private func pick() -> Meeting {
    switch world.random.next() % 100 {
    case ..<6: .reject
    case ..<16: .refuse
    case ..<22: .loseRequest
    case ..<29: .loseAnswer
    case ..<34: .arriveLate
    case ..<37: .putOff(passedOn: false)
    case ..<40: .putOff(passedOn: true)
    default: .accept
    }
  }

  private func answer(
    _ meeting: Meeting, _ key: String, _ digest: MessageDigest, notAfter: Timestamp
  ) -> SendOutcome {
    // One that keeps keys says of a message that it has what it said the first time.
    let isKnown = knows(key)
    switch meeting {
    case .reject where !isKnown: return .rejected(code: "noSuchRecipient")
    case .refuse where !isKnown: return .notAccepted(retryAfterMilliseconds: nil)
    default:
      guard take(key, digest, notAfter: notAfter) else {
        return .notAccepted(retryAfterMilliseconds: nil)
      }
      return meeting == .loseAnswer ? .unknown : .accepted(reference: key)
    }
  }

  /// Whether it is taken, now or before.
  private func take(_ key: String, _ digest: MessageDigest, notAfter: Timestamp) -> Bool {
    let now = Timestamp(milliseconds: world.loop.now)
    // By its own clock, which need not be right.
    if capabilities.refusesLate,
      now.adding(milliseconds: world.scenario.providerSkewMilliseconds) > notAfter
    {
      return false
    }
    if knows(key) { return true }
    world.witness.accept(key, digest, at: now)
    if world.scenario.reportsEvents { world.report(key) }
    return true
  }

  /// It forgets a key after its time, and not a second later than it promised.
  private func knows(_ key: String) -> Bool {
    guard let kept = capabilities.keepsKeySeconds else { return false }
    return world.witness.has(
      key, since: Timestamp(milliseconds: world.loop.now - kept * 1000))
  }

  func lookUp(_ key: String) async -> LookUpOutcome {
    guard capabilities.canBeAsked else { return .unavailable }
    world.invariants.calls.ask(about: key)
    guard let taken = world.witness.firstTaken(key) else { return .absent }
    // What it took a moment ago it need not know of yet.
    let settles = capabilities.lookUpSettlesSeconds ?? 300
    let isSettled = taken.adding(seconds: settles).milliseconds <= world.loop.now
    return isSettled || world.random.next() % 4 == 0 ? .found(reference: key) : .absent
  }
}

import Billing
import Delivery
import Synchronization

/// What was really written to providers and what they really answered, by attempt: what is recorded
/// of an attempt has to agree with it.
final class ProviderCalls: Sendable {
  /// A call under way.
  struct Call: Sendable {
    let delivery: DeliveryKey
    let attempt: Int64
  }

  /// An attempt as the ledger has it.
  struct Attempt: Sendable {
    var id: Int64
    /// See the schema; `nil` while it is open.
    var outcome: Int64?
    var reason: String?
  }

  private struct State {
    var underWay: [DeliveryKey: Int] = [:]
    var written: Set<Int64> = []
    var answers: [Int64: SendOutcome] = [:]
    /// Deliveries whose provider was asked about them.
    var asked: Set<DeliveryKey> = []
  }

  private let state = Mutex(State())

  func begin(_ delivery: DeliveryKey, attempt: Int64) -> Call {
    state.withLock { state in
      state.underWay[delivery, default: 0] += 1
      state.written.insert(attempt)
    }
    return Call(delivery: delivery, attempt: attempt)
  }

  func end(_ call: Call, with outcome: SendOutcome) {
    state.withLock { state in
      state.underWay[call.delivery, default: 1] -= 1
      state.answers[call.attempt] = outcome
    }
  }

  func ask(about idempotencyKey: String) {
    guard let (key, _) = DeliveryKey.parse(idempotencyKey: idempotencyKey) else { return }
    state.withLock { _ = $0.asked.insert(key) }
  }

  func wasAsked(about delivery: DeliveryKey) -> Bool {
    state.withLock { $0.asked.contains(delivery) }
  }

  /// While a call is under way nobody takes its delivery from who makes it (R2): what is wrong with
  /// this state.
  func fault(in state: DeliveryState, of delivery: DeliveryKey) -> String? {
    switch state {
    case .sending, .uncertain, .accepted: nil
    default:
      self.state.withLock { $0.underWay[delivery, default: 0] > 0 }
        ? "while its call is under way" : nil
    }
  }

  /// A delivery goes on after an attempt only where that is known to have failed, and is uncertain
  /// otherwise: what is wrong with this state after it left `sending`.
  func fault(in state: DeliveryState, after attempt: Attempt) -> String? {
    switch state {
    case .sending, .uncertain, .accepted: return nil
    default: break
    }
    let (isWritten, answer) = self.state.withLock {
      ($0.written.contains(attempt.id), $0.answers[attempt.id])
    }
    switch (attempt.outcome, answer) {
    case (1, _): return nil
    case (2, .rejected): return nil
    case (3, .notAccepted): return nil
    case (3, nil), (3, .notWritten): return isWritten ? "as never written, but it was" : nil
    default: return "although nobody knows that its attempt failed"
    }
  }
}

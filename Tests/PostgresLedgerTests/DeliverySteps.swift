import Billing
import BillingTestKit
import Delivery
import Dispatching
import Importing

@testable import PostgresLedger

extension LedgerStep {
  static let dispatching = [
    LedgerStep("DispatchTime.keepTime(_)") { life in
      "\(try await life.ledger.keepTime(.real))"
    },
    LedgerStep("DispatchTime.turnTime(to)") { life in
      "\(try await life.ledger.turnTime(to: .simulated))"
    },
    advance(seconds: 60), queueDue(), advance(seconds: 120), takeUnpublished(), markPublished(),
  ]

  static let delivering = [
    claim(), intend(), release(), record(), recordAccepted(), advance(seconds: 300), reap(),
    takeUncertain(), resolve(), advance(seconds: 400), act(),
  ]

  /// What the slot's end leaves, and a customer that changes.
  static let ending = [
    advance(seconds: 600), queueDue(), advance(seconds: 7201), sweep(),
    record([.customers([LedgerLife.changed])]),
  ]

  // MARK: Dispatch

  private static func advance(seconds: Int64) -> LedgerStep {
    LedgerStep("DispatchTime.advance(to)") { life in
      "\(try await life.ledger.advance(to: DeliveryScene.start.adding(seconds: seconds)))"
    }
  }

  private static func sorted(_ events: [DeliveryEvent]) -> [DeliveryEvent] {
    events.sorted { $0.delivery < $1.delivery }
  }

  private static func queueDue() -> LedgerStep {
    LedgerStep("DispatchQueue.queueDue(_)") { life in
      guard let zone = ZoneRules("UTC") else { throw Unexpected("there is no UTC") }
      let outcome = try await life.ledger.queueDue(
        QueueRequest(
          zone: "UTC", slot: zone.slot(at: try await life.ledger.now()), after: nil,
          onlyAgain: false, maxLatenessSeconds: 7 * 86_400, limit: 100))
      guard case .batch(let batch) = outcome else { throw Unexpected("the slot was over") }
      guard !batch.events.isEmpty else { throw Unexpected("nothing was due") }
      life.events = sorted(batch.events)
      return "\(life.events) held \(batch.held), suppressed \(batch.suppressed)"
    }
  }

  private static func takeUnpublished() -> LedgerStep {
    LedgerStep("DispatchQueue.takeUnpublished(olderThanSeconds)") { life in
      "\(sorted(try await life.ledger.takeUnpublished(olderThanSeconds: 30, limit: 10)))"
    }
  }

  private static func markPublished() -> LedgerStep {
    LedgerStep("DispatchQueue.markPublished(_)") { life in
      let marks = life.events.enumerated().map { offset, event in
        PublishedMark(
          delivery: event.delivery, generation: event.generation, partition: 1,
          offset: Int64(offset))
      }
      return "\(try await life.ledger.markPublished(marks))"
    }
  }

  // MARK: Delivery

  private static func claim() -> LedgerStep {
    LedgerStep("DeliveryClaims.claim(_)") { life in
      let outcomes = try await life.ledger.claim(life.events, owner: "a", timing: .standard)
      life.claims = outcomes.compactMap { outcome in
        if case .claimed(let claimed) = outcome { claimed } else { nil }
      }
      guard life.claims.count == 6 else { throw Unexpected("not everything was claimed") }
      return "\(life.claims)"
    }
  }

  /// All but the last.
  private static func intend() -> LedgerStep {
    LedgerStep("DeliveryClaims.intend(_)") { life in
      let outcomes = try await life.ledger.intend(
        life.claims.dropLast().map(\.intent), timing: .standard)
      life.attempts = outcomes.compactMap { outcome in
        if case .intended(let attempt, _, _) = outcome { attempt } else { nil }
      }
      guard life.attempts.count == 5 else { throw Unexpected("not everything was intended") }
      return "\(outcomes)"
    }
  }

  private static func release() -> LedgerStep {
    LedgerStep("DeliveryClaims.release(_)") { life in
      let claim = life.claims[5]
      let outcomes = try await life.ledger.release([
        Release(
          key: claim.key, fence: claim.fence, then: .plan(afterMilliseconds: 0), reason: .stopped)
      ])
      return "\(outcomes)"
    }
  }

  private static func record() -> LedgerStep {
    LedgerStep("DeliveryRecords.record(_)") { life in
      let outcomes = try await life.ledger.record([
        life.claims[0].result(.accepted(reference: "m1"), attempt: life.attempts[0]),
        life.claims[1].result(.unknown, attempt: life.attempts[1]),
      ])
      return "\(outcomes)"
    }
  }

  private static func recordAccepted() -> LedgerStep {
    LedgerStep("DeliveryRecords.recordAccepted(_)") { life in
      let outcomes = try await life.ledger.recordAccepted([
        AcceptanceEvidence(idempotencyKey: life.claims[2].idempotencyKey, reference: "m3")
      ])
      return "\(outcomes)"
    }
  }

  private static func reap() -> LedgerStep {
    LedgerStep("DeliveryReconciliation.reap(timing)") { life in
      "\(try await life.ledger.reap(timing: .standard, limit: 10))"
    }
  }

  private static func takeUncertain() -> LedgerStep {
    LedgerStep("DeliveryReconciliation.takeUncertain(on)") { life in
      life.uncertain = try await life.ledger
        .takeUncertain(on: .email, leaseSeconds: 60, limit: 10).sorted { $0.key < $1.key }
      return "\(life.uncertain.map { "\($0.key) \($0.generation)" })"
    }
  }

  private static func resolve() -> LedgerStep {
    LedgerStep("DeliveryReconciliation.resolve(_)") { life in
      let uncertain = life.uncertain
      let findings: [Resolution.Finding] = [
        .sendAgain, .absent(jitter: 0), .park,
      ]
      guard uncertain.count == findings.count else { throw Unexpected("\(uncertain)") }
      let outcomes = try await life.ledger.resolve(
        zip(uncertain, findings).map {
          Resolution(key: $0.key, generation: $0.generation, finding: $1)
        }, who: "reconciler")
      return "\(outcomes)"
    }
  }

  private static func act() -> LedgerStep {
    LedgerStep("OperatorActions.act(_)") { life in
      let found = try await life.ledger.find(
        DeliveryQuery(states: [.uncertain]), after: nil, limit: 10)
      guard found.deliveries.count == 1 else { throw Unexpected("\(found)") }
      let provider = ProviderCapabilities(keepsKeySeconds: nil)
      let outcomes = try await life.ledger.act(
        OperatorRequest(
          .resolveAccepted(reference: "m5"), providers: [.email: provider, .sms: provider],
          timing: .standard, jitter: 7), on: found.deliveries,
        signature: OperatorSignature(who: "kim", why: "they said so"))
      return "\(outcomes)"
    }
  }

  private static func sweep() -> LedgerStep {
    LedgerStep("DeliveryReconciliation.sweep(committed)") { life in
      "\(try await life.ledger.sweep(committed: [1: 10], limit: 10))"
    }
  }
}

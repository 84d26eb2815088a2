import Billing
import BillingTestKit
import Importing
import Rendering
import Runs
import Settlement

@testable import PostgresLedger

extension LedgerStep {
  static let beginning = [
    LedgerStep("RenderingPolicies.apply(_)") { life in
      "\(try await life.ledger.apply(.first, activating: true))"
    },
    LedgerStep("ContactKeyMark.claimContactKey(_)") { life in
      "\(try await life.ledger.claimContactKey([1, 2, 254]))"
    },
    record([.customers(LedgerLife.recorded)]),
  ]

  /// One worker begins and goes away, another fails, and goes on.
  static let settling = [
    open(.settlement, by: "a"), start(0, size: 3), claimChunk(0), renew(), giveBack(),
    claimChunk(0), settle(), claimChunk(0), release(), open(.settlement, by: "b"), fail(),
    open(.settlement, by: "b"), claimChunk(0), settle(), complete(0), complete(),
  ]

  static let rendering = [
    open(.rendering, by: "a"), start(0, size: 6), claimChunk(0), render(), complete(0),
    start(1, size: 6), claimChunk(1), makeDeliveries(), complete(1), complete(),
    recordIssues(),
  ]

  // MARK: Inputs

  static func record(_ batches: [InputBatch]) -> LedgerStep {
    LedgerStep("InputLedger.recordInputs(source)", isRepeatable: false) { life in
      let recorded = try await life.ledger.recordInputs(source: "test") { writer in
        .keep(try batches.map { try writer.record($0).counts })
      }
      return "\(recorded.outcome) \(recorded.result)"
    }
  }

  // MARK: Runs

  private static func open(_ job: Job, by worker: String) -> LedgerStep {
    LedgerStep("RunLedger.open(_)") { life in
      let request = RunRequest(
        key: RunKey(job: job, month: LedgerLife.month, kind: .regular, sequence: 1),
        catalogVersion: "c", policyVersion: 1, templateVersion: 1, programVersion: "test",
        worker: worker, leaseSeconds: 60, steps: ["first", "second"])
      let (how, hold) =
        switch try await life.ledger.open(request) {
        case .started(let hold): ("started", hold)
        case .resumed(let hold): ("resumed", hold)
        case .joined, .completed, .held: throw Unexpected("the run was not to be had")
        }
      if job == .settlement { life.settlement = hold.run.id }
      life.hold = hold
      return "\(how) by \(hold.worker), fence \(hold.run.fence), cutoff \(hold.run.pins.cutoff)"
    }
  }

  private static func start(_ step: Int, size: Int) -> LedgerStep {
    LedgerStep("RunLedger.start(step)") { life in
      let customers = LedgerLife.customers
      let chunks = stride(from: 0, to: customers.count, by: size).enumerated().map { index, first in
        ChunkRange(
          index: index, lower: customers[first], upper: customers[first + size - 1], items: size)
      }
      let totals = ControlTotals(count: 6, sum: 60, hash: ContentHash(of: [1]))
      let outcome = try await life.ledger.start(
        step: step, expected: totals, chunks: chunks, under: life.held())
      return "\(outcome)"
    }
  }

  private static func claimChunk(_ step: Int) -> LedgerStep {
    LedgerStep("RunLedger.claimChunk(step)") { life in
      let outcome = try await life.ledger.claimChunk(
        step: step, under: life.held(), leaseSeconds: 60)
      guard case .claimed(let chunk) = outcome else { throw Unexpected("no chunk was free") }
      life.chunk = chunk
      return "chunk \(chunk.range), fence \(chunk.fence), attempt \(chunk.attempt)"
    }
  }

  private static func renew() -> LedgerStep {
    LedgerStep("RunLedger.renew(_)") { life in
      life.clock.advance(seconds: 10)
      return "\(try await life.ledger.renew(life.held(), leaseSeconds: 60))"
    }
  }

  private static func giveBack() -> LedgerStep {
    LedgerStep("RunLedger.giveBack(_)") { life in
      let outcome = try await life.ledger.giveBack(
        life.claimed(), reason: "try later", retryAfterSeconds: 0)
      return "\(outcome)"
    }
  }

  private static func release() -> LedgerStep {
    LedgerStep("RunLedger.release(_)") { life in
      try await life.ledger.release(life.held())
      return "released"
    }
  }

  private static func fail() -> LedgerStep {
    LedgerStep("RunLedger.fail(_)") { life in
      "\(try await life.ledger.fail(life.held(), reason: "broken"))"
    }
  }

  private static func complete(_ step: Int) -> LedgerStep {
    LedgerStep("RunLedger.complete(step)") { life in
      let outcome = try await life.ledger.complete(
        step: step, actual: ControlTotals(count: 6, sum: 60), under: life.held())
      return "\(outcome)"
    }
  }

  private static func complete() -> LedgerStep {
    LedgerStep("RunLedger.complete(_)") { life in
      let outcome = try await life.ledger.complete(
        life.held(), parked: 1, seal: ContentHash(of: [2]))
      return "\(outcome)"
    }
  }

  // MARK: Checkpoints

  private static func key(_ customer: CustomerID) -> StatementKey {
    StatementKey(month: LedgerLife.month, customer: customer, version: 1)
  }

  private static func customers(of chunk: ClaimedChunk) -> [CustomerID] {
    LedgerLife.customers.filter { (chunk.range.lower...chunk.range.upper).contains($0) }
  }

  private static func totals(_ count: Int) -> ChunkTotals {
    ChunkTotals(count: Int64(count), sum: 10, hash: ContentHash(of: []), parked: 0)
  }

  private static func settle() -> LedgerStep {
    LedgerStep("SettlementLedger.commit(_)") { life in
      let chunk = try life.claimed()
      let manifest = customers(of: chunk).map { customer in
        ManifestRow(
          key: key(customer), run: chunk.hold.run.id, hash: ContentHash(of: [3]), total: 10)
      }
      let outcome = try await life.ledger.commit(
        SettlementCheckpoint(
          chunk: chunk, totals: totals(manifest.count), manifest: manifest, parked: [],
          unrated: customers(of: chunk).map { customer in
            UnratedRow(
              customer: customer, line: LineID(customer.number), kind: .usageOfUnknownMetric,
              usage: UsageQuantity(metric: "nowhere", quantity: FixedDecimal("1.5")!))
          }))
      return "\(outcome)"
    }
  }

  private static func render() -> LedgerStep {
    LedgerStep("RenderingLedger.commit(_)") { life in
      let chunk = try life.claimed()
      let bills = customers(of: chunk).flatMap { customer in
        Channel.allCases.map { channel in
          let key = BillKey(statement: key(customer), policy: 1, template: 1, channel: channel)
          return BillRow(
            key: key, dueDate: nil, size: 10, sha256: DeliveryScene.hash(of: key))
        }
      }
      let outcome = try await life.ledger.commit(
        RenderingCheckpoint(chunk: chunk, totals: totals(bills.count / 2), bills: bills))
      return "\(outcome)"
    }
  }

  private static func makeDeliveries() -> LedgerStep {
    LedgerStep("RenderingLedger.makeDeliveries(_)") { life in
      let outcome = try await life.ledger.makeDeliveries(
        DeliveriesRequest(
          chunk: life.claimed(),
          selection: .madeBy(run: life.settlement, month: LedgerLife.month), policy: .first))
      return "\(outcome)"
    }
  }

  private static func recordIssues() -> LedgerStep {
    LedgerStep("RenderingLedger.recordIssues(_)") { life in
      let delivery = DeliveryKey(
        month: LedgerLife.month, customer: LedgerLife.customers[0], kind: .bill, sequence: 1)
      let issue = AwaitedIssue(
        delivery: delivery, version: 1, number: 2, dueDate: LedgerLife.month.next.next.firstDay,
        policy: 1, template: 1)
      let bills = Channel.allCases.map { channel in
        let key = BillKey(
          statement: issue.statement, issue: issue.number, policy: 1, template: 1,
          channel: channel)
        return BillRow(
          key: key, dueDate: issue.dueDate, size: 10, sha256: DeliveryScene.hash(of: key))
      }
      try await life.ledger.recordIssues([MadeIssue(issue, bills: bills)])
      return "recorded"
    }
  }
}

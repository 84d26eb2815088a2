import Billing
import BillingTestKit
import FaultyNetwork
import Foundation
import LedgerTestKit
import Testing

@testable import PostgresLedger

/// Whatever becomes of a commit's question or answer on the way, the caller is told what is so, and
/// the ledger holds each transaction once.
@Suite("Commits that get lost", .timeLimit(.minutes(10)))
struct LostCommitTests {
  /// What a step left: what the caller was told, and all that is in the ledger.
  private struct Moment: Sendable {
    var told: String
    var ledger: LedgerDump
  }

  /// The month over a network without faults.
  private static let reference = Task {
    let url = try await TestDatabase.url()
    let database = TestDatabase.open(url)
    var life = LedgerLife(on: database)
    var moments: [Moment] = []
    for step in LedgerStep.all {
      let told = try await step.run(&life)
      moments.append(Moment(told: told, ledger: try await LedgerDump(of: database)))
    }
    return moments
  }

  /// A step that changed nothing could be lost without anybody seeing it.
  @Test func `every step of the month changes the ledger in one transaction`() async throws {
    let moments = try await Self.reference.value
    var commits = 0
    for (step, moment) in zip(LedgerStep.all, moments) {
      commits += 1
      #expect(moment.ledger.commits == commits, "\(step.write)")
    }
    for (position, (before, after)) in zip(moments, moments.dropFirst()).enumerated() {
      #expect(before.ledger.rows != after.ledger.rows, "\(LedgerStep.all[position + 1].write)")
    }
  }

  @Test func `every writing transaction of the ledger is a step of the month`() throws {
    let folder = Fixture.folder("../Sources/PostgresLedger/Ledger")
    var writes: [String] = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder)
    where file.hasSuffix(".swift") {
      let text = try Fixture.text("\(folder)/\(file)")
      let functions = text.matches(of: /func (\w+)(?:<[^>]*>)?\(\s*(\w+)/)
      for write in text.ranges(of: /database\s*\.write\b/) {
        let function = try #require(
          functions.last { $0.range.lowerBound < write.lowerBound }?.output)
        writes.append("\(file.dropLast(6)).\(function.1)(\(function.2))")
      }
    }
    #expect(writes.count >= 29)
    #expect(Set(writes).count == writes.count, "one transaction a function, or name them apart")
    #expect(Set(writes) == Set(LedgerStep.all.map(\.write)))
  }

  @Test(arguments: LostCommit.allCases)
  func `a month, each of whose commits is lost, is as if none had been`(
    lost: LostCommit
  ) async throws {
    let network = try await FaultyDatabase(try await TestDatabase.url())
    let direct = TestDatabase.open(network.direct)
    var life = LedgerLife(on: network.database())
    var before = try await LedgerDump(of: direct)
    for (position, step) in LedgerStep.all.enumerated() {
      let expected = try await Self.reference.value[position]
      network.proxy.set(.toServer, lost.script, times: 1)
      if !step.isRepeatable, lost == .questionLost {
        let error = await #expect(throws: StoreError.self) { try await step.run(&life) }
        #expect(error?.kind == .unreachable)
        #expect(try await LedgerDump(of: direct) == before, "nothing of it stayed")
      }
      let told = try await step.run(&life)
      #expect(network.proxy.counts.acted == position + 1, "its commit was lost, once")
      #expect(told == expected.told, "\(step.write)")
      let after = try await LedgerDump(of: direct)
      #expect(after.commits == expected.ledger.commits, "\(step.write)")
      try #require(after.rows.difference(from: expected.ledger.rows).isEmpty, "\(step.write)")
      before = after
    }
    try await network.proxy.close()
  }

  @Test(arguments: LostCommit.allCases)
  func `a migration whose commit is lost is applied once`(lost: LostCommit) async throws {
    let network = try await FaultyDatabase(try await TestDatabase.emptyURL())
    let script: [TCPProxy.Step] =
      switch lost {
      case .answerLost:
        [
          .pass(.after("INSERT INTO schema_migrations")), .pass(.after(FaultyDatabase.commit)),
          .cut,
        ]
      case .questionLost:
        [
          .pass(.after("INSERT INTO schema_migrations")), .pass(.before(FaultyDatabase.commit)),
          .cut,
        ]
      }
    network.proxy.set(.toServer, script, times: 1)
    let ledger = PostgresLedger(database: network.database())
    try await ledger.migrate()
    #expect(network.proxy.counts.acted == 1)
    try await ledger.checkSchema()
    #expect(try await ledger.migrate() == 0)
    #expect(try await ledger.claimContactKey([1]) == .same)
    try await network.proxy.close()
  }
}

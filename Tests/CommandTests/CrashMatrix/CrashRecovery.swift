import Billing
import BillingTestKit
import Foundation
import Testing

/// What could not be brought to an end, in words.
struct CrashFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// Takes a month to its end, wherever it was left, with the commands that anybody would use.
struct CrashRecovery: Sendable {
  enum Way: Sendable {
    /// settle, render, and dispatch and deliver for as long as something is left to do.
    case commands
    /// `billing run`, on a simulated clock.
    case run
  }

  let platform: CrashPlatform
  let way: Way
  /// Processes take milliseconds, leases seconds: whatever takes this long hangs.
  private let boundSeconds = 240

  func finish() async throws {
    switch way {
    case .commands:
      try await complete(["settle", CrashMonth.month])
      try await complete(["render", CrashMonth.month])
      try await send()
    case .run: try await complete(["run", CrashMonth.month])
    }
  }

  /// Again while somebody else is at it.
  private func complete(_ arguments: [String]) async throws {
    let start = ContinuousClock.now
    while true {
      let ending = try await BillingProcess(arguments, in: platform.folder).ending()
      if ending.status == 0, !ending.wasKilled { return }
      guard ending.status == 75, ContinuousClock.now - start < .seconds(boundSeconds) else {
        throw CrashFailure("\(arguments) ended with \(ending.status): \(ending.errors)")
      }
      try await becomesTrue(withinSeconds: 0.1) { false }
    }
  }

  private func send() async throws {
    let start = ContinuousClock.now
    while let moment = try await nextMoment() {
      guard ContinuousClock.now - start < .seconds(boundSeconds) else {
        throw CrashFailure("something of the month stays pending")
      }
      try await becomesTrue(withinSeconds: 15) { SystemClock().now().milliseconds > moment }
      try await complete(["dispatch"])
      try await complete(["deliver", "--drain"])
    }
  }

  /// Until no consumer that is gone holds anything and what it sent can be looked up.
  func waitsUntilLeasesAreOver() async throws -> Bool {
    guard let moment = try await nextMoment() else { return true }
    // A call's deadline, the provider's settling time, and a little more.
    return try await becomesTrue(withinSeconds: 30) {
      SystemClock().now().milliseconds > moment + 1000
    }
  }

  /// When there is something to do that is left of the month: milliseconds; `nil` when nothing is.
  private func nextMoment() async throws -> Int64? {
    let row = try await platform.ledger.rows(
      """
      SELECT count(*) FILTER (WHERE state BETWEEN 1 AND 4
          OR state = 7 AND next_at < 9223372036854775807),
        max(CASE state WHEN 3 THEN lease_until
          WHEN 4 THEN lease_until + \(CrashMonth.reapSeconds * 1000) END),
        min(CASE state WHEN 1 THEN next_at
          WHEN 2 THEN CASE WHEN \(platform.ledger.partition) IS NULL
            THEN queued_at + \(CrashMonth.republishSeconds * 1000) ELSE 0 END
          WHEN 7 THEN next_at END)
      FROM deliveries
      """, columns: 3
    ).first?.map { $0.flatMap { Int64($0) } }
    guard let row, let left = row[0], left > 0 else { return nil }
    // What somebody holds decides: the rest is done with it.
    return row[1] ?? row[2] ?? 0
  }
}

/// Waits for a condition, and says whether it came true before the bound.
@discardableResult
func becomesTrue(
  withinSeconds bound: Double, _ condition: () async throws -> Bool
) async throws -> Bool {
  let end = ContinuousClock.now + .milliseconds(Int64(bound * 1000))
  while true {
    if try await condition() { return true }
    guard ContinuousClock.now < end else { return false }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) {
        continuation.resume()
      }
    }
  }
}

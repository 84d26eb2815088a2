import Billing
import BillingTestKit
import Foundation
import Testing

/// One point of the matrix, met by a real process.
struct CrashCase: Sendable {
  enum Verdict: Sendable {
    /// The process was met there, and the month ended as if nothing had happened.
    case held
    /// The same, met at this time and not at the one that was meant, to which no process came.
    case heldAt(Int, meant: Int)
    /// The same as the first, or the middle: there are not so many.
    case sameAsAnother
    /// No process came there even once, so that nothing was shown.
    case notReached
    case failed(String)
  }

  let point: CrashPoint
  let scenario: CrashScenario
  let months: CrashMonth
  let expected: CrashOutcome
  /// How often an undisturbed process passes each moment.
  let passed: [String: Int]

  func run() async -> Verdict {
    let count = passed[point.moment] ?? 0
    // One that the counted process did not come to, another may.
    guard let meant = count == 0 ? 1 : point.occurrence.number(of: count) else {
      return .sameAsAnother
    }
    var tries = CrashTries(meant: meant, occurrence: point.occurrence)
    while let number = tries.next {
      do {
        switch try await meeting(at: number) {
        case .met: return number == meant ? .held : .heldAt(number, meant: meant)
        case .missed(let count): tries.missed(ofCount: count)
        }
      } catch let failure as CrashFailure {
        return .failed("\(failure) [\(point.moment):\(number):\(point.action.rawValue)]")
      } catch {
        return .failed("\(error)")
      }
    }
    return .notReached
  }

  private enum Meeting {
    case met
    /// The process came to this moment only so many times.
    case missed(count: Int)
  }

  private func meeting(at number: Int) async throws -> Meeting {
    let platform = try await months.copy(at: scenario.begins)
    let providers: CrashProviders?
    if let kind = scenario.providers {
      providers = try await CrashProviders(kind, in: platform)
    } else {
      providers = nil
    }
    do {
      let wasMet = try await disturb(platform, at: number)
      if wasMet {
        try await CrashRecovery(platform: platform, way: scenario.finish).finish()
        try await check(platform)
        if scenario.providers == .silent { try await resolve(platform) }
      }
      try await providers?.stop()
      let count = try timesPassed(in: platform)
      try await platform.remove()
      return wasMet ? .met : .missed(count: count)
    } catch {
      try? await providers?.stop()
      throw CrashFailure("\(error); left in \(try Self.keep(platform))")
    }
  }

  // MARK: The disturbance

  private func disturb(_ platform: CrashPlatform, at number: Int) async throws -> Bool {
    let trigger = "\(point.moment):\(number):\(point.action.rawValue)"
    let points = [scenario.circumstances, trigger].compactMap { $0 }.joined(separator: ",")
    let victim = try BillingProcess(
      scenario.command, in: platform.folder,
      environment: [
        "BILLING_FAIL_POINT": points, "BILLING_FAIL_POINT_COUNT": platform.folder.file("journal"),
      ])
    if point.action == .stop {
      let stands = try await becomesTrue(withinSeconds: 180) {
        victim.isStandingStill || victim.hasEnded
      }
      guard stands else { throw CrashFailure("it neither stands still nor ends") }
      if victim.isStandingStill {
        do {
          try await CrashRecovery(platform: platform, way: scenario.finish).finish()
        } catch {
          victim.send(SIGKILL)
          _ = try await victim.ending()
          throw CrashFailure("while it stood still: \(error)")
        }
        victim.send(SIGCONT)
      }
    }
    let ending = try await victim.ending(withinSeconds: 180)
    guard try wasMet(in: platform, at: number) else {
      guard isHarmless(ending) else {
        throw CrashFailure("undisturbed it ended with \(ending.status): \(ending.errors)")
      }
      return false
    }
    guard point.action == .kill ? ending.wasKilled : isHarmless(ending) else {
      throw CrashFailure("it ended with \(ending.status): \(ending.errors)")
    }
    return true
  }

  /// By the process's own journal.
  private func wasMet(in platform: CrashPlatform, at number: Int) throws -> Bool {
    try platform.folder.read("journal").split(separator: "\n")
      .contains("\(point.moment):\(number) \(point.action.rawValue)")
  }

  private func timesPassed(in platform: CrashPlatform) throws -> Int {
    try platform.folder.read("journal").split(separator: "\n")
      .count { $0.hasPrefix("\(point.moment):") }
  }

  /// Done, told to stop, or that somebody else has taken over; and what the circumstances bring
  /// about.
  private func isHarmless(_ ending: BillingProcess.Ending) -> Bool {
    guard !ending.wasKilled else { return false }
    switch ending.status {
    case 0, 75: return true
    case 143: return point.action == .term || scenario.circumstances?.contains(":term") == true
    case 1: return scenario.circumstances?.contains(":broken") == true
    default: return false
    }
  }

  // MARK: The end

  private func check(_ platform: CrashPlatform) async throws {
    let differences = try await CrashOutcome(of: platform).differences(
      from: expected, withStates: scenario.providers != .faulty && scenario.providers != .silent)
    guard differences.isEmpty else { throw CrashFailure(differences.joined(separator: "; ")) }
    try await ask(platform)
    let proof = try await billing("verify", CrashMonth.month, "--json", in: platform.folder)
    guard proof.status == 0, try number("pending", in: proof.output) == 0 else {
      let findings = try value("findings", in: proof.output) ?? "nothing"
      throw CrashFailure("verify ended with \(proof.status), found \(findings), \(proof.errors)")
    }
  }

  @discardableResult
  private func ask(_ platform: CrashPlatform) async throws -> CrashWitness {
    let witness = try await CrashWitness(of: platform)
    guard witness.complaints.isEmpty else {
      throw CrashFailure(witness.complaints.prefix(5).joined(separator: "; "))
    }
    return witness
  }

  /// An operator says of each uncertain delivery what the provider's own ledger says: then everybody
  /// has got one message.
  private func resolve(_ platform: CrashPlatform) async throws {
    for (key, wasTaken) in try await ask(platform).uncertain {
      let ending = try await billing(
        "deliveries", "resolve", wasTaken ? "--accepted" : "--absent", "--month",
        CrashMonth.month, "--customer", key.customer.description, "--yes", "--why",
        "asked the provider", in: platform.folder)
      guard ending.status == 0 else { throw CrashFailure("resolve: \(ending.errors)") }
    }
    try await CrashRecovery(platform: platform, way: scenario.finish).finish()
    try await check(platform)
    let states = try await ask(platform).states
    guard Set(states.keys) == [.accepted, .suppressed] else {
      throw CrashFailure("resolved, deliveries stand like this: \(states)")
    }
  }

  /// Where it can be looked at.
  private static func keep(_ platform: CrashPlatform) throws -> String {
    let kept = FileManager.default.temporaryDirectory
      .appendingPathComponent("crash-matrix-\(UUID().uuidString)").path
    try FileManager.default.copyItem(atPath: platform.folder.path, toPath: kept)
    return kept
  }
}

import BillingTestKit
import Foundation

/// The providers of a case: a process of their own, whose ledger is the witness and which survives
/// whatever happens to the others.
struct CrashProviders: Sendable {
  enum Kind: Sendable {
    /// Can be asked what they took, and refuse what comes too late.
    case asked
    /// The same, and much goes wrong: refused, rejected, taken without an answer.
    case faulty
    /// Keep no keys and cannot be asked.
    case silent

    fileprivate var options: [String] {
      let honest = ["--look-up", "1", "--refuse-late"]
      switch self {
      case .asked: return honest + ["--failures", "0 %"]
      case .faulty:
        return honest + [
          "--failures", "20 %", "--fault", "drop-before=5%", "--fault", "drop-after=5%",
          "--fault", "500-after=5%", "--fault", "garbage-after=5%", "--fault", "429=5%",
        ]
      case .silent: return ["--failures", "0 %"]
      }
    }
  }

  private let process: BillingProcess

  /// Starts them in a month's folder, and has the month's settings name them.
  init(_ kind: Kind, in platform: CrashPlatform) async throws {
    process = try BillingProcess(
      ["mock-provider", "--latency-ms", "5"] + kind.options, in: platform.folder)
    guard let port = try await process.firstLine(withinSeconds: 120).flatMap({ Int($0) }) else {
      process.send(SIGKILL)
      throw CrashFailure("the providers do not listen: \(try await process.ending().errors)")
    }
    try platform.write(settings: CrashMonth.settings(port: port))
  }

  func stop() async throws {
    process.send(SIGTERM)
    let ending = try await process.ending(withinSeconds: 120)
    guard !ending.wasKilled else { throw CrashFailure("the providers did not stop when told to") }
  }
}

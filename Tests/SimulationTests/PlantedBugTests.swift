import Billing
import Foundation
import Testing

@Suite("Planted bugs", .serialized)
struct PlantedBugTests {
  private static let mostSeeds =
    ProcessInfo.processInfo.environment["SIMULATION_SEEDS"].flatMap { UInt64($0) } ?? 500

  /// `SIMULATION_BUG` names those that are looked for, separated by commas; otherwise all are.
  private static let bugs: [PlantedBug] = {
    guard let names = ProcessInfo.processInfo.environment["SIMULATION_BUG"] else {
      return PlantedBug.allCases
    }
    return names.split(separator: ",").map { name in
      guard let bug = PlantedBug(rawValue: String(name)) else {
        preconditionFailure("SIMULATION_BUG: \(name) is no planted bug")
      }
      return bug
    }
  }()

  /// A bug that nobody finds would mean that the simulation proves little.
  @Test(arguments: bugs)
  func `each is found`(_ bug: PlantedBug) async {
    let report = await SeedSweep.run(1...Self.mostSeeds, planting: bug)
    print(
      "planted bug \(bug.rawValue): found after \(report.seeds) seeds:",
      report.failures.first?.violations.first ?? "not found")
    #expect(report.failures.count > 0)
  }
}

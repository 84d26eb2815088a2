import Billing
import Testing

@Suite("Planted bugs", .serialized)
struct PlantedBugTests {
  private static let mostSeeds: UInt64 = 500

  /// A bug that nobody finds would mean that the simulation proves little.
  @Test(arguments: PlantedBug.allCases)
  func `each is found`(_ bug: PlantedBug) async {
    let report = await SeedSweep.run(1...Self.mostSeeds, planting: bug)
    print(
      "planted bug \(bug.rawValue): found after \(report.seeds) seeds:",
      report.failures.first?.violations.first ?? "not found")
    #expect(report.failures.count > 0)
  }
}

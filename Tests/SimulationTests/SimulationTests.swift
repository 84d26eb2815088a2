import Billing
import Foundation
import Testing

@Suite("The simulation")
struct SimulationTests {
  @Test func `the same seed gives the same trace`() {
    for seed in UInt64(1)...3 {
      let first = Simulation.run(seed: seed)
      let second = Simulation.run(seed: seed)
      #expect(first.traceHash == second.traceHash)
      #expect(first.steps == second.steps)
    }
  }

  @Test func `nothing twice, nothing lost, nobody disturbed`() async {
    let report = await SeedSweep.run()
    print(report.text)
    for result in report.failures.prefix(5) {
      Issue.record("seed \(result.seed): \(result.violations.prefix(3).joined(separator: "; "))")
    }
    #expect(report.failures.count == 0)
    #expect(report.coverage.faultCount > report.seeds)
    #expect(report.accepted > 3 * report.seeds)
  }
}

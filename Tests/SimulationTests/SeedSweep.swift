import Billing
import Foundation
import Synchronization

/// Many seeds on as many threads as there are processors.
enum SeedSweep {
  struct Report: Sendable {
    var seeds = 0
    var accepted = 0
    var steps = 0
    var coverage = Coverage()
    var failures: [Simulation.Result] = []
    var seconds = 0.0

    var text: String {
      """
      simulation: \(seeds) seeds in \(String(format: "%.0f", seconds)) s, \(steps) jobs, \
      \(coverage.callCount) port calls, \(coverage.faultCount) faults, \(accepted) messages taken
      calls: \(coverage.busiest)
      \(coverage.table)
      never met: \(coverage.neverMet.isEmpty ? "nothing" : coverage.neverMet.joined(separator: ", "))
      """
    }
  }

  /// `SIMULATION_SEEDS` says how many, `SIMULATION_SEED` which one is run alone with its trace.
  static func run(_ environment: [String: String] = ProcessInfo.processInfo.environment) async
    -> Report
  {
    if let only = environment["SIMULATION_SEED"].flatMap({ UInt64($0) }) {
      let result = Simulation.run(seed: only, keepsTrace: true)
      print(result.trace.joined(separator: "\n"))
      var report = Report()
      report.add(result)
      return report
    }
    let seeds = environment["SIMULATION_SEEDS"].flatMap { UInt64($0) } ?? 250
    return await run(1...max(1, seeds))
  }

  static func run(_ seeds: ClosedRange<UInt64>, planting bug: PlantedBug? = nil) async -> Report {
    let began = Date()
    let sweep = Sweep(seeds, planting: bug)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2 {
        group.addTask { await onThread { sweep.work() } }
      }
    }
    var done = sweep.report
    done.seconds = Date().timeIntervalSince(began)
    return done
  }

  /// The seeds that are left, and what came of the others.
  private final class Sweep: Sendable {
    private let bug: PlantedBug?
    private let last: UInt64
    private let next: Mutex<UInt64>
    private let done = Mutex(Report())

    init(_ seeds: ClosedRange<UInt64>, planting bug: PlantedBug?) {
      self.bug = bug
      last = seeds.upperBound
      next = Mutex(seeds.lowerBound)
    }

    var report: Report { done.withLock { $0 } }

    func work() {
      while let seed = take() {
        let result = Simulation.run(seed: seed, planting: bug)
        done.withLock { $0.add(result) }
        // Found: the rest need not be looked at.
        if bug != nil, !result.violations.isEmpty { next.withLock { $0 = last + 1 } }
      }
    }

    private func take() -> UInt64? {
      next.withLock { next in
        guard next <= last else { return nil }
        defer { next += 1 }
        return next
      }
    }
  }

  /// A thread of its own, with a stack that deep jobs have room on.
  private static func onThread(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      let thread = Thread {
        body()
        done.resume()
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
  }
}

extension SeedSweep.Report {
  fileprivate mutating func add(_ result: Simulation.Result) {
    seeds += 1
    steps += result.steps
    accepted += result.accepted
    coverage.add(result.coverage)
    if !result.violations.isEmpty { failures.append(result) }
  }
}

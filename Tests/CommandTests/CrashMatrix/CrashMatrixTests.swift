import Billing
import BillingTestKit
import FaultInjection
import Foundation
import LedgerTestKit
import Testing

/// Real processes, met at every call that commits: killed, stopped past their leases and continued,
/// told to stop. Then the month is taken to its end, and must be as if nothing had happened.
///
/// A seeded sample by default; `scripts/crash-matrix` runs all of it.
@Suite("Crash matrix", .serialized)
struct CrashMatrixTests {
  @Test(
    "a month whose processes are met anywhere ends as if nothing had happened",
    arguments: CrashMatrix.ledgers)
  func matrix(on kind: LedgerKind) async throws {
    let matrix = CrashMatrix(on: kind, environment: ProcessInfo.processInfo.environment)
    let report = try await matrix.run()
    #expect(report.cases > 0)
    #expect(
      report.held + report.same + report.failures.count + report.notReached.count == report.cases)
    for failure in report.failures { Issue.record("\(failure) (seed \(matrix.seed))") }
    for point in report.notReached {
      Issue.record("nothing was shown: no process came to \(point) (seed \(matrix.seed))")
    }
  }

  @Test(
    "a moment that was missed is looked for where the missed process was, and at the first last")
  func tries() {
    func numbers(
      _ meant: Int, _ occurrence: CrashPoint.Occurrence, counts: (Int) -> Int
    ) -> [Int] {
      var tries = CrashTries(meant: meant, occurrence: occurrence)
      var numbers: [Int] = []
      while let number = tries.next, numbers.count < 100 {
        numbers.append(number)
        tries.missed(ofCount: counts(numbers.count))
      }
      return numbers
    }
    // Of twenty times only five, then three are left.
    #expect(numbers(20, .last) { $0 == 1 ? 5 : 3 }.prefix(3) == [20, 5, 3])
    #expect(numbers(11, .middle) { _ in 5 }.prefix(2) == [11, 3])
    // A count that does not fall: one less each time, and not for ever.
    #expect(numbers(20, .last) { _ in 40 } == [20, 19, 18, 17, 16, 1, 1, 1, 1])
    #expect(numbers(2, .last) { _ in 0 } == [2, 1, 1, 1, 1])
    #expect(numbers(1, .first) { _ in 0 } == [1, 1, 1, 1])
  }

  @Test("every call that commits is a point")
  func everyCall() {
    let met = Set(CrashScenario.all.flatMap(\.calls))
    #expect(met == Set(PortCall.committing))
    #expect(Set(CrashPoint.all.map { "\($0.scenario)/\($0.moment)" }).count >= 40)
    #expect(Set(CrashPoint.all).count == CrashPoint.all.count)
  }
}

extension CrashMatrixTests {
  @Test("the page about the matrix names every call that commits, with the scenarios that meet it")
  func page() throws {
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    var written: [String: [String]] = [:]
    for line in page.split(separator: "\n") {
      guard let row = line.wholeMatch(of: /\| `([a-z]+\.[a-zA-Z]+)` \| ([^|]+) \| .+ \|/) else {
        continue
      }
      let scenarios = row.2.split(separator: ", ").map(String.init)
      #expect(written.updateValue(scenarios, forKey: String(row.1)) == nil, "twice: \(row.1)")
    }
    var met: [String: [String]] = [:]
    for scenario in CrashScenario.all {
      for call in scenario.calls { met[call.rawValue, default: []].append(scenario.name) }
    }
    for call in Set(written.keys).union(met.keys).sorted() {
      #expect(written[call]?.sorted() == met[call]?.sorted(), "\(call)")
    }
  }

  private static var page: URL {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { folder.deleteLastPathComponent() }
    return folder.appendingPathComponent("docs/proof-crash-matrix.md")
  }
}

/// Which points are met, and by how many at once.
struct CrashMatrix: Sendable {
  let seed: UInt64
  private let kind: LedgerKind
  private let points: [CrashPoint]
  private let workers: Int
  /// Points that held are written here, one a line, and left out when they are there already.
  private let journal: String?

  /// Of CRASH_MATRIX_LEDGER, else all.
  static let ledgers: [LedgerKind] = {
    guard let wanted = ProcessInfo.processInfo.environment["CRASH_MATRIX_LEDGER"] else {
      return LedgerKind.allCases
    }
    guard let kind = LedgerKind(rawValue: wanted) else { fatalError("no such ledger: \(wanted)") }
    return [kind]
  }()

  /// - Parameter environment: CRASH_MATRIX: `all`, or how many to draw; CRASH_MATRIX_ONLY: a part of
  ///   a point's name; CRASH_MATRIX_SEED; CRASH_MATRIX_WORKERS; CRASH_MATRIX_DONE: a file.
  init(on kind: LedgerKind, environment: [String: String]) {
    self.kind = kind
    seed = environment["CRASH_MATRIX_SEED"].flatMap(UInt64.init) ?? 1
    workers = environment["CRASH_MATRIX_WORKERS"].flatMap(Int.init) ?? 2
    journal = environment["CRASH_MATRIX_DONE"]
    let size = environment["CRASH_MATRIX"]
    let only = environment["CRASH_MATRIX_ONLY"]
    let done = (try? String(contentsOfFile: journal ?? "", encoding: .utf8)) ?? ""
    let over = Set(done.split(separator: "\n").map(String.init))
    let candidates = CrashPoint.all.filter { point in
      (only.map { point.description.contains($0) } ?? true) && !over.contains(point.description)
    }
    let seed = seed
    func drawn(_ count: Int, from points: [CrashPoint]) -> [CrashPoint] {
      let random = SeededRandom(seed: seed)
      let tickets = points.map { (random.next(), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
      // The same seed draws the same points, and others for the other ledger.
      return kind == .sqlite ? Array(tickets.prefix(count)) : tickets.suffix(count)
    }
    points =
      size == "all" || only != nil
      ? candidates : drawn(size.flatMap { Int($0) } ?? kind.sampledCases, from: candidates)
  }

  struct Report: Sendable {
    var cases = 0
    var held = 0
    /// Of those that held: met at another time than the one that was meant.
    var heldElsewhere = 0
    var same = 0
    var failures: [String] = []
    var notReached: [CrashPoint] = []
  }

  func run() async throws -> Report {
    let months = CrashMonth(on: kind)
    let undisturbed = try await months.copy(at: .finished)
    let expected = try await CrashOutcome(of: undisturbed)
    try await undisturbed.remove()
    let counts = CrashCounts(months: months)
    let start = ContinuousClock.now
    say(
      "crash matrix: \(points.count) cases on \(kind.testDescription), \(workers) at once, seed \(seed)"
    )
    var report = Report()
    try await withThrowingTaskGroup(of: (CrashPoint, CrashCase.Verdict).self) { group in
      var waiting = points.makeIterator()
      func begin() {
        guard let point = waiting.next() else { return }
        group.addTask { (point, try await verdict(on: point, counts, months, expected)) }
      }
      for _ in 0..<workers { begin() }
      while let (point, verdict) = try await group.next() {
        begin()
        report.add(verdict, point)
        note(verdict, on: point)
        if report.cases % 20 == 0 || report.cases == points.count {
          let seconds = (ContinuousClock.now - start).components.seconds
          say(
            "crash matrix: \(report.cases)/\(points.count), \(report.held) held "
              + "(\(report.heldElsewhere) at another time than was meant), "
              + "\(report.same) the same as another, \(report.failures.count) failed, "
              + "\(report.notReached.count) never reached, \(seconds) s")
        }
      }
    }
    try await months.remove()
    return report
  }

  private func verdict(
    on point: CrashPoint, _ counts: CrashCounts, _ months: CrashMonth, _ expected: CrashOutcome
  ) async throws -> CrashCase.Verdict {
    guard let scenario = CrashScenario.named(point.scenario) else {
      return .failed("there is no such scenario")
    }
    let passed = try await counts.passed(in: scenario)
    return await CrashCase(
      point: point, scenario: scenario, months: months, expected: expected, passed: passed
    ).run()
  }

  private func note(_ verdict: CrashCase.Verdict, on point: CrashPoint) {
    switch verdict {
    case .held, .heldAt, .sameAsAnother:
      if case .heldAt(let number, let meant) = verdict {
        say("crash matrix: \(point) was met at \(number), not at \(meant)")
      }
      guard let journal else { return }
      let file = open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
      defer { close(file) }
      let line = Array("\(point)\n".utf8)
      _ = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    case .notReached: say("crash matrix: NEVER REACHED \(point)")
    case .failed(let why): say("crash matrix: FAILED \(point): \(why)")
    }
  }

  private func say(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}

extension CrashMatrix.Report {
  mutating func add(_ verdict: CrashCase.Verdict, _ point: CrashPoint) {
    cases += 1
    switch verdict {
    case .held: held += 1
    case .heldAt:
      held += 1
      heldElsewhere += 1
    case .sameAsAnother: same += 1
    case .notReached: notReached.append(point)
    case .failed(let why): failures.append("\(point): \(why)")
    }
  }
}

/// How often an undisturbed process passes each moment of a scenario; found out once.
actor CrashCounts {
  private let months: CrashMonth
  private var counted: [String: Task<[String: Int], any Error>] = [:]

  init(months: CrashMonth) {
    self.months = months
  }

  func passed(in scenario: CrashScenario) async throws -> [String: Int] {
    if let counted = counted[scenario.name] { return try await counted.value }
    let task = Task { [months] in try await Self.count(scenario, months) }
    counted[scenario.name] = task
    return try await task.value
  }

  private static func count(
    _ scenario: CrashScenario, _ months: CrashMonth
  ) async throws -> [String: Int] {
    let platform = try await months.copy(at: scenario.begins)
    var providers: CrashProviders?
    if let kind = scenario.providers { providers = try await CrashProviders(kind, in: platform) }
    var environment = ["BILLING_FAIL_POINT_COUNT": platform.folder.file("journal")]
    environment["BILLING_FAIL_POINT"] = scenario.circumstances
    _ = try await BillingProcess(
      scenario.command, in: platform.folder, environment: environment
    ).ending()
    try await providers?.stop()
    try await platform.remove()
    var passed: [String: Int] = [:]
    for line in try platform.folder.read("journal").split(separator: "\n") {
      let parts = line.split(separator: ":")
      guard parts.count == 3 else { continue }
      passed["\(parts[0]):\(parts[1])", default: 0] += 1
    }
    return passed
  }
}

extension LedgerKind {
  /// In a sample: a database is copied for each on a server, which takes longer than a file.
  fileprivate var sampledCases: Int { self == .sqlite ? 40 : 20 }
}

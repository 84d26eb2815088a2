#if FaultInjection
  import Billing
  import FaultInjection
  import Foundation
  import Rendering
  import Synchronization

  /// Named moments at which this process dies, stands still, or is told to stop, for the crash
  /// matrix; compiled in for the proofs alone.
  ///
  ///     BILLING_FAIL_POINT=deliver.record:after:2:kill
  ///     BILLING_FAIL_POINT=settle.commit:before:every:slow400,run.renew:after:1:stop
  ///     BILLING_FAIL_POINT_COUNT=FILE
  ///
  /// A point is a port's call, before or after what it commits (`inside`: half a bill is written),
  /// and the how-many-th time this process is there. The file gets a line for every moment passed,
  /// as it is passed.
  final class FailPoints: PortGate {
    static let variable = "BILLING_FAIL_POINT"
    static let countVariable = "BILLING_FAIL_POINT_COUNT"

    /// `nil` where the environment asks for nothing.
    static let current = FailPoints(environment: ProcessInfo.processInfo.environment)

    private struct State {
      var passed: [Moment: Int] = [:]
      /// Calls that are being made.
      var underWay = 0
      /// No call begins: the process is about to stand still.
      var isHalted = false
    }

    private struct Moment: Hashable {
      var call: PortCall
      var side: FailPoint.Side
    }

    private let points: [FailPoint]
    private let journal: Int32?
    private let state = Mutex(State())

    private init?(environment: [String: String]) {
      let text = environment[Self.variable]
      let path = environment[Self.countVariable]
      guard text != nil || path != nil else { return nil }
      points = (text ?? "").split(separator: ",").map { part in
        guard let point = FailPoint(String(part)) else {
          preconditionFailure("\(Self.variable): \(part) is no fail point")
        }
        return point
      }
      journal = path.map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }
    }

    func pass<Result: Sendable>(
      _ call: PortCall, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
      try await reach(call, .before)
      while !enter() { await pause(milliseconds: 1) }
      let result: Result
      do {
        result = try await body()
        leave()
      } catch {
        leave()
        throw error
      }
      try await reach(call, .after)
      return result
    }

    /// - Parameter prepare: done first, where this is a moment at which something happens.
    func reach(
      _ call: PortCall, _ side: FailPoint.Side, prepare: () async throws -> Void = {}
    ) async throws {
      let moment = Moment(call: call, side: side)
      let number = state.withLock { state in
        state.passed[moment, default: 0] += 1
        return state.passed[moment, default: 0]
      }
      let point = points.first {
        $0.call == call && $0.side == side && ($0.occurrence ?? number) == number
      }
      note("\(call.rawValue):\(side.rawValue):\(number)\(point.map { " \($0.action)" } ?? "")")
      guard let point else { return }
      try await prepare()
      try await perform(point.action, at: call)
    }

    private func perform(_ action: FailPoint.Action, at call: PortCall) async throws {
      switch action {
      case .kill: kill(getpid(), SIGKILL)
      case .trap: fatalError("ended by a fail point")
      case .stop: await standStill()
      case .term: kill(getpid(), SIGTERM)
      case .slow(let milliseconds): await pause(milliseconds: milliseconds)
      case .busy: throw Self.refusal(.busy, at: call)
      case .broken: throw Self.refusal(.broken, at: call)
      }
    }

    /// The calls that are being made end first: a process that is stopped in the middle of a
    /// transaction of SQLite keeps everybody else out until it goes on, and what others do then is
    /// what is to be seen.
    private func standStill() async {
      state.withLock { $0.isHalted = true }
      var patience = 2000
      while patience > 0, state.withLock({ $0.underWay }) > 0 {
        await pause(milliseconds: 1)
        patience -= 1
      }
      // To this thread, which so does nothing more; sent to the process, another thread might take
      // it a moment later. Returns when the process is told to continue.
      pthread_kill(pthread_self(), SIGSTOP)
      state.withLock { $0.isHalted = false }
    }

    private func enter() -> Bool {
      state.withLock { state in
        guard !state.isHalted else { return false }
        state.underWay += 1
        return true
      }
    }

    private func leave() { state.withLock { $0.underWay -= 1 } }

    /// Not cut short by a cancellation: it stands for a slow disk or network.
    private func pause(milliseconds: Int64) async {
      await withCheckedContinuation { continuation in
        DispatchQueue.global().asyncAfter(
          deadline: .now() + .milliseconds(Int(milliseconds))
        ) { continuation.resume() }
      }
    }

    private func note(_ line: String) {
      guard let journal else { return }
      let bytes = Array((line + "\n").utf8)
      // One call, so that lines of several threads stand one below the other.
      _ = bytes.withUnsafeBytes { write(journal, $0.baseAddress, $0.count) }
    }

    private static func refusal(_ kind: StoreError.Kind, at call: PortCall) -> StoreError {
      StoreError(kind, operation: call.rawValue, detail: "refused by a fail point")
    }
  }

  /// One of them, as the variable names it.
  struct FailPoint: Sendable {
    enum Side: String, Sendable {
      case before
      case inside
      case after
    }

    enum Action: Hashable, Sendable {
      case kill
      /// As a defect of the program ends it.
      case trap
      case stop
      case term
      /// Milliseconds.
      case slow(Int64)
      /// The call is refused, and may succeed later.
      case busy
      /// The call is refused for good.
      case broken
    }

    var call: PortCall
    var side: Side
    /// 1, 2, …; `nil` for every one.
    var occurrence: Int?
    var action: Action

    /// `nil` for what is not of the form `CALL:before|inside|after:NUMBER|every:ACTION`.
    init?(_ text: String) {
      let parts = text.split(separator: ":").map(String.init)
      guard parts.count == 4, let call = PortCall(rawValue: parts[0]),
        let side = Side(rawValue: parts[1]), let action = Action(parts[3])
      else { return nil }
      self.call = call
      self.side = side
      self.action = action
      if parts[2] != "every" {
        guard let number = Int(parts[2]), number > 0 else { return nil }
        occurrence = number
      }
    }
  }

  extension FailPoint.Action {
    init?(_ text: String) {
      switch text {
      case "kill": self = .kill
      case "trap": self = .trap
      case "stop": self = .stop
      case "term": self = .term
      case "busy": self = .busy
      case "broken": self = .broken
      default:
        guard text.hasPrefix("slow"), let milliseconds = Int64(text.dropFirst(4)) else {
          return nil
        }
        self = .slow(milliseconds)
      }
    }
  }

  /// A bill store in which a point lies inside the writing of a bill: what was written of the batch
  /// until then is there, and half of the bill.
  struct HalfWrittenBills: BillStore {
    let store: any BillStore
    /// Where the store's files are.
    let folder: String
    let points: FailPoints

    func put(_ bills: [Bill]) async throws -> [BillPutOutcome] {
      let middle = bills.count / 2
      if !bills.isEmpty {
        try await points.reach(.putBills, .inside) {
          _ = try await store.put(Array(bills[..<middle]))
          try writeHalf(of: bills[middle])
        }
      }
      return try await store.put(bills)
    }

    /// As the store itself begins a bill: nothing where something is already.
    private func writeHalf(of bill: Bill) throws {
      let path = "\(folder)/\(bill.key.path)"
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(),
        withIntermediateDirectories: true)
      let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard file >= 0 else { return }
      defer { close(file) }
      let half = bill.content.prefix(bill.content.count / 2)
      _ = half.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    }

    func makeDurable() async throws { try await store.makeDurable() }
    func contents(of keys: [BillKey]) async throws -> [[UInt8]?] {
      try await store.contents(of: keys)
    }
    func list(
      _ month: BillingMonth, _ body: @Sendable ([StoredBill]) throws -> Void
    ) async throws { try await store.list(month, body) }
    func delete(_ keys: [BillKey]) async throws { try await store.delete(keys) }
  }
#endif

import Billing
import Logging
import Synchronization

/// Finds out what became of a channel's uncertain deliveries, by what its provider can do.
///
/// Bounded in how many questions are under way and in how long it takes; a provider that answers
/// less than a quarter of them is left alone for a while, longer each time. The rows that are asked about are
/// leased: other processes ask about others, and a process that dies only delays them.
final class ProviderInquiry: Sendable {
  /// Questions under way at once, and rows that are leased together.
  private static let questionsAtOnce = 50
  /// A pass begins no further questions after this.
  private static let passMilliseconds: Int64 = 5000
  /// Nor after this many.
  private static let mostQuestions = 5000
  private static let shortestSilence: Int64 = 10_000
  private static let longestSilence: Int64 = 120_000

  /// Since when nobody answers, on the steady clock.
  private struct Silence {
    var until: Int64
    var milliseconds: Int64
  }

  private let channel: Channel
  /// `nil`: nobody is configured to ask.
  private let provider: (any Provider)?
  private let ledger: any DeliveryLedger
  private let random: any RandomSource
  private let timing: DeliveryTiming
  private let clock: any WallClock
  private let who: String
  private let logger: Logger
  private let silence = Mutex<Silence?>(nil)

  init(
    channel: Channel, provider: (any Provider)?, ledger: any DeliveryLedger,
    random: any RandomSource, timing: DeliveryTiming, clock: any WallClock, who: String,
    logger: Logger
  ) {
    self.channel = channel
    self.provider = provider
    self.ledger = ledger
    self.random = random
    self.timing = timing
    self.clock = clock
    self.who = who
    self.logger = logger
  }

  /// A claim's. A question that takes longer may be asked by another process too: what is found counts
  /// once.
  private var leaseSeconds: Int64 { timing.lease.saturatingAdd(999) / 1000 }

  /// Every finding moves its delivery on or sets when it is looked at again, so that this ends.
  func pass() async throws -> ReconcilerReport {
    var report = ReconcilerReport()
    let began = clock.steadyMilliseconds()
    if let silence = silence.withLock({ $0 }), began < silence.until { return report }
    var capabilities: ProviderCapabilities??
    var handled = 0
    while true {
      let uncertain = try await ledger.takeUncertain(
        on: channel, leaseSeconds: leaseSeconds, limit: Self.questionsAtOnce)
      guard !uncertain.isEmpty else { return report }
      // One that was started again may be another: asked anew in every pass.
      if capabilities == nil { capabilities = .some(await provider?.statedCapabilities()) }
      let findings = await findings(on: uncertain, by: capabilities ?? nil)
      try await record(findings, into: &report)
      handled += uncertain.count
      if note(findings) { return report }
      if uncertain.count < Self.questionsAtOnce { return report }
      let elapsed = clock.steadyMilliseconds().saturatingSubtract(began)
      if elapsed >= Self.passMilliseconds || handled >= Self.mostQuestions || Task.isCancelled {
        return report.cut
      }
    }
  }

  /// What was found counts wherever its delivery stands by now; the rest only where it is still
  /// uncertain.
  private func record(_ findings: [Finding], into report: inout ReconcilerReport) async throws {
    let evidence = findings.compactMap(\.evidence)
    if !evidence.isEmpty {
      let outcomes = try await ledger.recordAccepted(evidence)
      report.resolved += outcomes.count { $0 != .unknownDelivery }
    }
    let resolutions = findings.compactMap(\.resolution)
    guard !resolutions.isEmpty else { return }
    for outcome in try await ledger.resolve(resolutions, who: who) {
      switch outcome {
      case .resolved(.uncertain), .stale: report.leftUncertain += 1
      case .resolved: report.resolved += 1
      }
    }
  }

  /// Whether the provider is to be left alone for now.
  private func note(_ findings: [Finding]) -> Bool {
    let answers = findings.compactMap(\.isAnswered)
    guard !answers.isEmpty else { return false }
    if answers.count(where: { $0 }) * 4 >= answers.count {
      silence.withLock { $0 = nil }
      return false
    }
    let pause = silence.withLock { silence in
      let last = silence?.milliseconds ?? 0
      let pause = min(max(last.saturatingMultiply(2), Self.shortestSilence), Self.longestSilence)
      silence = Silence(
        until: clock.steadyMilliseconds().saturatingAdd(pause), milliseconds: pause)
      return pause
    }
    logger.warning(
      "the provider does not say what became of messages; it is asked again later",
      metadata: ["channel": "\(channel.rawValue)", "seconds": "\(pause / 1000)"])
    return true
  }

  // MARK: One delivery

  private struct Finding: Sendable {
    /// It was taken.
    var evidence: AcceptanceEvidence?
    /// `nil` where it was taken.
    var resolution: Resolution?
    /// Whether the provider answered; `nil`: it was not asked.
    var isAnswered: Bool?
  }

  /// Questions run side by side; the findings are in the deliveries' order.
  private func findings(
    on uncertain: [UncertainDelivery], by capabilities: ProviderCapabilities?
  ) async -> [Finding] {
    await withTaskGroup(of: (Int, Finding).self) { group in
      for (position, delivery) in uncertain.enumerated() {
        let jitter = random.next()
        group.addTask {
          (position, await self.finding(on: delivery, by: capabilities, jitter: jitter))
        }
      }
      var found: [(Int, Finding)] = []
      for await each in group { found.append(each) }
      return found.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private func finding(
    on delivery: UncertainDelivery, by capabilities: ProviderCapabilities?, jitter: UInt64
  ) async -> Finding {
    func finding(_ finding: Resolution.Finding, isAnswered: Bool? = nil) -> Finding {
      let resolution = Resolution(
        key: delivery.key, generation: delivery.generation, finding: finding)
      return Finding(resolution: resolution, isAnswered: isAnswered)
    }
    let later = LookUpSchedule.next(after: delivery.now, notAfter: delivery.notAfter)
    guard let provider else { return finding(.park) }
    guard let capabilities else { return finding(.lookAgain(at: later), isAnswered: false) }
    switch UncertainDecision.decide(delivery, provider: capabilities, timing: timing) {
    case .sendAgain: return finding(.sendAgain)
    case .leaveToOperator: return finding(.park)
    case .lookUp(let absence):
      let key = delivery.idempotencyKey
      switch await provider.lookUp(key) {
      case .found(let reference):
        let evidence = AcceptanceEvidence(idempotencyKey: key, reference: reference)
        return Finding(evidence: evidence, isAnswered: true)
      case .absent: return finding(absence.finding(jitter: jitter), isAnswered: true)
      case .unavailable: return finding(.lookAgain(at: later), isAnswered: false)
      }
    }
  }
}

extension UncertainDecision.Absence {
  fileprivate func finding(jitter: UInt64) -> Resolution.Finding {
    switch self {
    case .proven: .absent(jitter: jitter)
    case .lookAgain(let moment): .lookAgain(at: moment)
    case .sendAgain: .sendAgain
    case .leaveToOperator: .park
    }
  }
}

import Billing
import BillingTestKit
import Delivery
import EmbeddedStore
import FaultyNetwork
import HTTPProvider
import Logging
import MockProvider
import Synchronization
import Testing

/// The real server with a ledger on disk, and a network in front of it that fails as told.
struct MockServer: Sendable {
  static let recipient = "hong.gildong@example.com"
  static let content = Array("Amount due: 31,000 won. END".utf8)

  let port: Int
  let proxy: TCPProxy
  let log: EmbeddedAcceptanceLog
  let folder: TestFolder
  let lines = CollectedLines()

  /// Runs the body with a server; what it accepts takes no time unless said otherwise.
  ///
  /// - Parameter deciding: what stands before the provider that decides.
  static func run(
    faults: [String] = [], capabilities: ProviderCapabilities = ProviderCapabilities(),
    rates: MockFailureRates = .none, clock: any WallClock = SystemClock(),
    deciding: @Sendable (any Provider) -> any Provider = { $0 },
    _ body: @Sendable (MockServer) async throws -> Void
  ) async throws {
    let folder = try TestFolder()
    let log = try await EmbeddedAcceptanceLog(
      database: try Database(path: folder.file("providers.sqlite"), readerCount: 1))
    let provider = InProcessProvider(
      channel: .email, seed: 1, latencyMilliseconds: 0, rates: rates, capabilities: capabilities,
      clock: clock, log: log, seal: DeliveryScene.seal)
    let service = MockProviderService(
      deciding(provider), channel: .email,
      faults: try faults.map { try #require(MockFault($0)) }, seed: 1, clock: clock,
      numbers: MessageNumbers(),
      served: { try await log.note([HTTPProvider.name(of: .email, at: $0)]) })
    let server = try await MockProviderServer.listen(port: 0, services: [.email: service])
    let proxy = try await TCPProxy(to: server.port)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await server.serve() }
      try await body(MockServer(port: server.port, proxy: proxy, log: log, folder: folder))
      group.cancelAll()
      try await group.waitForAll()
    }
    try await proxy.close()
  }

  /// A client with connections of its own, through the faulty network or straight. It has all the
  /// time that a busy machine can need, unless said otherwise.
  func provider(
    straight: Bool = false, path: String = "/email", maxInFlight: Int = 16,
    connectMilliseconds: Int64 = 120_000
  ) -> HTTPProvider {
    HTTPProvider(
      channel: .email,
      address: ProviderAddress("http://127.0.0.1:\(straight ? port : proxy.port)\(path)")!,
      maxInFlight: maxInFlight, connectMilliseconds: connectMilliseconds,
      questionMilliseconds: 120_000, clock: SystemClock(), logger: lines.logger("providers"))
  }

  /// What the recipients really got.
  func accepted(_ key: String? = nil) async throws -> [Acceptance] {
    try await log.list(after: 0, limit: 1_000_000).map(\.acceptance)
      .filter { key == nil || $0.key == key }
  }
}

/// Waits for something to become so; fails the test when it has not within two minutes.
func eventually(
  _ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let clock = SystemClock()
  let bound = clock.steadyMilliseconds() + 120_000
  while try await !condition() {
    guard clock.steadyMilliseconds() < bound else {
      Issue.record("it never became so", sourceLocation: sourceLocation)
      return
    }
    try await clock.sleep(milliseconds: 5)
  }
}

extension HTTPProvider {
  /// Sends a message as the consumer does.
  func send(
    _ key: String, attempt: Int = 1, recipient: String = MockServer.recipient,
    timing: DeliveryTiming = .calls(endAfter: 240_000), clock: any WallClock = SystemClock(),
    notAfter: Timestamp? = nil
  ) async -> SendOutcome {
    await send(
      ProviderMessage(
        channel: .email, recipient: recipient, content: MockServer.content, attempt: attempt),
      key: key,
      deadline: CallDeadline(clock: clock, since: clock.steadyMilliseconds(), timing: timing),
      notAfter: notAfter ?? clock.now().adding(seconds: 3600))
  }
}

extension DeliveryTiming {
  /// A call ends after so long, and may be written until then.
  static func calls(endAfter milliseconds: Int64) -> DeliveryTiming {
    try! DeliveryTiming(  // the relations hold for every positive number
      lease: milliseconds * 10, callDeadline: milliseconds, startWithin: milliseconds - 1,
      leaseGuard: milliseconds * 2, slotGuard: milliseconds * 2, reapAfter: milliseconds)
  }
}

/// Sends with ever more time until there was enough of it to write the message: a short time is over
/// before that on a busy machine, and then nothing was written.
func sendUntilWritten(
  from milliseconds: Int64 = 500, _ send: (Int64) async -> SendOutcome
) async -> (outcome: SendOutcome, milliseconds: Int64) {
  var milliseconds = milliseconds
  while true {
    let outcome = await send(milliseconds)
    if outcome != .notWritten || milliseconds > 60_000 { return (outcome, milliseconds) }
    milliseconds *= 2
  }
}

/// Everything that was logged, from the lowest level on.
final class CollectedLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func logger(_ label: String) -> Logger {
    Logger(label: label) { _ in Handler(into: self) }
  }

  private struct Handler: LogHandler {
    let into: CollectedLines
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    init(into: CollectedLines) { self.into = into }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let line = "\(event.level) \(event.message) \(event.metadata ?? [:])"
      into.lines.withLock { $0.append(line) }
    }
  }
}

import Audit
import Billing
import Delivery
import Dispatching
import EmbeddedStore
import Importing
import Rendering
import Runs
import Settlement

/// The stores that the configuration names, opened, and the stages put together on top of them.
///
/// The only place, with `DeliveryPlatform`, that knows which adapters there are; commands see stages
/// and ports.
struct Platform: Sendable {
  private let environment: CommandEnvironment
  private let ledger: any PlatformLedger
  private let statementStore: EmbeddedStatementStore
  private let bills: DirectoryBillStore

  private var configuration: BillingConfiguration { environment.configuration }

  /// Opens what `billing init` made.
  init(_ environment: CommandEnvironment) async throws {
    let stores = environment.configuration.stores
    for path in stores.localPaths where fileStatus(path) == nil {
      throw CommandFailure(.wrongUsage, .notSetUp(path), remedy: .runInit)
    }
    self.environment = environment
    ledger = try environment.openLedger()
    statementStore = EmbeddedStatementStore(database: try Database(path: stores.statements))
    bills = try DirectoryBillStore(path: stores.bills)
    try await ledger.checkSchema()
    try await statementStore.checkSchema()
  }

  /// Makes the stores and applies what migrations are missing; how many were applied.
  static func migrate(_ environment: CommandEnvironment) async throws -> Int {
    let stores = environment.configuration.stores
    let statementStore = EmbeddedStatementStore(database: try Database(path: stores.statements))
    return try await environment.openLedger().migrate() + statementStore.migrate()
  }

  // MARK: Ports that commands read from

  var settlementLedger: any SettlementLedger { ledger }
  var auditLedger: any AuditLedger { ledger }
  var auditStatements: any AuditStatements { statementStore }
  var operatorLedger: any OperatorLedger { ledger }
  var time: any LedgerTime { ledger }
  var agenda: any DispatchAgenda { ledger }

  /// For actions that need not know what providers can do.
  func operatorRequest(_ action: OperatorAction) throws -> OperatorRequest {
    OperatorRequest(
      action, providers: [:], timing: try configuration.delivery.timing,
      jitter: SystemRandom().next())
  }

  /// Events that the consumers have not recorded yet; `nil` before anything was dispatched.
  func lag() async throws -> Int64? {
    let path = configuration.stores.events
    guard fileStatus(path) != nil else { return nil }
    let events = try await EventStore(
      database: try Database(path: path, readerCount: 1), clock: environment.clock)
    return try await events.positions(of: DeliveryPlatform.group).positions()
      .reduce(0) { $0 + $1.lag }
  }

  /// Whether a consumer is at work on what was dispatched.
  func hasConsumers() async throws -> Bool {
    let path = configuration.stores.events
    guard fileStatus(path) != nil else { return false }
    let events = try await EventStore(
      database: try Database(path: path, readerCount: 1), clock: environment.clock)
    return try await events.hasMembers(of: DeliveryPlatform.group) {
      ProcessIdentity($0)?.isGone ?? false
    }
  }

  // MARK: Stages

  /// The importer, once it is sure that the key is this ledger's.
  func importer() async throws -> Importer {
    Importer(ledger: ledger, seal: try await contactSeal())
  }

  var settlement: SettlementJob {
    let settings = configuration.settlement
    return SettlementJob(
      ledger: Gates.settlement(ledger), store: Gates.statements(statementStore),
      clock: environment.clock,
      settings: SettlementSettings(
        run: runSettings, chunkSize: settings.chunkSize,
        maxParkedPerMillion: settings.maxParkedPercent.perMillion),
      progress: StepProgress(environment.progress), logger: environment.logger("settlement"))
  }

  var export: StatementExport { StatementExport(ledger: ledger, store: statementStore) }

  var rendering: RenderingJob {
    RenderingJob(
      ledger: Gates.rendering(ledger), statements: statementStore, store: gatedBills,
      clock: environment.clock,
      settings: RenderingSettings(
        run: runSettings, chunkSize: configuration.settlement.chunkSize),
      progress: StepProgress(environment.progress), logger: environment.logger("rendering"))
  }

  var mending: BillMending {
    BillMending(
      ledger: Gates.rendering(ledger), store: gatedBills,
      pinned: PinnedBills(ledger: ledger, statements: statementStore))
  }

  /// Makes the bills of issues that deliveries wait for.
  var reissuing: Reissuing {
    Reissuing(
      ledger: Gates.rendering(ledger), store: gatedBills,
      pinned: PinnedBills(ledger: ledger, statements: statementStore),
      logger: environment.logger("rendering"))
  }

  var preview: BillPreview { BillPreview(ledger: ledger, statements: statementStore) }

  var policies: PolicyAdministration { PolicyAdministration(ledger: Gates.rendering(ledger)) }

  /// - Parameter providerClock: what the stand-in providers' seconds pass on.
  func delivery(providerClock: any WallClock) async throws -> DeliveryPlatform {
    try await DeliveryPlatform(
      environment, ledger: ledger, bills: gatedBills,
      pinned: PinnedBills(ledger: ledger, statements: statementStore), reissuing: reissuing,
      log: try await standInsLog(), seal: try await contactSeal(), providerClock: providerClock)
  }

  func verification() async throws -> Verification {
    Verification(
      ledger: ledger, statements: statementStore, bills: bills,
      acceptances: try await acceptances(), clock: environment.clock)
  }

  private var gatedBills: any BillStore { Gates.bills(bills, in: configuration.stores.bills) }

  /// What the stand-ins that are used in this process write to.
  private func standInsLog() async throws -> EmbeddedAcceptanceLog {
    let served = configuration.providers.addresses
    return try await EmbeddedAcceptanceLog(
      database: try Database(path: configuration.stores.acceptances, readerCount: 1),
      of: Channel.allCases.filter { served[$0] == nil }.map(InProcessProvider.name(of:)))
  }

  /// What providers took, by their own ledgers: as far as one lies here. The proof makes none.
  private func acceptances() async throws -> any AuditAcceptances {
    let path = configuration.stores.acceptances
    guard fileStatus(path) != nil else { return NoAcceptances() }
    return try await EmbeddedAcceptanceLog(database: try Database(path: path, readerCount: 1))
  }

  private func contactSeal() async throws -> ContactSeal {
    let seal = try ContactKey.seal(from: configuration.keys)
    let mark = seal.lookupHash("which key is this", column: .email)
    switch try await ledger.claimContactKey(mark) {
    case .same: return seal
    case .another:
      throw CommandFailure(.wrongUsage, .keyOfAnotherLedger, remedy: .restoreKey)
    }
  }

  private var runSettings: RunSettings {
    RunSettings(
      worker: ProcessIdentity.current.description, programVersion: ProgramVersion.current,
      workers: configuration.workers, leaseSeconds: Int64(configuration.runLeaseSeconds),
      isGone: { ProcessIdentity($0)?.isGone ?? false })
  }
}

extension BillingConfiguration.StorePaths {
  /// What `billing init` makes on this machine, and nothing works without.
  fileprivate var localPaths: [String] {
    let ledger: [String] = if case .sqlite(let path) = ledger { [path] } else { [] }
    return ledger + [statements, bills]
  }
}

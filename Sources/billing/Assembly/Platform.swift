import Audit
import Billing
import EmbeddedStore
import Importing
import Runs
import Settlement

/// The stores that the configuration names, opened, and the stages put together on top of them.
///
/// The only place that knows which adapters there are; commands see stages and ports.
struct Platform: Sendable {
  private let environment: CommandEnvironment
  private let ledger: EmbeddedLedger
  private let statementStore: EmbeddedStatementStore

  private var configuration: BillingConfiguration { environment.configuration }

  /// Opens what `billing init` made.
  init(_ environment: CommandEnvironment) async throws {
    let stores = environment.configuration.stores
    for path in [stores.ledger, stores.statements] where fileStatus(path) == nil {
      throw CommandFailure(.wrongUsage, .notSetUp(path), remedy: .runInit)
    }
    self.environment = environment
    ledger = EmbeddedLedger(
      database: try Database(path: stores.ledger), clock: environment.clock)
    statementStore = EmbeddedStatementStore(database: try Database(path: stores.statements))
    try await ledger.checkSchema()
    try await statementStore.checkSchema()
  }

  /// Makes the stores and applies what migrations are missing; how many were applied.
  static func migrate(_ environment: CommandEnvironment) async throws -> Int {
    let stores = environment.configuration.stores
    let ledger = EmbeddedLedger(
      database: try Database(path: stores.ledger), clock: environment.clock)
    let statementStore = EmbeddedStatementStore(database: try Database(path: stores.statements))
    return try await ledger.migrate() + statementStore.migrate()
  }

  // MARK: Ports that commands read from

  var settlementLedger: any SettlementLedger { ledger }
  var auditLedger: any AuditLedger { ledger }
  var auditStatements: any AuditStatements { statementStore }

  // MARK: Stages

  var settlement: SettlementJob {
    let settings = configuration.settlement
    return SettlementJob(
      ledger: ledger, store: statementStore, clock: environment.clock,
      settings: SettlementSettings(
        run: runSettings, chunkSize: settings.chunkSize,
        maxParkedPerMillion: settings.maxParkedPerMillion,
        programVersion: ProgramVersion.current, worker: ProcessIdentity.current.description,
        isGone: { ProcessIdentity($0)?.isGone ?? false }),
      progress: StepProgress(environment.progress), logger: environment.logger("settlement"))
  }

  /// The importer, once it is sure that the key is this ledger's.
  func importer() async throws -> Importer {
    Importer(ledger: ledger, seal: try await contactSeal())
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

  var export: StatementExport { StatementExport(ledger: ledger, store: statementStore) }

  private var runSettings: RunSettings {
    RunSettings(
      workers: configuration.workers, leaseSeconds: Int64(configuration.runLeaseSeconds))
  }
}

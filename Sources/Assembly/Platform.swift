import Audit
import Billing
import Delivery
import Dispatching
import EmbeddedStore
import Importing
package import Operations
import Rendering
import Runs
import Settlement

/// The stores that the configuration names, opened, and the operations put together on top of them.
///
/// The only place, with `DeliveryAssembly`, that knows which adapters there are.
package struct Platform: Sendable {
  private let surroundings: PlatformSurroundings
  private let ledger: any BillingLedger
  private let statements: any StatementStorage
  private let bills: any BillStorage

  private var configuration: BillingConfiguration { surroundings.configuration }

  /// Opens what `billing init` made.
  package init(_ surroundings: PlatformSurroundings) async throws {
    let stores = surroundings.configuration.stores
    for path in stores.localPaths where fileStatus(path) == nil {
      throw AssemblyFailure.notSetUp(path: path)
    }
    self.surroundings = surroundings
    ledger = try surroundings.openLedger()
    statements = EmbeddedStatementStore(database: try Database(path: stores.statements))
    bills = try DirectoryBillStore(path: stores.bills)
    try await ledger.checkSchema()
    try await statements.checkSchema()
  }

  /// Makes the stores and applies what migrations are missing; how many were applied.
  package static func migrate(_ surroundings: PlatformSurroundings) async throws -> Int {
    let stores = surroundings.configuration.stores
    let statements = EmbeddedStatementStore(database: try Database(path: stores.statements))
    return try await surroundings.openLedger().migrate() + statements.migrate()
  }

  /// Whatever is asked of the stores.
  package func operations() throws -> Operations {
    let settings = try surroundings.settings(lanes: ledger.dispatchLanes)
    let work = surroundings.work
    return Operations(
      ledger: ledger, statements: statements, bills: bills, ports: ports,
      open: Operations.Openers(
        seal: { try await contactSeal() }, acceptances: { try await acceptances() },
        events: { try await events() },
        delivery: { providerClock in
          try await DeliveryAssembly(
            surroundings, ledger: ledger, ports: ports,
            pinned: PinnedBills(ledger: ledger, statements: statements),
            log: try await standInsLog(), seal: try await contactSeal()
          ).delivery(settings, work, providerClock: providerClock)
        },
        isGone: { ProcessIdentity($0)?.isGone ?? false }),
      settings: settings, work: work)
  }

  /// The ports with the gates of a proof before them.
  private var ports: StagePorts {
    var ports = StagePorts(ledger, statements, bills)
    ports.settlement = Gates.settlement(ports.settlement)
    ports.rendering = Gates.rendering(ports.rendering)
    ports.dispatch = Gates.dispatch(ports.dispatch)
    ports.delivery = Gates.delivery(ports.delivery)
    ports.statements = Gates.statements(ports.statements)
    ports.bills = Gates.bills(ports.bills, in: configuration.stores.bills)
    return ports
  }

  private func events() async throws -> (any EventBroker)? {
    let path = configuration.stores.events
    guard fileStatus(path) != nil else { return nil }
    return try await EventStore(
      database: try Database(path: path, readerCount: 1), clock: surroundings.work.clock)
  }

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
      throw AssemblyFailure.keyOfAnotherLedger
    }
  }
}

/// What a platform is put together in: the configuration, the work's own surroundings, and which
/// program it is.
package struct PlatformSurroundings: Sendable {
  package let configuration: BillingConfiguration
  package let work: WorkSurroundings
  package let programVersion: String

  package init(
    configuration: BillingConfiguration, work: WorkSurroundings, programVersion: String
  ) {
    self.configuration = configuration
    self.work = work
    self.programVersion = programVersion
  }

  /// What operations go by.
  ///
  /// - Parameter lanes: that dispatch is fastest with on the ledger.
  fileprivate func settings(lanes: Int) throws -> OperationsSettings {
    let timing = try configuration.delivery.timing
    var dispatch = DispatchConfiguration()
    dispatch.maxLatenessSeconds = configuration.maxLatenessSeconds
    dispatch.republishAfterSeconds = Int64(configuration.republishSeconds)
    dispatch.lanes = lanes
    var consumer = ConsumerConfiguration()
    consumer.timing = timing
    consumer.maxInFlight = configuration.delivery.maxInFlight
    consumer.batchSize = min(consumer.batchSize, consumer.maxInFlight)
    consumer.graceMilliseconds = Int64(configuration.delivery.graceSeconds) * 1000
    consumer.idleMilliseconds = 20
    return OperationsSettings(
      run: RunSettings(
        worker: ProcessIdentity.current.description, programVersion: programVersion,
        workers: configuration.workers, leaseSeconds: Int64(configuration.runLeaseSeconds),
        isGone: { ProcessIdentity($0)?.isGone ?? false }),
      chunkSize: configuration.settlement.chunkSize,
      maxParkedPerMillion: configuration.settlement.maxParkedPercent.perMillion,
      settlementDay: configuration.settlement.day,
      timing: timing, dispatch: dispatch, consumer: consumer)
  }
}

extension BillingConfiguration.StorePaths {
  /// What `billing init` makes on this machine, and nothing works without.
  fileprivate var localPaths: [String] {
    let ledger: [String] = if case .sqlite(let path) = ledger { [path] } else { [] }
    return ledger + [statements, bills]
  }
}

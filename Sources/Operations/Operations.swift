package import Audit
package import Billing
import Delivery
import Dispatching
package import Importing
package import Rendering
import Runs
import Settlement

/// Everything that a person or a program asks of the platform: one function each, values in, values
/// out. It knows no adapter, no terminal and no HTTP; what it refuses is an `OperationFailure`, or the
/// error of a stage.
package struct Operations: Sendable {
  /// What is opened only where it is needed, by the assembly.
  package struct Openers: Sendable {
    /// How contacts are sealed, once it is sure that the key is this ledger's.
    package var seal: @Sendable () async throws -> ContactSeal
    /// What providers took, by their own ledgers: as far as one can be read here.
    package var acceptances: @Sendable () async throws -> any AuditAcceptances
    /// `nil` before anything was dispatched.
    package var events: @Sendable () async throws -> (any EventBroker)?
    package var delivery:
      @Sendable (_ providerClock: any WallClock) async throws ->
        DeliveryOperations
    /// Whether a worker or consumer of that name is known to have ended.
    package var isGone: @Sendable (String) -> Bool

    package init(
      seal: @escaping @Sendable () async throws -> ContactSeal,
      acceptances: @escaping @Sendable () async throws -> any AuditAcceptances,
      events: @escaping @Sendable () async throws -> (any EventBroker)?,
      delivery:
        @escaping @Sendable (_ providerClock: any WallClock) async throws ->
        DeliveryOperations,
      isGone: @escaping @Sendable (String) -> Bool
    ) {
      self.seal = seal
      self.acceptances = acceptances
      self.events = events
      self.delivery = delivery
      self.isGone = isGone
    }
  }

  let ledger: any BillingLedger
  let statements: any StatementStorage
  let bills: any BillStorage
  let ports: StagePorts
  let open: Openers
  let settings: OperationsSettings
  let work: WorkSurroundings

  /// - Parameter ports: the same stores, with whatever a proof has put between.
  package init(
    ledger: any BillingLedger, statements: any StatementStorage, bills: any BillStorage,
    ports: StagePorts, open: Openers, settings: OperationsSettings, work: WorkSurroundings
  ) {
    self.ledger = ledger
    self.statements = statements
    self.bills = bills
    self.ports = ports
    self.open = open
    self.settings = settings
    self.work = work
  }

  var clock: any WallClock { work.clock }

  /// What makes a bill again as it was made.
  var pinned: PinnedBills { PinnedBills(ledger: ledger, statements: statements) }

  // MARK: Inputs

  /// - Parameter directory: of the import set.
  package func importSet(
    _ directory: String, options: ImportOptions,
    progress: @escaping @Sendable (ImportProgress) -> Void
  ) async throws -> ImportReport {
    try await Importer(ledger: ledger, seal: try await open.seal()).run(
      directory: directory, options: options, progress: progress)
  }

  /// Stores a policy and its templates from a folder.
  package func applyPolicy(from folder: String, activating: Bool) async throws
    -> PolicyOutcome
  {
    try await PolicyAdministration(ledger: ports.rendering)
      .apply(folder: folder, activating: activating)
  }

  /// The policy that a new ledger begins with, where it has none.
  package func installFirstPolicy() async throws -> PolicyOutcome {
    try await PolicyAdministration(ledger: ports.rendering).installFirstPolicy()
  }

  // MARK: Delivery

  /// - Parameter providerClock: what the stand-in providers' seconds pass on.
  package func delivery(providerClock: any WallClock) async throws -> DeliveryOperations {
    try await open.delivery(providerClock)
  }

  /// Events that the consumers have not recorded yet; `nil` before anything was dispatched.
  package func lag() async throws -> Int64? {
    guard let events = try await open.events() else { return nil }
    return try await events.positions(of: DeliveryOperations.group).positions()
      .reduce(0) { $0 + $1.lag }
  }
}

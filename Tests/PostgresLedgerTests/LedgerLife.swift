import Billing
import BillingTestKit
import Delivery
import Importing
import Runs

@testable import PostgresLedger

/// A ledger on its way through a month, with what one step leaves to the next.
struct LedgerLife: Sendable {
  let ledger: PostgresLedger
  let clock = TestClock()
  var hold: RunHold?
  var chunk: ClaimedChunk?
  /// The settlement's number, once it is opened.
  var settlement: Int64 = 0
  var events: [DeliveryEvent] = []
  var claims: [ClaimedDelivery] = []
  /// The number of each claim's attempt.
  var attempts: [Int] = []
  var uncertain: [UncertainDelivery] = []

  init(on database: PostgresDatabase) {
    ledger = PostgresLedger(database: database, clock: .given(clock))
  }

  func held() throws -> RunHold {
    guard let hold else { throw Unexpected("no run is held") }
    return hold
  }

  func claimed() throws -> ClaimedChunk {
    guard let chunk else { throw Unexpected("no chunk is claimed") }
    return chunk
  }

  static let month = DeliveryScene.month
  static let customers = (1...6).map { CustomerID(Int64($0)) }

  /// Sealed once: sealed again it would differ.
  static let recorded = customers.map { sealed($0) }
  static let changed = sealed(CustomerID(6), quiet: QuietSlots(mask: 0b110) ?? .none)

  private static func sealed(_ id: CustomerID, quiet: QuietSlots = .none) -> SealedCustomer {
    SealedCustomer(
      Customer(
        id: id, name: "N", email: "c\(id)@example.com", phone: "0100000\(id)", sendDay: 1,
        quietSlots: quiet, timeZone: "UTC", locale: .english, channels: [.email, .sms],
        status: .active, activatedOn: month.firstDay, terminatedOn: nil),
      seal: DeliveryScene.seal)
  }
}

/// One writing transaction of a ledger's life.
struct LedgerStep: Sendable {
  /// Where it is in the source: `RunLedger.open(_)` is the function of that name, and first
  /// parameter, in `RunLedger.swift`.
  let write: String
  /// Whether the ledger does it again by itself where nothing of it stayed.
  var isRepeatable = true
  /// Does it; what the caller is told, without numbers that may have gaps.
  let run: @Sendable (inout LedgerLife) async throws -> String

  init(
    _ write: String, isRepeatable: Bool = true,
    run: @escaping @Sendable (inout LedgerLife) async throws -> String
  ) {
    self.write = write
    self.isRepeatable = isRepeatable
    self.run = run
  }

  /// A month from its first input to its last delivery: every kind of writing transaction.
  static let all = beginning + settling + rendering + dispatching + delivering + ending
}

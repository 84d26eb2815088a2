import Billing
import Dispatching

extension PostgresLedger {
  /// The time now: simulated where the ledger's is. To be read after the locks are had.
  ///
  /// - Parameter keepingKind: nobody decides meanwhile that time is simulated, which changes what was
  ///   made before.
  func now(
    in connection: PostgresConnection, keepingKind: Bool = false
  ) throws -> Timestamp {
    let moment = try connection.first(
      """
      SELECT mode = 2, CASE mode WHEN 2 THEN simulated_now ELSE \(Self.serverTime) END
      FROM ledger_clock \(keepingKind ? "FOR KEY SHARE" : "")
      """
    ) { (isSimulated: $0.bool(0), time: $0.timestamp(1)) }
    guard let moment else { throw Self.damaged("the ledger has no clock") }
    if !moment.isSimulated, case .given(let clock) = clock { return clock.now() }
    return moment.time
  }

  /// What leases of runs and moments of recording go by, also where the ledger's time is simulated.
  func wallTime(in connection: PostgresConnection) throws -> Timestamp {
    if case .given(let clock) = clock { return clock.now() }
    return try connection.first("SELECT \(Self.serverTime)") { $0.timestamp(0) }
      ?? Timestamp(milliseconds: 0)
  }

  /// `now()` stands still in a transaction.
  private static let serverTime = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

  static func damaged(_ detail: String) -> StoreError {
    StoreError(.corrupt, operation: "read the ledger", detail: detail)
  }
}

import Billing
package import Importing

extension PostgresLedger: InputLedger {
  package func recordInputs<Result: Sendable>(
    source: String, _ body: @Sendable (any InputWriter) throws -> InputDecision<Result>
  ) async throws -> RecordedInputs<Result> {
    do {
      // The body reads files as it goes, and tells of its progress: it runs once.
      return try await database.write(isRepeatable: false) { connection in
        // Between its statements it reads files, from wherever they lie.
        try connection.execute(
          "SET LOCAL idle_in_transaction_session_timeout = '\(self.database.limits.statementSeconds)s'"
        )
        let writer = try PostgresInputWriter(connection)
        switch try body(writer) {
        case .discard(let result):
          throw RolledBack(RecordedInputs(outcome: .discarded, result: result))
        case .keep(let result):
          guard writer.hasWritten else {
            throw RolledBack(RecordedInputs(outcome: .unchanged, result: result))
          }
          try writer.finish(
            source: source, recordedAt: try self.wallTime(in: connection),
            refresh: DeliveryRefresh(of: self, in: connection))
          return RecordedInputs(
            outcome: .recorded(number: writer.recordNumber), result: result)
        }
      }
    } catch let rolledBack as RolledBack<Result> {
      return rolledBack.inputs
    }
  }
}

/// Ends a transaction without keeping it, and carries what is to be answered.
private struct RolledBack<Result: Sendable>: Error {
  let inputs: RecordedInputs<Result>

  init(_ inputs: RecordedInputs<Result>) {
    self.inputs = inputs
  }
}

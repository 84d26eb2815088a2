import Billing
package import Importing

extension EmbeddedLedger: InputLedger {
  package func recordInputs<Result: Sendable>(
    source: String, _ body: @Sendable (any InputWriter) throws -> InputDecision<Result>
  ) async throws -> RecordedInputs<Result> {
    do {
      return try await database.write { connection in
        let writer = try EmbeddedInputWriter(connection)
        switch try body(writer) {
        case .discard(let result):
          throw RolledBack(RecordedInputs(outcome: .discarded, result: result))
        case .keep(let result):
          guard writer.hasWritten else {
            throw RolledBack(RecordedInputs(outcome: .unchanged, result: result))
          }
          try writer.finish(
            source: source, recordedAt: clock.now(), ledgerTime: try self.now(in: connection))
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

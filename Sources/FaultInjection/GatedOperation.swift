package import Delivery
package import Importing

/// An input ledger behind a gate.
package struct GatedInputLedger: InputLedger {
  private let ledger: any InputLedger
  private let gate: any PortGate

  package init(_ ledger: any InputLedger, gate: any PortGate) {
    self.ledger = ledger
    self.gate = gate
  }

  package func recordInputs<Result: Sendable>(
    source: String, _ body: @Sendable (any InputWriter) throws -> InputDecision<Result>
  ) async throws -> RecordedInputs<Result> {
    try await gate.pass(.recordInputs) {
      try await ledger.recordInputs(source: source, body)
    }
  }
}

/// An operator's ledger behind a gate.
package struct GatedOperatorLedger: OperatorLedger {
  private let ledger: any OperatorLedger
  private let gate: any PortGate

  package init(_ ledger: any OperatorLedger, gate: any PortGate) {
    self.ledger = ledger
    self.gate = gate
  }

  package func find(
    _ query: DeliveryQuery, after cursor: DeliveryCursor?, limit: Int
  ) async throws -> FoundPage {
    try await gate.pass(.readOperation) {
      try await ledger.find(query, after: cursor, limit: limit)
    }
  }

  package func foresee(
    _ request: OperatorRequest, on found: [FoundDelivery]
  ) async throws -> [OperatorOutcome] {
    try await gate.pass(.readOperation) { try await ledger.foresee(request, on: found) }
  }

  package func act(
    _ request: OperatorRequest, on found: [FoundDelivery], signature: OperatorSignature
  ) async throws -> [OperatorOutcome] {
    try await gate.pass(.operate) {
      try await ledger.act(request, on: found, signature: signature)
    }
  }
}

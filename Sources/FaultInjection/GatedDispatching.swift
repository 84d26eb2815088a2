package import Billing
package import Dispatching

/// A dispatch ledger behind a gate.
package struct GatedDispatchLedger: DispatchLedger {
  private let ledger: any DispatchLedger
  private let gate: any PortGate

  package init(_ ledger: any DispatchLedger, gate: any PortGate) {
    self.ledger = ledger
    self.gate = gate
  }

  package func now() async throws -> Timestamp {
    try await gate.pass(.readDispatch) { try await ledger.now() }
  }

  package func zones() async throws -> [String] {
    try await gate.pass(.readDispatch) { try await ledger.zones() }
  }

  package func queueDue(_ request: QueueRequest) async throws -> QueueOutcome {
    try await gate.pass(.queueDue) { try await ledger.queueDue(request) }
  }

  package func takeUnpublished(
    olderThanSeconds: Int64, limit: Int
  ) async throws -> [DeliveryEvent] {
    try await gate.pass(.takeUnpublished) {
      try await ledger.takeUnpublished(olderThanSeconds: olderThanSeconds, limit: limit)
    }
  }

  package func markPublished(_ marks: [PublishedMark]) async throws -> Int {
    try await gate.pass(.markPublished) { try await ledger.markPublished(marks) }
  }

  package func remaining(in slot: ZoneSlot, of zone: String) async throws -> Int {
    try await gate.pass(.readDispatch) { try await ledger.remaining(in: slot, of: zone) }
  }
}

/// A topic behind a gate.
package struct GatedTopic: Topic {
  private let topic: any Topic
  private let gate: any PortGate

  package init(_ topic: any Topic, gate: any PortGate) {
    self.topic = topic
    self.gate = gate
  }

  package func publish(_ events: [DeliveryEvent]) async throws -> [PublishOutcome] {
    try await gate.pass(.publish) { try await topic.publish(events) }
  }
}

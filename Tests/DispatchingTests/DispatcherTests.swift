import Billing
import BillingTestKit
import Dispatching
import Logging
import Synchronization
import Testing

@Suite("Dispatcher")
struct DispatcherTests {
  /// A ledger that hands out what it is given and remembers what was marked.
  private final class ScriptedLedger: DispatchLedger {
    let waiting: Mutex<[DeliveryEvent]>
    let lost: Mutex<[DeliveryEvent]>
    let marked = Mutex<[PublishedMark]>([])
    /// Whether others have everything in hand, until it is waited for.
    let isInHand: Bool

    init(waiting: [DeliveryEvent], lost: [DeliveryEvent] = [], isInHand: Bool = false) {
      self.waiting = Mutex(waiting)
      self.lost = Mutex(lost)
      self.isInHand = isInHand
    }

    func now() async throws -> Timestamp { DeliveryScene.start }
    func zones() async throws -> [String] { ["UTC"] }

    func queueDue(_ request: QueueRequest) async throws -> QueueOutcome {
      var batch = QueuedBatch()
      if isInHand, request.skipsLocked { return .batch(batch) }
      batch.events = waiting.withLock { waiting in
        let share = waiting.filter { request.share.contains($0.delivery.customer) }
        let taken = Array(share.prefix(request.limit))
        waiting.removeAll { taken.contains($0) }
        return taken
      }
      if batch.events.count == request.limit, let last = batch.events.last {
        batch.next = QueueCursor(nextAt: DeliveryScene.start, key: last.delivery)
      }
      return .batch(batch)
    }

    func takeUnpublished(olderThanSeconds: Int64, limit: Int) async throws -> [DeliveryEvent] {
      lost.withLock { lost in
        defer { lost = [] }
        return lost
      }
    }

    func markPublished(_ marks: [PublishedMark]) async throws -> Int {
      marked.withLock { $0 += marks }
      return marks.count
    }

    func remaining(in slot: ZoneSlot, of zone: String) async throws -> Int {
      waiting.withLock { $0.count }
    }
  }

  /// Refuses every third event.
  private final class PickyTopic: Topic {
    let stored = Mutex<[DeliveryEvent]>([])
    let seen = Mutex(0)
    private let cancels: Bool

    /// - Parameter cancels: the task that publishes.
    init(cancels: Bool = false) { self.cancels = cancels }

    func publish(_ events: [DeliveryEvent]) async throws -> [PublishOutcome] {
      if cancels { withUnsafeCurrentTask { $0?.cancel() } }
      return outcomes(of: events)
    }

    private func outcomes(of events: [DeliveryEvent]) -> [PublishOutcome] {
      events.map { event in
        let number = seen.withLock { seen in
          seen += 1
          return seen
        }
        if number % 3 == 0 { return .failed(reason: "queue full") }
        return stored.withLock { stored in
          stored.append(event)
          return .stored(partition: 0, offset: Int64(stored.count - 1))
        }
      }
    }
  }

  private func events(_ numbers: ClosedRange<Int64>) -> [DeliveryEvent] {
    numbers.map { number in
      let delivery = SeededDelivery(SeededCustomer(number))
      return DeliveryEvent(
        delivery: delivery.key, generation: 2, bill: delivery.bill(on: .email),
        sha256: DeliveryScene.hash(of: delivery.bill(on: .email)),
        slotEnd: DeliveryScene.start.adding(seconds: 7200))
    }
  }

  private func dispatcher(
    _ ledger: ScriptedLedger, _ topic: PickyTopic, lanes: Int = 1
  ) -> Dispatcher {
    var configuration = DispatchConfiguration()
    configuration.batchSize = 10
    configuration.lanes = lanes
    return Dispatcher(
      ledger: ledger, topic: topic, configuration: configuration,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  @Test(arguments: 1...4)
  func `only what the broker says is stored is marked published`(lanes: Int) async throws {
    let ledger = ScriptedLedger(waiting: events(1...30), lost: events(100...102))
    let topic = PickyTopic()
    let report = try await dispatcher(ledger, topic, lanes: lanes).tick()
    #expect(report.queued == 30)
    #expect(report.republished == 3)
    #expect(report.published == 22)
    #expect(report.unpublished == 11)
    #expect(report.remaining == 0)
    #expect(
      ledger.marked.withLock { Set($0.map(\.delivery)) }
        == topic.stored.withLock { Set($0.map(\.delivery)) })
  }

  @Test func `what others have in hand is waited for in the end`() async throws {
    let ledger = ScriptedLedger(waiting: events(1...30), isInHand: true)
    let report = try await dispatcher(ledger, PickyTopic()).tick()
    #expect(report.queued == 30)
    #expect(report.remaining == 0)
  }

  /// What was queued by then is published; nothing more is queued.
  @Test func `a tick that is cancelled ends between two batches`() async throws {
    let ledger = ScriptedLedger(waiting: events(1...30))
    let topic = PickyTopic(cancels: true)
    let dispatcher = dispatcher(ledger, topic)
    let tick = Task { try await dispatcher.tick() }
    await #expect(throws: CancellationError.self) { try await tick.value }
    #expect(topic.seen.withLock { $0 } == 20)
    #expect(ledger.waiting.withLock { $0.count } == 10)
  }
}

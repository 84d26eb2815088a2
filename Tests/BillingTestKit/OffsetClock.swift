package import Billing
import Synchronization

/// The machine's clock, moved: it goes on by itself, so that sleepers wake, and the test can set it
/// forward.
package final class OffsetClock: WallClock {
  private let system = SystemClock()
  private let offset: Mutex<Int64>

  /// Begins at a moment.
  package init(_ moment: Timestamp) {
    offset = Mutex(system.now().milliseconds(until: moment))
  }

  package func now() -> Timestamp {
    system.now().adding(milliseconds: offset.withLock { $0 })
  }

  package func advance(seconds: Int64) {
    offset.withLock { $0 += seconds * 1000 }
  }

  package func sleep(until moment: Timestamp) async throws {
    let wait = now().milliseconds(until: moment)
    try await system.sleep(until: system.now().adding(milliseconds: wait))
  }
}

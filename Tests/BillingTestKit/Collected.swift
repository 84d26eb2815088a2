import Synchronization

/// Gathers what a callback is handed, from whichever task.
package final class Collected<Item: Sendable>: Sendable {
  private let state = Mutex<[Item]>([])

  package init() {}

  package func append(_ items: [Item]) { state.withLock { $0 += items } }

  package var items: [Item] { state.withLock { $0 } }
}

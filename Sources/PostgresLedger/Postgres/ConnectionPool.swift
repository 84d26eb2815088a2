/// Which caller gets which connection: decisions only, no connection is touched here.
///
/// `Waiter` and `Connection` are handles of the caller's choosing.
struct ConnectionPool<Connection, Waiter> {
  enum Acquisition {
    /// A connection that nobody uses.
    case use(Connection)
    /// A place for one more.
    case open
    /// The waiter was taken in, under a number by which it can be withdrawn.
    case wait(Int)
    /// There are as many waiting as may.
    case refuse
  }

  enum Release {
    /// Goes on to the next who waits.
    case hand(Connection, to: Waiter)
    /// Nobody waits: kept.
    case keep
  }

  private let maxConnections: Int
  private let maxWaiting: Int
  private(set) var openCount = 0
  private var idle: [Connection] = []
  /// In the order in which they came.
  private var waiting: [(number: Int, waiter: Waiter)] = []
  private var nextNumber = 0

  init(maxConnections: Int, maxWaiting: Int) {
    precondition(maxConnections > 0, "at least one connection")
    self.maxConnections = maxConnections
    self.maxWaiting = maxWaiting
  }

  /// - Parameter waiter: kept only where the answer is `wait`.
  mutating func acquire(_ waiter: Waiter) -> Acquisition {
    // The latest used is the warmest.
    if let connection = idle.popLast() { return .use(connection) }
    if openCount < maxConnections {
      openCount += 1
      return .open
    }
    guard waiting.count < maxWaiting else { return .refuse }
    nextNumber += 1
    waiting.append((nextNumber, waiter))
    return .wait(nextNumber)
  }

  /// - Parameter isOpen: one that could not be opened, or was lost, is used again after the others:
  ///   the server may have no more for us than those that are open.
  mutating func release(_ connection: Connection, isOpen: Bool = true) -> Release {
    guard !waiting.isEmpty else {
      idle.insert(connection, at: isOpen ? idle.endIndex : idle.startIndex)
      return .keep
    }
    return .hand(connection, to: waiting.removeFirst().waiter)
  }

  /// One who waited gives up; `nil` when a connection was found for it meanwhile.
  mutating func withdraw(_ number: Int) -> Waiter? {
    guard let place = waiting.firstIndex(where: { $0.number == number }) else { return nil }
    return waiting.remove(at: place).waiter
  }
}

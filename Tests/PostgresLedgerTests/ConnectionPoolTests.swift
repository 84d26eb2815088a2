import Testing

@testable import PostgresLedger

@Suite("Which caller gets which connection")
struct ConnectionPoolTests {
  private typealias Pool = ConnectionPool<String, String>

  /// An action, to compare.
  private static func text(_ acquisition: Pool.Acquisition) -> String {
    switch acquisition {
    case .use(let connection): "use \(connection)"
    case .open: "open"
    case .wait(let number): "wait as \(number)"
    case .refuse: "refuse"
    }
  }

  private static func text(_ release: Pool.Release) -> String {
    switch release {
    case .hand(let connection, let waiter): "hand \(connection) to \(waiter)"
    case .keep: "keep"
    }
  }

  private var pool = Pool(maxConnections: 2, maxWaiting: 2)

  private mutating func acquire(_ waiter: String) -> String { Self.text(pool.acquire(waiter)) }
  private mutating func release(_ connection: String) -> String {
    Self.text(pool.release(connection))
  }

  @Test mutating func `connections are opened as they are needed, up to the bound`() {
    #expect(pool.openCount == 0)
    #expect(acquire("a") == "open")
    #expect(acquire("b") == "open")
    #expect(pool.openCount == 2)
    #expect(acquire("c") == "wait as 1")
    #expect(pool.openCount == 2)
  }

  @Test mutating func `one that nobody uses is used again, the latest first`() {
    _ = acquire("a")
    _ = acquire("b")
    #expect(release("1") == "keep")
    #expect(release("2") == "keep")
    #expect(acquire("c") == "use 2")
    #expect(acquire("d") == "use 1")
    #expect(acquire("e") == "wait as 1")
    #expect(pool.openCount == 2)
  }

  @Test mutating func `who waits is served in the order of asking`() {
    for caller in ["a", "b"] { #expect(acquire(caller) == "open") }
    #expect(acquire("c") == "wait as 1")
    #expect(acquire("d") == "wait as 2")
    #expect(release("1") == "hand 1 to c")
    #expect(release("2") == "hand 2 to d")
    #expect(release("1") == "keep")
    #expect(acquire("e") == "use 1")
  }

  @Test mutating func `one more than may wait is refused, until there is a place again`() {
    for caller in ["a", "b", "c", "d"] { #expect(acquire(caller) != "refuse") }
    #expect(acquire("e") == "refuse")
    #expect(release("1") == "hand 1 to c")
    #expect(acquire("e") == "wait as 3")
    #expect(acquire("f") == "refuse")
  }

  @Test mutating func `who gives up leaves its place, and is not served`() {
    for caller in ["a", "b", "c", "d"] { _ = acquire(caller) }
    #expect(pool.withdraw(1) == "c")
    #expect(acquire("e") == "wait as 3")
    #expect(release("1") == "hand 1 to d")
    #expect(release("2") == "hand 2 to e")
    #expect(release("1") == "keep")
  }

  @Test mutating func `who was served already cannot give up, nor twice, nor as somebody else`() {
    for caller in ["a", "b", "c", "d"] { _ = acquire(caller) }
    #expect(release("1") == "hand 1 to c")
    #expect(pool.withdraw(1) == nil)
    #expect(pool.withdraw(2) == "d")
    #expect(pool.withdraw(2) == nil)
    #expect(pool.withdraw(3) == nil)
    #expect(release("1") == "keep")
  }

  @Test func `nobody may wait where none may`() {
    var pool = Pool(maxConnections: 1, maxWaiting: 0)
    #expect(Self.text(pool.acquire("a")) == "open")
    #expect(Self.text(pool.acquire("b")) == "refuse")
    #expect(Self.text(pool.release("1")) == "keep")
    #expect(Self.text(pool.acquire("b")) == "use 1")
  }

  @Test mutating func `one that could not be opened is used again after all that are open`() {
    _ = acquire("a")
    _ = acquire("b")
    #expect(release("1") == "keep")
    #expect(Self.text(pool.release("2", isOpen: false)) == "keep")
    #expect(acquire("c") == "use 1")
    #expect(acquire("d") == "use 2")
  }
}

package import Billing
package import Delivery
package import Dispatching

/// The topic on SQLite: a table with partitions and offsets, and consumer groups beside it, in a
/// file of its own so that publishing never waits for the ledger.
///
/// Several processes may share the file. What every group has read is deleted.
package final class EventStore: Topic {
  let database: Database
  let clock: any WallClock
  /// Fixed when the store is made.
  private let partitionCount: Int

  /// - Parameters:
  ///   - clock: what members' leases are compared with; one that passes, also where the ledger's
  ///     time is simulated.
  ///   - partitionCount: 1…1000; used when the store is made, later what it was made with counts.
  package init(database: Database, clock: any WallClock, partitionCount: Int = 12) async throws {
    precondition((1...1000).contains(partitionCount), "1…1000 partitions")
    self.database = database
    self.clock = clock
    _ = try await EventSchema.migrations.apply(to: database)
    self.partitionCount = try await database.write { connection in
      let made = try connection.first("SELECT count(*) FROM partitions", read: { $0.int(0) }) ?? 0
      guard made == 0 else { return made }
      for partition in 0..<partitionCount {
        try connection.run("INSERT INTO partitions VALUES (?, 0)", partition)
      }
      return partitionCount
    }
  }

  private static let maxNeighbours = 128
  /// Far above any: a million events a second for a hundred thousand years.
  private static let lastOffset: Int64 = 1 << 62

  package func publish(_ events: [DeliveryEvent]) async throws -> [PublishOutcome] {
    try await database.write { connection in
      var ends = try Self.ends(in: connection)
      let insert = try connection.statement("INSERT INTO events VALUES (?, ?, ?)")
      var outcomes: [PublishOutcome] = []
      outcomes.reserveCapacity(events.count)
      // Neighbours stay together, since neighbours lie together in the ledger: a batch that is
      // polled then touches few of its pages. Which partition an event is on means nothing else.
      // What a damaged file says cannot be counted on from.
      guard !ends.isEmpty, ends.allSatisfy({ (0..<Self.lastOffset).contains($0) }) else {
        throw StoreError(
          .corrupt, operation: "publish events", detail: "the partitions' offsets are out of range")
      }
      let together = max(1, min(Self.maxNeighbours, events.count / ends.count))
      let first = Int(ends.reduce(0) { $0.saturatingAdd($1) } % Int64(ends.count))
      for (position, event) in events.enumerated() {
        let partition = (first + position / together) % ends.count
        let offset = ends[partition]
        insert.bind(partition, at: 1)
        insert.bind(offset, at: 2)
        insert.bind(event.json, at: 3)
        try insert.finish()
        ends[partition] += 1
        outcomes.append(.stored(partition: partition, offset: offset))
      }
      for (partition, end) in ends.enumerated() {
        try connection.run(
          "UPDATE partitions SET next_offset = ?1 WHERE partition = ?2 AND next_offset <> ?1", end,
          partition)
      }
      return outcomes
    }
  }

  /// A member of a consumer group.
  ///
  /// - Parameters:
  ///   - member: unique among the living.
  ///   - leaseMilliseconds: its partitions go to others when it is silent for so long.
  ///   - isGone: whether a member is known to have ended: then its lease is not waited for.
  package func feed(
    group: String, member: String, leaseMilliseconds: Int64 = 5000,
    isGone: @escaping @Sendable (String) -> Bool = { _ in false }
  ) -> EmbeddedFeed {
    EmbeddedFeed(
      store: self, group: group, member: member, leaseMilliseconds: leaseMilliseconds,
      isGone: isGone)
  }

  /// How far a group is, for lag and for the reconciler.
  package func positions(of group: String) -> any FeedPositions {
    GroupPositions(database: database, group: group)
  }

  /// Whether somebody alive is a member of a group.
  ///
  /// - Parameter isGone: whether a member is known to have ended, whatever its lease says.
  package func hasMembers(
    of group: String, isGone: @escaping @Sendable (String) -> Bool
  ) async throws -> Bool {
    let now = clock.now()
    return try await database.read { connection in
      var isAlive = false
      try connection.query(
        "SELECT member FROM members WHERE group_name = ? AND lease_until > ?", group, now
      ) { row in
        if !isGone(row.text(0)) { isAlive = true }
      }
      return isAlive
    }
  }

  /// The next offset of each partition, by number.
  static func ends(in connection: Connection) throws -> [Int64] {
    var ends: [Int64] = []
    try connection.query("SELECT next_offset FROM partitions ORDER BY partition") {
      ends.append($0.integer(0))
    }
    return ends
  }
}

struct GroupPositions: FeedPositions {
  let database: Database
  let group: String

  func positions() async throws -> [FeedPosition] {
    try await database.read { connection in
      var positions: [FeedPosition] = []
      try connection.query(
        """
        SELECT p.partition, coalesce(g.committed, 0), p.next_offset
        FROM partitions p
        LEFT JOIN group_partitions g ON g.group_name = ? AND g.partition = p.partition
        ORDER BY p.partition
        """, group
      ) { row in
        positions.append(
          FeedPosition(partition: row.int(0), committed: row.integer(1), end: row.integer(2)))
      }
      return positions
    }
  }
}

enum EventSchema {
  static let migrations = Migrations(
    subject: "event store",
    scripts: [
      """
      CREATE TABLE partitions (
        partition INTEGER PRIMARY KEY,
        next_offset INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE events (
        partition INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (partition, offset)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE members (
        group_name TEXT NOT NULL,
        member TEXT NOT NULL,
        lease_until INTEGER NOT NULL,
        PRIMARY KEY (group_name, member)
      ) STRICT, WITHOUT ROWID;
      -- member is empty where nobody has the partition.
      CREATE TABLE group_partitions (
        group_name TEXT NOT NULL,
        partition INTEGER NOT NULL,
        member TEXT NOT NULL,
        committed INTEGER NOT NULL,
        PRIMARY KEY (group_name, partition)
      ) STRICT, WITHOUT ROWID;
      """
    ])
}

import Billing
package import Delivery

/// A member of a consumer group on the SQLite topic.
///
/// Every heartbeat renews the member's lease, takes partitions that nobody alive has, and gives up
/// what is beyond its share once what it polled from them is stored.
package actor EmbeddedFeed: Feed {
  private struct Holding: Sendable {
    /// The next offset to poll.
    var next: Int64
    var stored: Int64
    /// To be given up when everything polled is stored.
    var isLeaving = false
  }

  private let store: EventStore
  private let group: String
  private let member: String
  private let leaseMilliseconds: Int64
  private let isGone: @Sendable (String) -> Bool
  private var holdings: [Int: Holding] = [:]
  /// On the store's clock: until then nobody else has our partitions.
  private var leaseUntil = Timestamp(milliseconds: 0)
  /// The partition that is polled first the next time: all get their turn.
  private var turn = 0

  package nonisolated let heartbeatMilliseconds: Int64

  init(
    store: EventStore, group: String, member: String, leaseMilliseconds: Int64,
    isGone: @escaping @Sendable (String) -> Bool
  ) {
    precondition(!member.isEmpty, "a member has a name")
    self.store = store
    self.group = group
    self.member = member
    self.leaseMilliseconds = leaseMilliseconds
    self.isGone = isGone
    heartbeatMilliseconds = max(1, leaseMilliseconds / 4)
  }

  package func poll(limit: Int) async throws -> [FeedEvent] {
    if store.clock.now() >= leaseUntil { try await heartbeat() }
    let wanted = holdings.filter { !$0.value.isLeaving }.map { ($0.key, $0.value.next) }
      .sorted { $0.0 < $1.0 }
    guard !wanted.isEmpty, limit > 0 else { return [] }
    turn += 1
    let first = turn % wanted.count
    let ordered = Array(wanted[first...] + wanted[..<first])
    let events = try await read(ordered, limit: limit)
    for event in events {
      if let next = holdings[event.partition]?.next {
        holdings[event.partition]?.next = max(next, event.offset.saturatingAdd(1))
      }
    }
    return events
  }

  private func read(_ wanted: [(Int, Int64)], limit: Int) async throws -> [FeedEvent] {
    try await store.database.read { connection in
      var events: [FeedEvent] = []
      for (partition, next) in wanted where events.count < limit {
        try connection.query(
          """
          SELECT offset, body FROM events WHERE partition = ? AND offset >= ?
          ORDER BY offset LIMIT ?
          """, partition, next, limit - events.count
        ) { row in
          events.append(
            FeedEvent(
              partition: partition, offset: row.integer(0),
              event: row.withBytes(1) { DeliveryEvent(json: $0) }))
        }
      }
      return events
    }
  }

  package func store(_ next: [Int: Int64]) async throws {
    let (group, member) = (group, member)
    try await store.database.write { connection in
      for (partition, offset) in next.sorted(by: { $0.key < $1.key }) {
        let changed = try connection.run(
          """
          UPDATE group_partitions SET committed = ?1
          WHERE group_name = ?2 AND partition = ?3 AND member = ?4 AND committed < ?1
          """, offset, group, partition, member)
        if changed > 0 {
          // What every group has read is of no use to anybody.
          try connection.run(
            """
            DELETE FROM events WHERE partition = ?1 AND offset <
              (SELECT min(committed) FROM group_partitions WHERE partition = ?1)
            """, partition)
        }
      }
    }
    for (partition, offset) in next {
      if let stored = holdings[partition]?.stored {
        holdings[partition]?.stored = max(stored, offset)
      }
    }
  }

  package func heartbeat() async throws {
    // What was polled is being worked on: its partition is not given up before that is stored.
    let settled = Set(holdings.filter { $0.value.next == $0.value.stored }.keys)
    let (group, member, lease) = (group, member, leaseMilliseconds)
    let clock = store.clock
    let isGone = isGone
    let beat = try await store.database.write { connection in
      let now = clock.now()
      let until = now.adding(milliseconds: lease)
      try GroupTable.renew(member, of: group, until: until, at: now, in: connection)
      let table = try GroupTable.read(group, livingBut: isGone, in: connection)
      let change = table.share.change(for: member)
      let mine = table.share.owners.indices.filter { table.share.owners[$0] == member }
      let given = mine.filter(settled.contains).prefix(change.surplus)
      for partition in given {
        try GroupTable.give(partition, of: group, to: "", in: connection)
      }
      for partition in change.take {
        try GroupTable.give(partition, of: group, to: member, in: connection)
      }
      let held = Set(mine).subtracting(given).union(change.take)
      return Beat(
        until: until, held: held.map { ($0, table.committed[$0]) },
        leaving: change.surplus - given.count)
    }
    take(over: beat)
  }

  private struct Beat: Sendable {
    var until: Timestamp
    var held: [(partition: Int, committed: Int64)]
    /// Partitions that are to be given up and are not settled yet.
    var leaving: Int
  }

  private func take(over beat: Beat) {
    leaseUntil = beat.until
    let before = holdings
    holdings = [:]
    for (partition, committed) in beat.held {
      // A partition that was ours all along goes on; any other begins where the group is.
      holdings[partition] = before[partition] ?? Holding(next: committed, stored: committed)
      holdings[partition]?.isLeaving = false
    }
    for partition in holdings.keys.sorted(by: >).prefix(max(0, beat.leaving)) {
      holdings[partition]?.isLeaving = true
    }
  }

  package func positions() async throws -> [FeedPosition] {
    try await GroupPositions(database: store.database, group: group).positions()
  }

  package func close() async throws {
    let (group, member) = (group, member)
    holdings = [:]
    leaseUntil = Timestamp(milliseconds: 0)
    try await store.database.write { connection in
      try connection.run(
        "DELETE FROM members WHERE group_name = ? AND member = ?", group, member)
      try connection.run(
        "UPDATE group_partitions SET member = '' WHERE group_name = ? AND member = ?", group,
        member)
    }
  }
}

/// The tables of a consumer group.
private enum GroupTable {
  /// Renews the member's lease and forgets the members whose lease is over.
  static func renew(
    _ member: String, of group: String, until: Timestamp, at now: Timestamp,
    in connection: Connection
  ) throws {
    try connection.run(
      "DELETE FROM members WHERE group_name = ? AND lease_until <= ? AND member <> ?", group, now,
      member)
    try connection.run(
      """
      INSERT INTO members VALUES (?, ?, ?)
      ON CONFLICT (group_name, member) DO UPDATE SET lease_until = excluded.lease_until
      """, group, member, until)
    try connection.run(
      """
      INSERT OR IGNORE INTO group_partitions SELECT ?, partition, '', 0 FROM partitions
      """, group)
  }

  struct Table {
    var share: FairShare
    /// By partition.
    var committed: [Int64]
  }

  static func read(
    _ group: String, livingBut isGone: (String) -> Bool, in connection: Connection
  ) throws -> Table {
    var members: [String] = []
    try connection.query(
      "SELECT member FROM members WHERE group_name = ? ORDER BY member", group
    ) { members.append($0.text(0)) }
    members.removeAll(where: isGone)
    var owners: [String] = []
    var committed: [Int64] = []
    try connection.query(
      """
      SELECT member, committed FROM group_partitions WHERE group_name = ? ORDER BY partition
      """, group
    ) { row in
      owners.append(row.text(0))
      committed.append(row.integer(1))
    }
    return Table(share: FairShare(members: members, owners: owners), committed: committed)
  }

  static func give(
    _ partition: Int, of group: String, to member: String, in connection: Connection
  ) throws {
    try connection.run(
      "UPDATE group_partitions SET member = ? WHERE group_name = ? AND partition = ?", member,
      group, partition)
  }
}

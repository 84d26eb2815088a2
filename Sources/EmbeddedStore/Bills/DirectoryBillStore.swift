package import Billing
import CFiles
import Glibc
package import Rendering

/// The bill store as a folder: each bill a file under the path of its key.
///
/// A file is made under its final name and never overwritten. Several processes may share the
/// folder. What was put survives a loss of power after `makeDurable()`; before it, or when its
/// writer was killed, a file may be short or filled with zeros, which the next put of the same bill
/// recognises and mends.
package final class DirectoryBillStore: BillStore {
  let root: BillFolder
  /// Threads that write and remove at once: as many as keep two processors busy.
  private let lanes: [BillLane]
  /// Threads that read at once: what is read lies all over the disk, which is at its best when
  /// it is asked for many things together.
  private let readers: [BillLane]

  /// - Parameters:
  ///   - path: a folder, made if missing.
  ///   - writerCount: 1…16.
  ///   - readerCount: 1…64.
  package init(path: String, writerCount: Int = 2, readerCount: Int = 16) throws(StoreError) {
    let root = try BillFolder(path: path)
    self.root = root
    lanes = (0..<writerCount).map { BillLane(folder: root, number: $0) }
    readers = (0..<readerCount).map { BillLane(folder: root, number: writerCount + $0) }
  }

  package func put(_ bills: [Bill]) async throws -> [BillPutOutcome] {
    try await spread(bills, over: lanes) { lane, part in try await lane.put(part) }
  }

  package func makeDurable() async throws {
    try await lanes[0].makeDurable()
  }

  package func contents(of keys: [BillKey]) async throws -> [[UInt8]?] {
    try await read(keys) { lane, part in try await lane.contents(of: part) }
  }

  package func list(
    _ month: BillingMonth, _ body: @Sendable ([StoredBill]) throws -> Void
  ) async throws {
    let base = "bills/\(month)"
    for version in try await lanes[0].names(in: base) {
      for fanout in try await lanes[0].names(in: "\(base)/\(version)") {
        try body(try await lanes[0].files(in: "\(base)/\(version)/\(fanout)"))
      }
    }
  }

  package func delete(_ keys: [BillKey]) async throws {
    _ = try await spread(keys, over: lanes) { lane, part in try await lane.delete(part) }
  }

  /// An answer for each key, in their order.
  func read<Answer: Sendable>(
    _ keys: [BillKey],
    _ work: @Sendable @escaping (BillLane, ArraySlice<BillKey>) async throws -> [Answer]
  ) async throws -> [Answer] {
    try await spread(keys, over: readers, work)
  }

  /// Gives each lane an equal part, and puts their answers together in order.
  private func spread<Item: Sendable, Answer: Sendable>(
    _ items: [Item], over lanes: [BillLane],
    _ work: @Sendable @escaping (BillLane, ArraySlice<Item>) async throws -> [Answer]
  ) async throws -> [Answer] {
    let share = max(1, (items.count + lanes.count - 1) / lanes.count)
    return try await withThrowingTaskGroup(of: (Int, [Answer]).self) { group in
      for (position, lane) in lanes.enumerated() where position * share < items.count {
        let part = items[position * share..<min((position + 1) * share, items.count)]
        group.addTask { (position, try await work(lane, part)) }
      }
      var answers = [[Answer]](repeating: [], count: lanes.count)
      for try await (position, part) in group { answers[position] = part }
      return answers.flatMap { $0 }
    }
  }
}

/// One thread's share of the folder's work.
actor BillLane {
  private let executor = ThreadExecutor(label: "billing.bills")
  private let folder: BillFolder
  private let number: Int
  private var nextName = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(folder: BillFolder, number: Int) {
    self.folder = folder
    self.number = number
  }

  func put(_ bills: ArraySlice<Bill>) throws -> [BillPutOutcome] {
    try bills.map { bill in
      nextName += 1
      return try folder.put(
        bill.content, at: bill.key.path, workName: "\(getpid())-\(number)-\(nextName)")
    }
  }

  func contents(of keys: ArraySlice<BillKey>) throws -> [[UInt8]?] {
    try keys.map { try folder.read($0.path) }
  }

  func examine<Answer: Sendable>(
    _ keys: ArraySlice<BillKey>, _ body: @Sendable ([UInt8]) -> Answer
  ) throws -> [Answer?] {
    try keys.map { try folder.read($0.path).map(body) }
  }

  func delete(_ keys: ArraySlice<BillKey>) throws -> [Void] {
    try keys.map { try folder.remove($0.path) }
  }

  func makeDurable() throws { try folder.synchronize() }

  func names(in path: String) throws -> [String] { try folder.names(in: path) }

  func files(in path: String) throws -> [StoredBill] {
    try folder.names(in: path).compactMap { name in
      let file = "\(path)/\(name)"
      return try folder.size(of: file).map { StoredBill(path: file, size: $0) }
    }
  }
}

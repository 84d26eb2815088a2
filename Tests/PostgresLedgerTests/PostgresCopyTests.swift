import Billing
import BillingTestKit
import LedgerTestKit
import Testing

@testable import PostgresLedger

@Suite("COPY, in and out", .timeLimit(.minutes(10)))
struct PostgresCopyTests {
  private let database: PostgresDatabase

  init() async throws {
    var limits = PostgresLimits()
    // What is done next is done on the connection that was in trouble.
    limits.maxConnections = 1
    database = TestDatabase.open(try await TestDatabase.url(), limits: limits)
    try await database.write { connection in
      try connection.execute(
        """
        CREATE TABLE copied (big bigint, int integer, small smallint, truth boolean, words text,
          octets bytea, hash bytea)
        """)
    }
  }

  private static let columns = ["big", "int", "small", "truth", "words", "octets", "hash"]
  private static let select =
    "SELECT big, int, small, truth::integer, words, octets, hash FROM copied ORDER BY big"

  private struct Row: Equatable {
    var big: Int64
    var int: Int32?
    var small: Int16
    var truth: Bool
    var words: String?
    var octets: [UInt8]?
    var hash: ContentHash?
  }

  private struct GivenUp: Error {}

  private static func row(_ number: Int) -> Row {
    Row(
      big: Int64(number), int: number % 3 == 0 ? nil : [.min, -1, 0, .max][number % 4],
      small: [.min, -1, 0, .max][number % 4], truth: number % 2 == 0,
      words: number % 4 == 0 ? nil : number % 4 == 1 ? "" : "뮒별 \(number)",
      octets: number % 5 == 0 ? nil : [UInt8](repeating: 9, count: (number % 5 - 1) * 20),
      hash: number % 2 == 0 ? nil : ContentHash(of: [UInt8(number % 256)]))
  }

  private static func write(_ row: Row, to copy: CopyWriter) throws {
    try copy.row()
    copy.int8(row.big)
    copy.int4(row.int)
    copy.int2(row.small)
    copy.bool(row.truth)
    copy.text(row.words)
    copy.bytes(row.octets)
    copy.hash(row.hash)
  }

  private static func read(_ row: inout CopiedRow) throws -> Row {
    let big = row.integer()
    let int = row.optionalInteger().map { Int32($0) }
    let small = Int16(row.integer())
    let truth = row.integer() == 1
    let words = row.optionalBytes().map { String(decoding: $0, as: UTF8.self) }
    let octets = row.optionalBytes()
    let hash = try row.optionalBytes().map { bytes in
      try #require(ContentHash(bytes: bytes))
    }
    return Row(
      big: big, int: int, small: small, truth: truth, words: words, octets: octets, hash: hash)
  }

  private func copiedOut() async throws -> [Row] {
    try await database.read { connection in
      var rows: [Row] = []
      try connection.copyOut(Self.select) { rows.append(try Self.read(&$0)) }
      return rows
    }
  }

  private func backend() async throws -> Int64? {
    try await database.read { connection in
      try connection.first("SELECT pg_backend_pid()") { $0.integer(0) }
    }
  }

  @Test(arguments: [0, 1, 5000])
  func `rows that are copied in are copied out the same`(count: Int) async throws {
    let rows = (0..<count).map(Self.row)
    let written = try await database.write { connection in
      try connection.copy(into: "copied", Self.columns) { copy in
        for row in rows { try Self.write(row, to: copy) }
      }
    }
    #expect(written == count)
    #expect(try await copiedOut() == rows)
  }

  @Test func `what must be there is copied like what may be`() async throws {
    let hash = ContentHash(of: [4])
    _ = try await database.write { connection in
      try connection.copy(into: "copied", Self.columns) { copy in
        for number in [Int64.min, -1, .max] {
          try copy.row()
          copy.int8(number)
          copy.int4(Int(Int32.min))
          copy.int2(Int(Int16.max))
          copy.bool(true)
          copy.text("가")
          copy.bytes([0])
          copy.hash(hash)
        }
      }
    }
    let rows = try await copiedOut()
    #expect(rows.map(\.big) == [.min, -1, .max])
    for row in rows {
      #expect(
        row
          == Row(
            big: row.big, int: .min, small: .max, truth: true, words: "가", octets: [0], hash: hash))
    }
    let texts = try await database.read { connection in
      var texts: [String] = []
      var hashes: [ContentHash] = []
      try connection.copyOut("SELECT words, hash FROM copied") { row in
        texts.append(row.text())
        hashes.append(try row.hash())
      }
      #expect(hashes == [hash, hash, hash])
      return texts
    }
    #expect(texts == ["가", "가", "가"])
  }

  @Test(arguments: [0, 1, 5000])
  func `a body that throws half-way writes nothing, and its connection can be used`(
    before: Int
  ) async throws {
    let same = try await backend()
    await #expect(throws: GivenUp.self) {
      try await database.write { connection in
        try connection.copy(into: "copied", Self.columns) { copy in
          for number in 0..<before { try Self.write(Self.row(number), to: copy) }
          throw GivenUp()
        }
      }
    }
    #expect(try await backend() == same)
    #expect(try await copiedOut().isEmpty)
  }

  @Test func `a reader that throws half-way ends the copy, and the next one works`() async throws {
    _ = try await database.write { connection in
      try connection.copy(into: "copied", Self.columns) { copy in
        for number in 0..<5000 { try Self.write(Self.row(number), to: copy) }
      }
    }
    for after in [1, 3000] {
      var seen = 0
      do {
        seen = try await database.read { connection in
          var seen = 0
          try connection.copyOut(Self.select) { _ in
            seen += 1
            if seen == after { throw GivenUp() }
          }
          return seen
        }
        Issue.record("it went on after \(seen) rows")
      } catch is GivenUp {}
      #expect(try await copiedOut().count == 5000)
    }
  }

  @Test func `a row that the server refuses writes nothing, and its connection can be used`()
    async throws
  {
    try await database.write { try $0.execute("CREATE UNIQUE INDEX ON copied (big)") }
    let same = try await backend()
    let error = await #expect(throws: StoreError.self) {
      try await database.write { connection in
        try connection.copy(into: "copied", Self.columns) { copy in
          for number in Array(0..<5000) + [17] { try Self.write(Self.row(number), to: copy) }
        }
      }
    }
    #expect(error?.kind == .conflict)
    #expect(error?.operation.contains("copied") == true)
    #expect(try await backend() == same)
    #expect(try await copiedOut().isEmpty)
  }

  @Test func `a query that fails while it is copied out says so`() async throws {
    let error = await #expect(throws: StoreError.self) {
      try await database.read { connection in
        try connection.copyOut("SELECT 1 / (n - 700) FROM generate_series(1, 1000) n") { _ in }
      }
    }
    #expect(error?.kind == .broken)
    #expect(error?.detail.contains("22012") == true)
    #expect(try await copiedOut().isEmpty)
  }
}

import Billing
import LedgerTestKit
import Testing

@testable import PostgresLedger

@Suite("Values on their way to PostgreSQL and back", .timeLimit(.minutes(10)))
struct PostgresValueTests {
  private static let texts = [
    "", " ", "a", "뮒별", "e\u{301} é", "🧾\u{200D}👩", "\u{1}\u{7F}\u{10FFFF}", "'; --\"\\\n",
    String(repeating: "원", count: 100_000),
  ]
  private static let bytes: [[UInt8]] = [
    [], [0], [0, 0, 0], [255], Array(0...255), [UInt8](repeating: 7, count: 100_000),
  ]
  private static let integers: [Int64] = [.min, .min + 1, -256, -1, 0, 1, 255, 1 << 40, .max]
  private static let hash = ContentHash(of: [1, 2, 3])

  private func reading<Value: Sendable>(
    _ body: @Sendable (PostgresConnection) throws -> Value
  ) async throws -> Value {
    try await TestDatabase.open(try await TestDatabase.url()).read(body)
  }

  // MARK: One value

  @Test func `integers of every width come back, the extreme and the negative ones too`()
    async throws
  {
    try await reading { connection in
      for value in Self.integers {
        let back = try connection.first("SELECT $1, $1 - 0", value) { row in
          [row.integer(0), row.integer(1)]
        }
        #expect(back == [value, value])
      }
      for value in [Int32.min, -1, 0, 1, .max] {
        let back = try connection.first("SELECT $1::integer, $1", value) { row in
          [row.integer(0), row.optionalInteger(1)]
        }
        #expect(back == [Int64(value), Int64(value)])
      }
      for value in [Int(Int16.min), -1, 0, 1, Int(Int16.max)] {
        let back = try connection.first("SELECT $1::smallint", value) { $0.int(0) }
        #expect(back == value)
      }
    }
  }

  @Test func `texts and bytes come back to the last byte, the empty ones too`() async throws {
    try await reading { connection in
      for text in Self.texts {
        let back = try connection.first("SELECT $1, octet_length($1), $1 IS NULL", text) { row in
          #expect(row.int(1) == text.utf8.count)
          #expect(!row.bool(2))
          return row.text(0)
        }
        #expect(back.map { Array($0.utf8) } == Array(text.utf8))
      }
      for bytes in Self.bytes {
        let back = try connection.first("SELECT $1, length($1), $1 IS NULL", bytes) { row in
          #expect(row.int(1) == bytes.count)
          #expect(!row.bool(2))
          return row.bytes(0)
        }
        #expect(back == bytes)
      }
    }
  }

  @Test func `what the domain counts with travels as its number`() async throws {
    let month = try #require(BillingMonth(year: 2026, month: 10))
    let day = try #require(CalendarDay(year: 1969, month: 12, day: 31))
    try await reading { connection in
      let back = try connection.first(
        "SELECT $1, $2, $3, $4, $5", month, day, CustomerID(.max), LineID(.min),
        Timestamp(milliseconds: -1)
      ) { row in (0..<5).map { row.integer($0) } }
      #expect(back == [Int64(month.index), -1, .max, .min, -1])
      let moment = try connection.first("SELECT $1, NULL::bigint", Timestamp(milliseconds: 7)) {
        [$0.timestamp(0), $0.optionalTimestamp(1)]
      }
      #expect(moment == [Timestamp(milliseconds: 7), nil])
      let hashes = try connection.first("SELECT $1, NULL::bytea", Self.hash) {
        [try $0.hash(0), try $0.optionalHash(1)]
      }
      #expect(hashes == [Self.hash, nil])
      let truth = try connection.first("SELECT $1, $2", true, false) { [$0.bool(0), $0.bool(1)] }
      #expect(truth == [true, false])
    }
  }

  @Test func `nothing is NULL, whatever its type, and stays nothing`() async throws {
    try await reading { connection in
      let isNull = try connection.first(
        "SELECT $1, $2, $3, $4, $5, $6, $7", nil as Int64?, nil as String?, nil as [UInt8]?,
        nil as Bool?, nil as ContentHash?, nil as Timestamp?, nil as CustomerID?
      ) { row in
        #expect(row.optionalInteger(0) == nil)
        #expect(row.optionalText(1) == nil)
        #expect(row.optionalBytes(2) == nil)
        #expect(row.integer(0) == 0)
        #expect(row.text(1) == "")
        return (0..<7).map { row.isNull($0) }
      }
      #expect(isNull == [Bool](repeating: true, count: 7))
      // Under the statement that was prepared for nothing.
      let there = try connection.first(
        "SELECT $1, $2, $3, $4, $5, $6, $7", 1 as Int64?, "" as String?, [] as [UInt8]?,
        false as Bool?, Self.hash as ContentHash?, Timestamp(milliseconds: 0) as Timestamp?,
        CustomerID(5) as CustomerID?
      ) { row in (0..<7).map { row.isNull($0) } }
      #expect(there == [Bool](repeating: false, count: 7))
    }
  }

  @Test func `a hash that is not 32 bytes is damage, not another hash`() async throws {
    let database = TestDatabase.open(try await TestDatabase.url())
    let error = await #expect(throws: StoreError.self) {
      try await database.read { connection in
        try connection.first("SELECT $1", [1, 2, 3] as [UInt8]) { try $0.hash(0) }
      }
    }
    #expect(error?.kind == .corrupt)
  }

  // MARK: Columns of a batch

  @Test func `every column of a batch comes back row by row, with what is missing`() async throws {
    struct Row: Equatable {
      var integer: Int64
      var optional: Int64?
      var text: String?
      var bytes: [UInt8]?
      var hash: ContentHash?
      var truth: Bool
    }
    let rows = (0..<5000).map { number in
      Row(
        integer: Self.integers[number % Self.integers.count],
        optional: number % 3 == 0 ? nil : Int64(-number),
        text: number % 4 == 0 ? nil : number % 4 == 1 ? "" : "뮒별 \(number)",
        bytes: number % 5 == 0
          ? nil : [UInt8](repeating: UInt8(number % 256), count: number % 5 - 1),
        hash: number % 2 == 0 ? nil : ContentHash(of: [UInt8(number % 256)]),
        truth: number % 7 == 0)
    }
    let back = try await reading { connection in
      try connection.rows(
        "SELECT * FROM unnest($1, $2, $3, $4, $5, $6)", IntegerColumn(rows) { $0.integer },
        IntegerColumn(optional: rows) { $0.optional }, TextColumn(rows) { $0.text },
        BytesColumn(rows) { $0.bytes }, BytesColumn(hashes: rows) { $0.hash },
        BooleanColumn(rows) { $0.truth }
      ) { row in
        Row(
          integer: row.integer(0), optional: row.optionalInteger(1), text: row.optionalText(2),
          bytes: row.optionalBytes(3), hash: try row.optionalHash(4), truth: row.bool(5))
      }
    }
    #expect(back == rows)
  }

  @Test func `a batch without rows has none, and one empty value is a row`() async throws {
    let none: [Int] = []
    let one = [1]
    let counts = try await reading { connection in
      try [none, one].map { rows in
        try connection.first(
          """
          SELECT cardinality($1) + cardinality($2) + cardinality($3) + cardinality($4),
            (SELECT count(*) FROM unnest($1, $2, $3, $4))
          """, IntegerColumn(rows) { CustomerID(Int64($0)) }, TextColumn(rows) { _ in "" },
          BytesColumn(rows) { _ in [] }, BooleanColumn(rows) { _ in false }
        ) { row in [row.int(0), row.int(1)] }
      }
    }
    #expect(counts == [[0, 0], [4, 1]])
  }
}

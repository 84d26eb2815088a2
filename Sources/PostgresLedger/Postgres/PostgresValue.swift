import Billing

/// What a statement's parameter can be: sent in PostgreSQL's binary format, under a type that is
/// the same for every value, so that a statement is prepared once.
protocol PostgresValue {
  /// The object id of the PostgreSQL type.
  static var type: UInt32 { get }
  /// Appends the value's bytes; `false` says that it is NULL, and appends nothing.
  func encode(into bytes: inout [UInt8]) -> Bool
}

/// Object ids of the built-in types that are sent: they are the same in every PostgreSQL.
enum PostgresType {
  static let bool: UInt32 = 16
  static let bytea: UInt32 = 17
  static let int8: UInt32 = 20
  static let text: UInt32 = 25
  static let boolArray: UInt32 = 1000
  static let byteaArray: UInt32 = 1001
  static let textArray: UInt32 = 1009
  static let int8Array: UInt32 = 1016
}

extension [UInt8] {
  /// Network byte order.
  mutating func append(bigEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }
}

extension Int64: PostgresValue {
  static var type: UInt32 { PostgresType.int8 }

  func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.append(bigEndian: self)
    return true
  }
}

/// Values that travel as one 64-bit integer. PostgreSQL compares them with columns of any width.
protocol PostgresInteger: PostgresValue {
  var postgresInteger: Int64 { get }
}

extension PostgresInteger {
  static var type: UInt32 { PostgresType.int8 }

  func encode(into bytes: inout [UInt8]) -> Bool { postgresInteger.encode(into: &bytes) }
}

extension Int: PostgresInteger {
  var postgresInteger: Int64 { Int64(self) }
}

extension Int32: PostgresInteger {
  var postgresInteger: Int64 { Int64(self) }
}

extension BillingMonth: PostgresInteger {
  var postgresInteger: Int64 { Int64(index) }
}

extension CustomerID: PostgresInteger {
  var postgresInteger: Int64 { number }
}

extension LineID: PostgresInteger {
  var postgresInteger: Int64 { number }
}

extension CalendarDay: PostgresInteger {
  var postgresInteger: Int64 { Int64(daysSince1970) }
}

extension Timestamp: PostgresInteger {
  var postgresInteger: Int64 { milliseconds }
}

extension Bool: PostgresValue {
  static var type: UInt32 { PostgresType.bool }

  func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.append(self ? 1 : 0)
    return true
  }
}

extension String: PostgresValue {
  static var type: UInt32 { PostgresType.text }

  func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.append(contentsOf: utf8)
    return true
  }
}

extension [UInt8]: PostgresValue {
  static var type: UInt32 { PostgresType.bytea }

  func encode(into bytes: inout [UInt8]) -> Bool {
    bytes.append(contentsOf: self)
    return true
  }
}

extension ContentHash: PostgresValue {
  static var type: UInt32 { PostgresType.bytea }

  func encode(into bytes: inout [UInt8]) -> Bool {
    withBytes { bytes.append(contentsOf: $0) }
    return true
  }
}

extension Optional: PostgresValue where Wrapped: PostgresValue {
  static var type: UInt32 { Wrapped.type }

  func encode(into bytes: inout [UInt8]) -> Bool {
    switch self {
    case .some(let value): value.encode(into: &bytes)
    case nil: false
    }
  }
}

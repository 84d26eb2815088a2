import Billing

/// A table of inputs whose rows have versions.
struct InputTable: Hashable {
  let name: String
  /// What a row's version is written with, beside `recorded_to`.
  let columns: [String]
  /// Whether what was recorded earlier is asked for month by month: a month's first usage is mostly
  /// the first of all its rows.
  let isByMonth: Bool
  /// The latest versions of many keys: place among the keys, `recorded_from`, where the version
  /// lies, then its content.
  let latest: String
  /// Ends versions where they lie. Nobody else writes inputs in the meantime, so that they lie there
  /// still.
  let close: String

  /// - Parameters:
  ///   - isKey: compares the columns of `v`, which has versions, with those of `k`: `k_customer`,
  ///     `k_line`, `k_text` and `k_number` are those of `InputKey`.
  ///   - content: the columns that `InputRow.read` reads.
  private init(
    _ name: String, isKey: String, content: String, columns: [String], isByMonth: Bool = false
  ) {
    self.name = name
    self.columns = columns
    self.isByMonth = isByMonth
    // Versions are never taken back, so the latest one is the one that is valid now.
    latest = """
      SELECT k_place, l.* FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[])
        WITH ORDINALITY AS k (k_customer, k_line, k_text, k_number, k_place)
      CROSS JOIN LATERAL (
        SELECT recorded_from, ctid::text, \(content) FROM \(name) v WHERE \(isKey)
        ORDER BY recorded_from DESC LIMIT 1
      ) l
      """
    close = "UPDATE \(name) SET recorded_to = $1 WHERE ctid = ANY ($2::tid[])"
  }

  static let customers = InputTable(
    "customers", isKey: "customer_id = k_customer",
    content: """
      name, email_hash, phone_hash, send_day, quiet_mask, time_zone, locale, channels, status,
      activated_on, terminated_on
      """,
    columns: [
      "customer_id", "recorded_from", "send_day", "quiet_mask", "channels", "status",
      "activated_on", "terminated_on", "time_zone", "locale", "name", "email_sealed", "email_hash",
      "phone_sealed", "phone_hash",
    ])
  static let segments = InputTable(
    "segments",
    isKey: "customer_id = k_customer AND line_id = k_line AND active_from = k_number",
    content: "plan_code, active_to",
    columns: ["customer_id", "line_id", "recorded_from", "active_from", "active_to", "plan_code"])
  static let addOns = entitlements("add_ons")
  static let discounts = entitlements("discounts")
  static let bundleMembers = onLine("bundle_members", code: "bundle_id")
  static let usage = InputTable(
    "usage",
    isKey: """
      month = k_number AND customer_id = k_customer AND line_id = k_line AND metric = k_text
      """,
    content: "coefficient, scale",
    columns: [
      "month", "customer_id", "line_id", "recorded_from", "coefficient", "scale", "metric",
    ], isByMonth: true)
  /// A charge is asked for by its id alone: it belongs to one customer for good.
  static let charges = InputTable(
    "charges", isKey: "charge_id = k_text",
    content: "customer_id, charged_on, category, description, amount, taxable, first_recorded",
    columns: [
      "customer_id", "recorded_from", "first_recorded", "amount", "charged_on", "taxable",
      "charge_id", "category", "description",
    ])

  private static func entitlements(_ name: String) -> InputTable { onLine(name, code: "code") }

  private static func onLine(_ name: String, code: String) -> InputTable {
    InputTable(
      name,
      isKey: """
        customer_id = k_customer AND line_id = k_line AND \(code) = k_text
        AND active_from = k_number
        """,
      content: "active_to",
      columns: ["customer_id", "line_id", "recorded_from", "active_from", "active_to", code])
  }
}

/// What makes two rows of a table versions of one.
struct InputKey {
  var customer: Int64 = 0
  var line: Int64 = 0
  /// A code, a metric, or the id of a bundle or a charge.
  var text = ""
  /// The first day, or the month.
  var number: Int64 = 0

  /// 64 bits of its hash, never 0.
  struct Bits: Hashable {
    let bits: Int
  }

  /// Without the customer: a line is only one's, and a charge that two claim is to be noticed.
  var bits: Bits {
    var hasher = Hasher()
    hasher.combine(line == 0 && text.isEmpty ? customer : line)
    hasher.combine(number)
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    let bits = hasher.finalize()
    return Bits(bits: bits == 0 ? 1 : bits)
  }

  /// Compares what `bits` is a hash of.
  func isSame(as other: InputKey) -> Bool {
    line == other.line && number == other.number && text.hasBytes(of: other.text)
      && (line != 0 || !text.isEmpty || customer == other.customer)
  }
}

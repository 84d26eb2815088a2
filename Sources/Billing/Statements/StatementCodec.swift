/// The canonical bytes of a statement: what is stored, and what its content hash is taken of.
///
/// JSON (RFC 8259) in UTF-8 that any JSON tool reads, in exactly one form: the keys below in this
/// order, no white space, whole numbers without leading zeros, rates and quantities as their
/// shortest decimal text, days as `YYYY-MM-DD`. In texts only `"`, `\` and the control characters
/// below U+0020 are escaped, the last always as `\u00` and two lower-case hexadecimal digits.
///
///     {"format":2,"month":"2026-10","customer":1001,"version":1,"name":"홍길동",
///      "locale":"ko-KR","currency":"KRW","catalog":"2026-10",
///      "lines":[…],"tax":["inclusive","0.1",taxable],
///      "totals":[charges,discounts,tax,rounding,total]}
///
/// A line is `{"l":line,"n":"name","a":amount,source}`, without `l` where it belongs to no line and
/// without `n` where the name is empty. Its source is one of
///
///     "plan":["code",spans,daysInMonth,monthlyFee]
///     "addOn":["code",spans,daysInMonth,monthlyFee]
///     "usage":["metric","plan code","used",allowance,days,activeDays,daysInMonth,"rate",cap]
///     "rate":["discount code","rate",spans,activeDays,basis,cap]
///     "amount":["discount code",amount,spans,daysInMonth,basis,cap]
///     "bundle":["discount code",lines,amount,basis,cap]
///     "oneOff":["id","category","chargedOn",taxable]
///     "tax":[]
///     "rounding":[unit]
///
/// with `null` for no cap. Spans are the days of the statement's month, `[[first,count],…]`: 1 to 10
/// and 21 to 31 are `[[1,10],[21,11]]`, ascending, a gap between one and the next. A change of this
/// form is a new `format`, and the reader of the one before stays as long as an installation has
/// statements in it.
package enum StatementCodec {
  package static let formatVersion = 2

  package static func encode(_ statement: Statement) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(320 + statement.lines.count * 100)
    encode(statement, into: &bytes)
    return bytes
  }

  /// Appends the canonical bytes.
  package static func encode(_ statement: Statement, into bytes: inout [UInt8]) {
    bytes.append("{\"format\":2,\"month\":\"")
    bytes.append(statement.month)
    bytes.append("\",\"customer\":")
    bytes.append(number: statement.customer.number)
    bytes.append(",\"version\":")
    bytes.append(number: Int64(statement.version))
    bytes.append(",\"name\":")
    bytes.append(quoted: statement.customerName)
    bytes.append(",\"locale\":")
    bytes.append(quoted: statement.locale.rawValue)
    bytes.append(",\"currency\":")
    bytes.append(quoted: statement.currency.code)
    bytes.append(",\"catalog\":")
    bytes.append(quoted: statement.catalogVersion)
    bytes.append(",\"lines\":[")
    var separator: StaticString = ""
    for line in statement.lines {
      bytes.append(separator)
      encode(line, into: &bytes)
      separator = ","
    }
    bytes.append("],\"tax\":[")
    bytes.append(quoted: statement.tax.mode.rawValue)
    bytes.append(",")
    bytes.append(quoted: statement.tax.rate)
    bytes.append(",")
    bytes.append(number: statement.tax.taxable)
    bytes.append("],\"totals\":[")
    bytes.append(number: statement.totals.charges)
    bytes.append(",")
    bytes.append(number: statement.totals.discounts)
    bytes.append(",")
    bytes.append(number: statement.totals.tax)
    bytes.append(",")
    bytes.append(number: statement.totals.rounding)
    bytes.append(",")
    bytes.append(number: statement.totals.total)
    bytes.append("]}")
  }

  private static func encode(_ line: StatementLine, into bytes: inout [UInt8]) {
    bytes.append("{")
    if let id = line.line {
      bytes.append("\"l\":")
      bytes.append(number: id.number)
      bytes.append(",")
    }
    if !line.name.isEmpty {
      bytes.append("\"n\":")
      bytes.append(quoted: line.name)
      bytes.append(",")
    }
    bytes.append("\"a\":")
    bytes.append(number: line.amount)
    encode(line.source, into: &bytes)
    bytes.append("]}")
  }

  /// Up to, but without, the closing bracket.
  private static func encode(_ source: StatementSource, into bytes: inout [UInt8]) {
    switch source {
    case .plan(let code, let days, let daysInMonth, let monthlyFee):
      bytes.append(",\"plan\":[")
      encodeFee(code, days, daysInMonth, monthlyFee, into: &bytes)
    case .addOn(let code, let days, let daysInMonth, let monthlyFee):
      bytes.append(",\"addOn\":[")
      encodeFee(code, days, daysInMonth, monthlyFee, into: &bytes)
    case .usage(let usage):
      bytes.append(",\"usage\":[")
      encode(usage, into: &bytes)
    case .discount(let code, let rule, let basis, let cap):
      encode(rule, code: code, into: &bytes)
      bytes.append(",")
      bytes.append(number: basis)
      appendCap(cap, into: &bytes)
    case .oneOff(let id, let category, let chargedOn, let taxable):
      bytes.append(",\"oneOff\":[")
      bytes.append(quoted: id)
      bytes.append(",")
      bytes.append(quoted: category)
      bytes.append(",\"")
      bytes.append(chargedOn)
      bytes.append(taxable ? "\",true" : "\",false")
    case .tax:
      bytes.append(",\"tax\":[")
    case .rounding(let unit):
      bytes.append(",\"rounding\":[")
      bytes.append(number: unit)
    }
  }

  private static func encode(_ rule: DiscountSource, code: String, into bytes: inout [UInt8]) {
    switch rule {
    case .rate(let rate, let days, let activeDays):
      bytes.append(",\"rate\":[")
      bytes.append(quoted: code)
      bytes.append(",")
      bytes.append(quoted: rate)
      append(days, of: activeDays, into: &bytes)
    case .amount(let amount, let days, let daysInMonth):
      bytes.append(",\"amount\":[")
      bytes.append(quoted: code)
      bytes.append(",")
      bytes.append(number: amount)
      append(days, of: daysInMonth, into: &bytes)
    case .bundle(let lines, let amount):
      bytes.append(",\"bundle\":[")
      bytes.append(quoted: code)
      bytes.append(",")
      bytes.append(number: Int64(lines))
      bytes.append(",")
      bytes.append(number: amount)
    }
  }

  private static func encodeFee(
    _ code: String, _ days: DaysOfMonth, _ daysInMonth: Int, _ fee: Int64,
    into bytes: inout [UInt8]
  ) {
    bytes.append(quoted: code)
    append(days, of: daysInMonth, into: &bytes)
    bytes.append(",")
    bytes.append(number: fee)
  }

  private static func encode(_ usage: UsageSource, into bytes: inout [UInt8]) {
    bytes.append(quoted: usage.metric)
    bytes.append(",")
    bytes.append(quoted: usage.plan)
    bytes.append(",")
    bytes.append(quoted: usage.used)
    bytes.append(",")
    bytes.append(number: usage.allowance)
    bytes.append(",")
    bytes.append(number: Int64(usage.days))
    bytes.append(",")
    bytes.append(number: Int64(usage.activeDays))
    bytes.append(",")
    bytes.append(number: Int64(usage.daysInMonth))
    bytes.append(",")
    bytes.append(quoted: usage.rate)
    appendCap(usage.cap, into: &bytes)
  }

  private static func append(
    _ days: DaysOfMonth, of all: Int, into bytes: inout [UInt8]
  ) {
    var separator: StaticString = ",["
    for span in days.spans {
      bytes.append(separator)
      bytes.append("[")
      bytes.append(number: Int64(span.first))
      bytes.append(",")
      bytes.append(number: Int64(span.count))
      bytes.append("]")
      separator = ","
    }
    if days.isEmpty { bytes.append(separator) }
    bytes.append("],")
    bytes.append(number: Int64(all))
  }

  private static func appendCap(_ cap: Int64?, into bytes: inout [UInt8]) {
    bytes.append(",")
    if let cap { bytes.append(number: cap) } else { bytes.append("null") }
  }
}

extension StoredStatement {
  /// What a store keeps of a statement: its canonical bytes and their hash.
  package init(_ statement: Statement) {
    let bytes = StatementCodec.encode(statement)
    self.init(
      key: StatementKey(
        month: statement.month, customer: statement.customer, version: statement.version),
      hash: ContentHash(of: bytes), total: statement.totals.total, bytes: bytes)
  }
}

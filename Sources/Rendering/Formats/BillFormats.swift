package import Billing

/// How amounts, days, months and quantities are written for a reader: pure, and fast enough to be
/// used a hundred times a bill. Each function appends UTF-8.
package struct BillFormats: Sendable {
  package let locale: BillLocale

  package init(locale: BillLocale) {
    self.locale = locale
  }

  // MARK: Amounts

  /// An amount of minor units: `123,450원`, `$45.50`, `-$3.00`.
  package func amount(_ minorUnits: Int64, _ currency: Currency, into output: inout [UInt8]) {
    if minorUnits < 0 { output.append(UInt8(ascii: "-")) }
    money(minorUnits.magnitude, scale: currency.minorUnitDigits, currency, into: &output)
  }

  /// A price of less than a minor unit, such as that of one megabyte: `22.528원`, `$0.005`.
  package func unitPrice(
    _ minorUnits: FixedDecimal, _ currency: Currency, into output: inout [UInt8]
  ) {
    if minorUnits.isNegative { output.append(UInt8(ascii: "-")) }
    money(
      minorUnits.coefficient.magnitude, scale: minorUnits.scale + currency.minorUnitDigits,
      currency,
      into: &output)
  }

  private func money(
    _ magnitude: UInt64, scale: Int, _ currency: Currency, into output: inout [UInt8]
  ) {
    let (prefix, suffix) = sign(of: currency)
    if let prefix {
      prefix.append(to: &output)
    } else if suffix == nil {
      output.append(contentsOf: currency.code.utf8)
      noBreakSpace.append(to: &output)
    }
    DigitWriter.writeDecimal(
      magnitude, scale: scale, minimumScale: currency.minorUnitDigits, into: &output)
    suffix?.append(to: &output)
  }

  /// What stands before or after an amount; the code where neither is known.
  private func sign(of currency: Currency) -> (prefix: StaticString?, suffix: StaticString?) {
    switch (locale, currency.code) {
    case (.korean, "KRW"): (nil, "원")
    case (.korean, "USD"): ("US$", nil)
    case (.korean, "JPY"): ("JP¥", nil)
    case (.english, "KRW"): ("₩", nil)
    case (.english, "USD"): ("$", nil)
    case (.english, "JPY"): ("¥", nil)
    case (_, "EUR"): ("€", nil)
    case (_, "GBP"): ("£", nil)
    default: (nil, nil)
    }
  }

  private var noBreakSpace: StaticString { "\u{A0}" }

  // MARK: Days and months

  /// `2026년 10월 31일`, `October 31, 2026`.
  package func longDay(_ day: CalendarDay, into output: inout [UInt8]) {
    let (year, month, number) = day.components
    switch locale {
    case .korean:
      koreanMonth(year, month, into: &output)
      output.append(UInt8(ascii: " "))
      digits(number, into: &output)
      ("일" as StaticString).append(to: &output)
    case .english:
      Self.englishMonths[month - 1].append(to: &output)
      output.append(UInt8(ascii: " "))
      digits(number, into: &output)
      (", " as StaticString).append(to: &output)
      digits(year, into: &output)
    }
  }

  /// `2026.10.31`, `Oct 31, 2026`.
  package func day(_ day: CalendarDay, into output: inout [UInt8]) {
    let (year, month, number) = day.components
    switch locale {
    case .korean:
      digits(year, width: 4, into: &output)
      output.append(UInt8(ascii: "."))
      digits(month, width: 2, into: &output)
      output.append(UInt8(ascii: "."))
      digits(number, width: 2, into: &output)
    case .english:
      shortDay(day, into: &output)
      (", " as StaticString).append(to: &output)
      digits(year, into: &output)
    }
  }

  /// Without the year: `10.31`, `Oct 31`.
  package func shortDay(_ day: CalendarDay, into output: inout [UInt8]) {
    let (_, month, number) = day.components
    switch locale {
    case .korean:
      digits(month, width: 2, into: &output)
      output.append(UInt8(ascii: "."))
      digits(number, width: 2, into: &output)
    case .english:
      Self.englishShortMonths[month - 1].append(to: &output)
      output.append(UInt8(ascii: " "))
      digits(number, into: &output)
    }
  }

  /// Days of a month: `10.01 – 10.10, 10.31`, `Oct 1 – Oct 10, Oct 31`.
  package func spans(_ days: DaysOfMonth, of month: BillingMonth, into output: inout [UInt8]) {
    let firstDay = month.firstDay
    var separator: StaticString = ""
    for span in days.spans {
      separator.append(to: &output)
      separator = ", "
      shortDay(firstDay.advanced(by: span.first - 1), into: &output)
      guard span.count > 1 else { continue }
      (" – " as StaticString).append(to: &output)
      shortDay(firstDay.advanced(by: span.last - 1), into: &output)
    }
  }

  /// `2026년 10월`, `October 2026`.
  package func month(_ month: BillingMonth, into output: inout [UInt8]) {
    switch locale {
    case .korean: koreanMonth(month.year, month.month, into: &output)
    case .english:
      Self.englishMonths[month.month - 1].append(to: &output)
      output.append(UInt8(ascii: " "))
      digits(month.year, into: &output)
    }
  }

  /// Without the year: `10월`, `October`.
  package func shortMonth(_ month: BillingMonth, into output: inout [UInt8]) {
    switch locale {
    case .korean:
      digits(month.month, into: &output)
      ("월" as StaticString).append(to: &output)
    case .english: Self.englishMonths[month.month - 1].append(to: &output)
    }
  }

  private func koreanMonth(_ year: Int, _ month: Int, into output: inout [UInt8]) {
    digits(year, into: &output)
    ("년 " as StaticString).append(to: &output)
    digits(month, into: &output)
    ("월" as StaticString).append(to: &output)
  }

  private static let englishMonths: [StaticString] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]

  private static let englishShortMonths: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  // MARK: Numbers and quantities

  package func count(_ number: Int, into output: inout [UInt8]) {
    if number < 0 { output.append(UInt8(ascii: "-")) }
    DigitWriter.writeGrouped(UInt64(number.magnitude), into: &output)
  }

  /// `1,536.25`.
  package func decimal(_ number: FixedDecimal, into output: inout [UInt8]) {
    if number.isNegative { output.append(UInt8(ascii: "-")) }
    DigitWriter.writeDecimal(
      number.coefficient.magnitude, scale: number.scale, minimumScale: 0, into: &output)
  }

  /// A share as a percentage: 0.0825 is `8.25%`.
  package func percent(_ share: FixedDecimal, into output: inout [UInt8]) {
    // Two digits move before the point; a share without digits after it gets two zeros.
    let shift = max(0, 2 - share.scale)
    let (magnitude, overflow) = share.coefficient.magnitude.multipliedReportingOverflow(
      by: UInt64(FixedDecimal.powerOfTen(shift)))
    // No rate is that high; as a plain number it is still right.
    guard !overflow else { return decimal(share, into: &output) }
    if share.isNegative { output.append(UInt8(ascii: "-")) }
    DigitWriter.writeDecimal(
      magnitude, scale: max(0, share.scale - 2), minimumScale: 0, into: &output)
    output.append(UInt8(ascii: "%"))
  }

  private func digits(_ number: Int, width: Int = 1, into output: inout [UInt8]) {
    DigitWriter.write(UInt64(max(0, number)), width: width, into: &output)
  }
}

extension StaticString {
  /// Appends the UTF-8 bytes.
  func append(to output: inout [UInt8]) {
    withUTF8Buffer { output.append(contentsOf: $0) }
  }
}

/// A currency, by its ISO 4217 code, with the number of digits of its minor unit.
///
/// An amount is an `Int64` of minor units everywhere: won for KRW, cents for USD.
package struct Currency: Hashable, Sendable {
  /// ISO 4217, such as `KRW`.
  package let code: String
  /// Digits after the point: 0 for KRW and JPY, 2 for USD and EUR.
  package let minorUnitDigits: Int

  /// `nil` for a code that the platform does not know the minor unit of.
  package init?(code: String) {
    switch code {
    case "KRW", "JPY", "VND", "CLP": minorUnitDigits = 0
    case "USD", "EUR", "GBP", "CAD", "AUD", "NZD", "SGD", "HKD", "CHF", "SEK", "NOK", "DKK", "CNY",
      "INR", "BRL", "MXN", "THB", "PHP", "MYR", "TWD", "PLN", "CZK", "ZAR":
      minorUnitDigits = 2
    case "KWD", "BHD", "JOD": minorUnitDigits = 3
    default: return nil
    }
    self.code = code
  }
}

import Billing
import Testing

@Suite("Exact decimals")
struct FixedDecimalTests {
  @Test(
    "A decimal is read exactly and written in its shortest form",
    arguments: [
      ("22.528", 22_528, 3, "22.528"), ("0.10", 1, 1, "0.1"), ("22", 22, 0, "22"),
      ("0", 0, 0, "0"), ("-0.05", -5, 2, "-0.05"), ("-0", 0, 0, "0"), ("007.50", 75, 1, "7.5"),
      ("0.000000001", 1, 9, "0.000000001"), ("100", 100, 0, "100"),
      ("999999999.999999999", 999_999_999_999_999_999, 9, "999999999.999999999"),
    ] as [(String, Int64, Int, String)])
  func reading(text: String, coefficient: Int64, scale: Int, written: String) throws {
    let decimal = try #require(FixedDecimal(text))
    #expect(decimal.coefficient == coefficient && decimal.scale == scale)
    #expect(decimal.description == written)
    #expect(FixedDecimal(written) == decimal)
  }

  @Test(
    "Anything else is none",
    arguments: [
      "", "-", ".", ".5", "5.", "1.2.3", "+1", " 1", "1 ", "1e3", "1,5", "0x10", "--1", "1-",
      "0.0000000001", "1000000000000000000", "9223372036854775808", "٣", "NaN",
    ])
  func refused(text: String) {
    #expect(FixedDecimal(text) == nil)
  }

  @Test("A decimal made of parts has the same range as one that is read")
  func parts() {
    #expect(FixedDecimal(coefficient: 1000, scale: 2) == FixedDecimal("10"))
    #expect(FixedDecimal(coefficient: 1, scale: 10) == nil)
    #expect(FixedDecimal(coefficient: 1, scale: -1) == nil)
    #expect(FixedDecimal(coefficient: .max, scale: 0) == nil)
    #expect(FixedDecimal(coefficient: .min, scale: 0) == nil)
    let largest = FixedDecimal(coefficient: FixedDecimal.maximumCoefficient, scale: 0)
    #expect(largest.flatMap { FixedDecimal($0.description) } == largest)
  }

  @Test("Every currency has its minor unit, an unknown one is none")
  func currencies() {
    #expect(Currency(code: "KRW")?.minorUnitDigits == 0)
    #expect(Currency(code: "USD")?.minorUnitDigits == 2)
    #expect(Currency(code: "KWD")?.minorUnitDigits == 3)
    #expect(Currency(code: "krw") == nil && Currency(code: "XXX") == nil)
  }
}

import Billing
import Testing

@Suite("What a contact looks like")
struct ContactShapeTests {
  @Test(
    "addresses that can be written to",
    arguments: [
      "c1@example.com", "7590-vhveg@example.com", "first.last+tag@mail.example.co.kr", "a@b.io",
      "o'brien@example.com", "김별@예시.한국", "x_y=z@sub-domain.example.com", "a@1.example.com",
    ])
  func addresses(text: String) {
    #expect(EmailAddress.isPlausible(text))
  }

  @Test(
    "and others",
    arguments: [
      "", "nobody", "@example.com", "a@", "a@b", "a@b@c.com", "a b@example.com", "a@exa mple.com",
      ".a@example.com", "a.@example.com", "a..b@example.com", "a@.example.com", "a@example.com.",
      "a@example..com", "a@-example.com", "a@example-.com", "a@exa_mple.com", "a@127.0.0.1",
      "a@[127.0.0.1]", "\"a\"@example.com", "a,b@example.com", "<a@example.com>", "a@example.com;",
      "a\u{A0}b@example.com", "mailto:a@example.com",
      String(repeating: "a", count: 65) + "@example.com",
      "a@" + String(repeating: "b", count: 64) + ".com",
      "a@" + Array(repeating: "example", count: 40).joined(separator: ".") + ".com",
    ])
  func noAddresses(text: String) {
    #expect(!EmailAddress.isPlausible(text))
  }

  @Test(
    "numbers that can be called",
    arguments: [
      "01012345678", "010-1234-5678", "(02) 123-4567", "031.123.4567", "+821012345678",
      "+82-10-1234-5678", "+15559448224", "+1 (555) 944-8224", "050512345678", "+4930123456",
    ])
  func numbers(text: String) {
    #expect(PhoneNumber.fault(in: text) == nil)
  }

  @Test(
    "a number that lost its zero is told from one that is none",
    arguments: [
      ("1012345678", .noLeadingZero), ("10-1234-5678", .noLeadingZero),
      ("212345678", .noLeadingZero),
      ("555-944-8224", .noLeadingZero), ("", .notANumber), ("+", .notANumber),
      ("010", .notANumber), ("0101234567890", .notANumber), ("+8210", .notANumber),
      ("+0821012345678", .notANumber), ("+8210123456789012", .notANumber),
      ("+82+1012345678", .notANumber), ("1.01234568E+09", .notANumber),
      ("010-1234-567x", .notANumber),
      ("０１０１２３４５６７８", .notANumber), ("114", .notANumber),
    ] as [(String, PhoneNumber.Fault)])
  func noNumbers(text: String, fault: PhoneNumber.Fault) {
    #expect(PhoneNumber.fault(in: text) == fault)
  }
}

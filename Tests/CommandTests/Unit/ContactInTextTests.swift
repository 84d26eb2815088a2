import Testing

@testable import Assembly
@testable import billing

@Suite("Contacts in text that is kept")
struct ContactInTextTests {
  @Test(
    "an address or a number is found, whatever separates its parts",
    arguments: [
      "kim@example.com", "asked by kim@example.com.", "김민수＠example.com", "a@b",
      "01012345678", "010-1234-5678", "(02) - 123 4567", "+82 10 1234 5678", "010.1234.5678",
      "전화번호는01012345678입니다", "０１０－１２３４－５６７８", "tel010-1234-5678", "1234567",
      "on 2026-11-20 010-1234-5678 called", "010 1234\n5678",
    ])
  func found(text: String) {
    #expect(ContactInText.isPresent(in: text))
  }

  @Test(
    "what says why and when is not",
    arguments: [
      "the outage is over", "kim", "INC-4711", "2026-10:1001:bill:1", "since 2026-11-20 03:00:31",
      "2026-11-20T03:00:31Z", "2026-11-20에 복구됨", "from 2026-11-19 to 2026-11-20", "@ noon",
      "40,000 of 90,000", "123456", "하나은행 장애 (3회)", "", "@",
    ])
  func notFound(text: String) {
    #expect(!ContactInText.isPresent(in: text))
  }

  @Test(
    "an identifier may hold digits that hang on letters",
    arguments: [
      ("m-20261120-0001", false), ("550e8400-e29b-41d4-a716-446655440000", false), ("m-77", false),
      ("SM0123456789", false), ("01012345678", true), ("tel:010-1234-5678", true),
      ("call 010-1234-5678", true), ("kim@example.com", true), ("전화01012345678", true),
    ])
  func identifiers(text: String, isFound: Bool) {
    #expect(ContactInText.isPresent(inIdentifier: text) == isFound)
  }
}

import Billing
import Testing

@Suite("Masking")
struct MaskingTests {
  @Test(
    "Names keep their first and last character, or the first letter of each word",
    arguments: [
      ("홍길동", "홍*동"), ("홍동", "홍*"), ("남궁길동", "남**동"), ("홍", "*"),
      ("Jane Doe", "J*** D**"), ("Malcolm X", "M****** *"), ("Zoë", "Z**"), ("山田太郎", "山**郎"),
      ("Kim 민수", "K** 민*"), ("", ""), ("A  B", "*  *"), ("홍길동2", "홍***"),
    ])
  func names(name: String, masked: String) {
    #expect(Masking.name(name) == masked)
  }

  @Test(
    "Addresses keep their first character and the domain",
    arguments: [
      ("jane.doe@example.com", "j*******@example.com"), ("j@example.com", "*@example.com"),
      ("a@b@example.com", "a**@example.com"), ("nonsense", "********"), ("", ""),
    ])
  func emails(email: String, masked: String) {
    #expect(Masking.email(email) == masked)
  }

  @Test(
    "Numbers keep their last digits, full ones their first three",
    arguments: [
      ("01012345678", "010****5678"), ("010-1234-5678", "010-****-5678"),
      ("+821012345678", "+821*****5678"), ("12345678", "****5678"), ("12345", "***45"),
      ("119", "***"), ("", ""),
    ])
  func phones(phone: String, masked: String) {
    #expect(Masking.phone(phone) == masked)
  }
}

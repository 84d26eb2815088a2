import Billing
import Rendering
import Testing

@Suite("SMS in the carriers' encoding")
struct CarrierTextTests {
  private let encoding: CarrierEncoding

  init() throws {
    encoding = try #require(CarrierEncoding.cp949)
  }

  private func roundTrip(_ text: String) -> String? {
    CarrierEncoding.decode(encoding.encode(text))
  }

  @Test func `Hangul takes two bytes, ASCII one, and both come back`() {
    #expect(encoding.encode("가a") == [0xB0, 0xA1, 0x61])
    // A syllable that only the extension of CP949 has.
    #expect(encoding.encode("똠") == [0x8C, 0x63])
    let text = "[가람통신] 뷁 홍*동님 10월 요금 123,450원, 납부기한 11.25\n①☎“”…€"
    #expect(roundTrip(text) == text)
  }

  @Test(arguments: [
    ("₩1,000", "￦1,000"), ("¥5 £6 ¢7", "￥5 ￡6 ￠7"), ("a–b—c−d", "a-b-c-d"),
    ("a\u{A0}b\u{2009}c\td", "a b c d"), ("•©", "·(C)"), ("José Müller", "Jose Muller"),
    ("hi 🙂!", "hi !"), ("👨‍👩‍👧", ""), ("❤️", ""), ("a\u{200B}b\u{FEFF}", "ab"), ("a\r\nb", "a\nb"),
    ("\u{1112}\u{1169}\u{11BC}\u{1100}\u{1175}\u{11AF}", "홍길"), ("\u{1E900}", "?"), ("ᚠ", "?"),
  ])
  func `what CP949 lacks is replaced by the fixed rule`(text: String, expected: String) {
    #expect(roundTrip(text) == expected)
  }

  @Test func `every character of the basic plane is encoded to something that decodes`() {
    for value in UInt32(0x20)..<0x10000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let bytes = encoding.encode(String(scalar))
      #expect(bytes.count <= 6)
      #expect(CarrierEncoding.decode(bytes) != nil, "U+\(String(value, radix: 16))")
    }
  }

  @Test func `cutting never breaks a character`() {
    var random = Seeded(3)
    let letters = Array("가나a b1힣뷁똠￦.")
    for _ in 0..<300 {
      let text = String((0..<60).map { _ in letters[random.one(of: letters.count)] })
      let bytes = encoding.encode(text)
      for limit in 0...bytes.count {
        let cut = CarrierEncoding.prefix(of: bytes, limit: limit)
        #expect(cut.count <= limit && cut.count >= min(bytes.count, limit) - 1)
        #expect(CarrierEncoding.decode(cut).map { text.hasPrefix($0) } == true)
      }
    }
  }

  @Test func `90 bytes are an SMS without a subject, 91 an LMS with one`() throws {
    let short = CarrierText(
      subject: Array("제목".utf8), text: Array(String(repeating: "가", count: 45).utf8),
      encoding: encoding)
    #expect(!short.isLong)
    #expect(short.subject.isEmpty)
    #expect(short.storedBytes.count == 90)
    #expect(CarrierText(stored: short.storedBytes) == short)
    let long = CarrierText(
      subject: Array("제목".utf8), text: Array((String(repeating: "가", count: 45) + "a").utf8),
      encoding: encoding)
    #expect(long.isLong)
    #expect(CarrierEncoding.decode(long.subject) == "제목")
    #expect(long.body.count == 91)
    #expect(CarrierText(stored: long.storedBytes) == long)
  }

  @Test func `what is too long is cut between two characters and says so`() throws {
    let long = CarrierText(
      subject: Array(String(repeating: "a", count: 3).utf8)
        + Array(String(repeating: "긴제목", count: 20).utf8),
      text: Array("a".utf8) + Array(String(repeating: "가", count: 2000).utf8), encoding: encoding)
    #expect(long.subject.count <= 40 && long.subject.count >= 39)
    #expect(long.body.count <= 2000 && long.body.count >= 1999)
    #expect(try #require(CarrierEncoding.decode(long.subject)).hasSuffix("…"))
    #expect(try #require(CarrierEncoding.decode(long.body)).hasSuffix("가…"))
    #expect(CarrierText(stored: long.storedBytes) == long)
  }

  @Test func `bytes that are no stored message are refused`() {
    #expect(CarrierText(stored: [UInt8](repeating: 97, count: 91)) == nil)
    #expect(
      CarrierText(
        stored: [UInt8](repeating: 97, count: 41) + [10] + [UInt8](repeating: 98, count: 95)) == nil
    )
    #expect(CarrierText(stored: [97, 10] + [UInt8](repeating: 98, count: 2001)) == nil)
    #expect(CarrierText(stored: [97, 10] + [UInt8](repeating: 98, count: 90)) == nil)
  }
}

import Billing
import Testing

@Suite("A field of a CSV file that is written")
struct CSVFieldTests {
  private func row(_ fields: CSVField...) -> String {
    String(decoding: CSVField.row(fields), as: UTF8.self)
  }

  @Test(
    "a text that a spreadsheet would work out is told to be a text",
    arguments: [
      ("=1+1", "'=1+1"), ("+82 10", "'+82 10"), ("-5 is wrong", "'-5 is wrong"),
      ("@SUM(A1)", "'@SUM(A1)"),
      ("\t=1", "\"'\t=1\""), ("\r=1", "\"'\r=1\""), ("＝1", "'＝1"), ("－1", "'－1"),
      ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("=\"a\",1", "\"'=\"\"a\"\",1\""),
      ("a=1", "a=1"), ("홍길동", "홍길동"), ("", ""), ("2026-10", "2026-10"),
    ])
  func texts(text: String, written: String) {
    #expect(row(.text(text)) == written + "\n")
  }

  @Test("a number stays a number, also below zero")
  func numbers() {
    #expect(row(.number(-5000), .number(0), .number(.max)) == "-5000,0,9223372036854775807\n")
  }

  @Test("what could end a field is in quotes, for every separator")
  func quotes() {
    #expect(row(.text("a,b"), .text("a\"b"), .text("a;b")) == "\"a,b\",\"a\"\"b\",\"a;b\"\n")
    #expect(row(.text("a\nb"), .text("a\tb")) == "\"a\nb\",\"a\tb\"\n")
  }

  @Test("what is to stay as it is keeps every byte")
  func asIs() {
    let bytes: [UInt8] = [0x3D, 0xC8, 0xAB, 0x2C, 0x22]
    #expect(
      CSVField.row([.asIs(bytes), .asIs([0xFF])])
        == [0x22, 0x3D, 0xC8, 0xAB, 0x2C, 0x22, 0x22, 0x22, 0x2C, 0xFF, 0x0A])
  }
}

import Billing
import Operations
import Testing

@testable import Assembly
@testable import billing

@Suite("Terminal")
struct TerminalTests {
  @Test(
    "Korean takes two columns a syllable",
    arguments: [
      ("", 0), ("abc", 3), ("고객", 4), ("정산 월", 7), ("é", 1), ("e\u{301}", 1), ("한a", 3), ("😀", 2),
    ])
  func width(text: String, columns: Int) {
    #expect(displayWidth(of: text) == columns)
  }

  @Test("a table lines up whatever the script")
  func table() {
    var table = Table([Table.Column("단계"), Table.Column("n", .right)])
    table.add(["대상", "1"])
    table.add(["settle", "1,000"])
    #expect(
      table.text() == """
        단계        n
        ──────  ─────
        대상        1
        settle  1,000

        """)
  }

  @Test("what could move the cursor is not printed")
  func printableText() {
    #expect(printable("a\u{1B}[31mb") == "a\u{FFFD}[31mb")
    #expect(printable("a\u{202E}b") == "a\u{FFFD}b")
    #expect(printable("홍길동 👨‍👩‍👧") == "홍길동 👨‍👩‍👧")
  }

  @Test(
    "numbers are grouped by thousands",
    arguments: [
      (0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"),
    ])
  func groups(number: Int, text: String) {
    #expect(grouped(number) == text)
  }

  @Test("JSON keeps the order of its keys and escapes what it must")
  func json() {
    let value: JSON = [
      "b": .number(Int64.max), "a": .array([.null, .bool(true), .decimal("0.250")]),
      "text": .string("a\"\\\n\u{1}한"), "empty": .array([]),
    ]
    #expect(
      value.line == #"{"b": 9223372036854775807, "a": [null, true, 0.250], "#
        + #""text": "a\"\\\n\u0001한", "empty": []}"#)
    #expect(
      value.text == """
        {
          "b": 9223372036854775807,
          "a": [
            null,
            true,
            0.250
          ],
          "text": "a\\"\\\\\\n\\u0001한",
          "empty": []
        }

        """)
  }

  @Test(
    "the language follows LC_ALL, then LC_MESSAGES, then LANG",
    arguments: [
      (["LANG": "ko_KR.UTF-8"], Language.korean),
      (["LANG": "ko_KR.UTF-8", "LC_ALL": "en_US.UTF-8"], .english),
      (["LANG": "en_US", "LC_MESSAGES": "ko"], .korean),
      (["LANG": "", "LC_ALL": ""], .english),
      (["LANG": "de_DE"], .english),
      ([:], .english),
    ])
  func language(environment: [String: String], language: Language) {
    #expect(Language(environment: environment) == language)
  }

  @Test(
    "every kind of store failure has its exit code",
    arguments: [
      (StoreError.Kind.unreachable, CommandStatus.unreachable), (.readOnly, .unreachable),
      (.full, .unreachable), (.busy, .busy), (.wrongSchema, .wrongUsage), (.corrupt, .failed),
      (.conflict, .failed), (.broken, .failed),
    ])
  func storeFailures(kind: StoreError.Kind, status: CommandStatus) {
    let failure = CommandFailure(StoreError(kind, operation: "write", detail: "detail"))
    #expect(failure.status == status)
    #expect(failure.what.english.contains("write: detail"))
  }

  @Test("rates and times are whole numbers, and nothing is said too early")
  func rates() {
    #expect(perSecond(1000, in: .seconds(2)) == 500)
    #expect(perSecond(1000, in: .milliseconds(1)) == nil)
    #expect(perSecond(0, in: .seconds(2)) == nil)
    #expect(seconds(.milliseconds(20_449)) == "20.4")
  }
}

import FaultyNetwork
import Testing

@Suite("A script, step by step")
struct ScriptRunTests {
  @Test(
    "the pattern is found however the bytes are split",
    arguments: [("aab", "xaaab"), ("abab", "abaabab"), ("x", "x"), ("\r\n\r\n", "a\r\n\r\r\n\r\n")])
  func pattern(pattern: String, text: String) {
    let bytes = Array(text.utf8)
    for split in 0...bytes.count {
      for (point, expected) in [
        (TCPProxy.Point.after(pattern), bytes.count),
        (.before(pattern), bytes.count - pattern.utf8.count),
        (.bytes(bytes.count), bytes.count),
      ] {
        var finder = PointFinder(point)
        var before: [UInt8] = []
        var rest: [UInt8]?
        for part in [bytes[..<split], bytes[split...]] where rest == nil {
          let fed = finder.feed(Array(part))
          before += fed.before
          rest = fed.rest
        }
        #expect(rest != nil)
        #expect(before == Array(bytes.prefix(expected)), "split at \(split)")
      }
    }
  }

  @Test("each step begins where the one before it ended, in the same bytes too")
  func steps() {
    var run = ScriptRun([
      .pass(.bytes(1)), .delay(milliseconds: 5), .pass(.after("b")), .stall, .pass(.before("d")),
      .cut,
    ])
    let first = run.take(Array("abcdef".utf8)) { true }
    #expect(
      first.moves
        == [.pass(Array("a".utf8)), .delay(milliseconds: 5), .pass(Array("b".utf8)), .stall])
    #expect(first.rest == Array("cdef".utf8))
    let second = run.take(first.rest) { false }
    #expect(second.moves == [.pass(Array("c".utf8)), .cut])
    #expect(second.rest.isEmpty)
  }

  @Test("a script that may not act passes everything on, and asks once")
  func mayNotAct() {
    var run = ScriptRun([.pass(.after("a")), .stall, .reset])
    var asked = 0
    for (text, passed) in [("xa", ["xa"]), ("abc", ["abc"])] {
      let taken = run.take(Array(text.utf8)) {
        asked += 1
        return false
      }
      #expect(taken.moves == passed.map { .pass(Array($0.utf8)) })
    }
    #expect(asked == 1)
  }
}

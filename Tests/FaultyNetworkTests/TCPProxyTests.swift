import FaultyNetwork
import Testing

@Suite("A network that fails as told", .timeLimit(.minutes(1)))
struct TCPProxyTests {
  /// A proxy before an echo server.
  private func withProxy(_ body: (TCPProxy) async throws -> Void) async throws {
    let server = try await EchoServer()
    let proxy = try await TCPProxy(to: server.port)
    try await body(proxy)
    try await proxy.close()
    try await server.close()
  }

  @Test("without rules everything passes, the end of one direction included")
  func transparent() async throws {
    try await withProxy { proxy in
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      #expect(try await talk.hear("hello") == "hello")
      try await talk.say("goodbye")
      try await talk.finish()
      let rest = await talk.hearOut()
      #expect(rest.text == "goodbye")
      #expect(rest.ending == .closed)
      #expect(proxy.acted == 0)
    }
  }

  @Test("cuts after exactly so many bytes")
  func truncates() async throws {
    try await withProxy { proxy in
      proxy.set(TCPProxy.Rule(.toClient, .bytes(7), .close))
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      #expect(try await talk.hear("hello") == "hello")
      try await talk.say("world")
      #expect(await talk.hearOut().text == "wo")
      #expect(proxy.acted == 1)
    }
  }

  @Test("cuts right after a pattern that comes in pieces, or right before it")
  func patterns() async throws {
    try await withProxy { proxy in
      proxy.set(TCPProxy.Rule(.toClient, .after("DE"), .close))
      let after = try await Talk(to: proxy.port)
      try await after.say("abcD")
      #expect(try await after.hear("abcD") == "abcD")
      try await after.say("Efgh")
      #expect(await after.hearOut().text == "E")

      proxy.set(TCPProxy.Rule(.toClient, .before("DE"), .close))
      let before = try await Talk(to: proxy.port)
      try await before.say("abcD")
      #expect(try await before.hear("abc") == "abc")
      try await before.say("Dx")
      #expect(try await before.hear("DDx") == "DDx")
      try await before.say("DEfgh")
      #expect(await before.hearOut().text == "")
    }
  }

  @Test("a cut on the way to the server lets it have what came before")
  func cutToServer() async throws {
    try await withProxy { proxy in
      proxy.set(TCPProxy.Rule(.toServer, .after("!"), .stall))
      let talk = try await Talk(to: proxy.port)
      try await talk.say("now!never")
      #expect(try await talk.hear("now!") == "now!")
      try await talk.hangUp()
    }
  }

  @Test("a reset is one for the client")
  func reset() async throws {
    try await withProxy { proxy in
      proxy.set(TCPProxy.Rule(.toServer, .atOnce, .reset))
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      let end = await talk.hearOut()
      #expect(end.text == "")
      #expect(end.ending == .failed)
    }
  }

  @Test("a stalled direction passes nothing on, and the connection stays")
  func stall() async throws {
    try await withProxy { proxy in
      proxy.set(TCPProxy.Rule(.toClient, .bytes(2), .stall, times: 1))
      let stalled = try await Talk(to: proxy.port)
      try await stalled.say("hello")
      #expect(try await stalled.hear("he") == "he")
      // Another connection gets through meanwhile, and only what is done to the first ends it.
      let other = try await Talk(to: proxy.port)
      try await other.say("hello")
      #expect(try await other.hear("hello") == "hello")
      #expect(proxy.acted == 1)
      await proxy.resetAll()
      let end = await stalled.hearOut()
      #expect(end.text == "")
      #expect(end.ending == .failed)
    }
  }

  @Test("a delay is kept, in order")
  func delay() async throws {
    try await withProxy { proxy in
      proxy.set(TCPProxy.Rule(.toClient, .atOnce, .delay(milliseconds: 200)))
      let talk = try await Talk(to: proxy.port)
      let start = ContinuousClock.now
      try await talk.say("one")
      try await talk.say("two")
      try await talk.finish()
      let end = await talk.hearOut()
      #expect(end.text == "onetwo")
      #expect(end.ending == .closed)
      #expect(ContinuousClock.now - start >= .milliseconds(200))
    }
  }

  @Test("refuses, and accepts again on the same port")
  func refuses() async throws {
    try await withProxy { proxy in
      try await proxy.refuse()
      await #expect(throws: (any Error).self) { _ = try await Talk(to: proxy.port) }
      try await proxy.accept()
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      #expect(try await talk.hear("hello") == "hello")
    }
  }

  @Test("a rule acts on as many connections as it says, and none once it is cleared")
  func times() async throws {
    try await withProxy { proxy in
      proxy.set(TCPProxy.Rule(.toServer, .atOnce, .close, times: 2))
      for expected in ["", "", "hello"] {
        let talk = try await Talk(to: proxy.port)
        try await talk.say("hello")
        #expect(try await talk.hear("hello") == expected)
      }
      proxy.set(TCPProxy.Rule(.toServer, .atOnce, .close))
      proxy.clear()
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      #expect(try await talk.hear("hello") == "hello")
      #expect(proxy.acted == 2)
    }
  }

  @Test(
    "the pattern is found however the bytes are split",
    arguments: [("aab", "xaaab"), ("abab", "abaabab"), ("x", "x"), ("\r\n\r\n", "a\r\n\r\r\n\r\n")])
  func scanner(pattern: String, text: String) throws {
    let bytes = Array(text.utf8)
    for split in 0...bytes.count {
      for (point, expected) in [
        (TCPProxy.Point.after(pattern), bytes.count),
        (.before(pattern), bytes.count - pattern.utf8.count),
      ] {
        var scanner = FlowScanner(point)
        var before: [UInt8] = []
        var rest: [UInt8]?
        for part in [bytes[..<split], bytes[split...]] where rest == nil {
          let fed = scanner.feed(Array(part))
          before += fed.before
          rest = fed.rest
        }
        #expect(rest != nil)
        #expect(before == Array(bytes.prefix(expected)), "split at \(split)")
      }
    }
  }
}

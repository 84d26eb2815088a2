import FaultyNetwork
import Testing

@Suite("A network that fails as told", .timeLimit(.minutes(10)))
struct TCPProxyTests {
  /// A proxy before an echo server.
  private func withProxy(
    greeting: String = "", _ body: (TCPProxy, EchoServer) async throws -> Void
  ) async throws {
    let server = try await EchoServer(greeting: greeting)
    let proxy = try await TCPProxy(to: server.port)
    try await body(proxy, server)
    try await proxy.close()
    #expect(proxy.counts.open == 0)
    #expect(proxy.counts.stalled == 0)
    try await server.close()
  }

  // MARK: Passing on

  @Test("without scripts everything passes, the end of one direction included")
  func transparent() async throws {
    try await withProxy { proxy, _ in
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      #expect(try await talk.hear("hello") == "hello")
      try await talk.say("goodbye")
      try await talk.finish()
      let rest = await talk.hearOut()
      #expect(rest.text == "goodbye")
      #expect(rest.ending == .closed)
      #expect(proxy.counts.acted == 0)
      #expect(proxy.counts.fromClients == 12)
      #expect(proxy.counts.fromServer == 12)
    }
  }

  @Test("what a client says and ends before the server is reached is kept", arguments: 0..<50)
  func saidAtOnce(number: Int) async throws {
    try await withProxy { proxy, _ in
      let talk = try await Talk(to: proxy.port)
      try await talk.say("all of it")
      try await talk.finish()
      let rest = await talk.hearOut()
      #expect(rest.text == "all of it")
      #expect(rest.ending == .closed)
    }
  }

  @Test("a server may speak first")
  func greeting() async throws {
    try await withProxy(greeting: "welcome") { proxy, _ in
      let talk = try await Talk(to: proxy.port)
      #expect(try await talk.hear("welcome") == "welcome")
    }
  }

  @Test("a client that does not read slows its server down, and loses nothing")
  func slowReader() async throws {
    // More than the system's buffers hold on the way.
    let byteCount = 32 << 20
    let server = try await PouringServer(byteCount: byteCount)
    let proxy = try await TCPProxy(to: server.port)
    let talk = try await Talk(to: proxy.port, listens: false)
    try await proxy.until { $0.fromServer > 256 << 10 }
    // Turns of the loop on which it would read on.
    for _ in 0..<100 { try await proxy.release(.toClient) }
    #expect(proxy.counts.fromServer < byteCount)
    try await talk.listen()
    let rest = await talk.hearOut()
    #expect(rest.text.utf8.count == byteCount)
    #expect(rest.ending == .closed)
    try await proxy.close()
    try await server.close()
  }

  @Test("one end's reset is the other end's")
  func brokenOff() async throws {
    try await withProxy { proxy, server in
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      #expect(try await talk.hear("hello") == "hello")
      try await talk.breakOff()
      #expect(await server.visits.first { _ in true } == .init(text: "hello", ending: .failed))
      try await proxy.until { $0.open == 0 }
    }
  }

  @Test("without a server a client's connection is reset")
  func noServer() async throws {
    let server = try await EchoServer()
    let proxy = try await TCPProxy(to: server.port)
    // Whatever listened there would have taken the port: none is free for others meanwhile.
    let nobody = try await TCPProxy(to: proxy.port)
    try await proxy.refuse()
    let ending: Talk.Ending
    do {
      ending = await (try Talk(to: nobody.port)).hearOut().ending
    } catch {
      // It can be reset before its client knows that it is there.
      ending = .failed
    }
    #expect(ending == .failed)
    try await nobody.close()
    try await server.close()
  }

  // MARK: Ending

  @Test("cuts after exactly so many bytes")
  func truncates() async throws {
    try await withProxy { proxy, _ in
      proxy.set(.toClient, [.pass(.bytes(7)), .cut])
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      #expect(try await talk.hear("hello") == "hello")
      try await talk.say("world")
      let end = await talk.hearOut()
      #expect(end.text == "wo")
      #expect(end.ending == .closed)
      #expect(proxy.counts.acted == 1)
    }
  }

  @Test("cuts right after a pattern that comes in pieces, or right before it")
  func patterns() async throws {
    try await withProxy { proxy, _ in
      proxy.set(.toClient, [.pass(.after("DE")), .cut])
      let after = try await Talk(to: proxy.port)
      try await after.say("abcD")
      #expect(try await after.hear("abcD") == "abcD")
      try await after.say("Efgh")
      #expect(await after.hearOut().text == "E")

      proxy.set(.toClient, [.pass(.before("DE")), .cut])
      let before = try await Talk(to: proxy.port)
      try await before.say("abcD")
      #expect(try await before.hear("abc") == "abc")
      try await before.say("Dx")
      #expect(try await before.hear("DDx") == "DDx")
      try await before.say("DEfgh")
      #expect(await before.hearOut().text == "")
    }
  }

  @Test("a cut or a reset on the way to the server lets it have what came before, and an end")
  func cutToServer() async throws {
    try await withProxy { proxy, server in
      for (step, ending) in [(TCPProxy.Step.cut, Talk.Ending.closed), (.reset, .failed)] {
        proxy.set(.toServer, [.pass(.after("!")), step])
        let talk = try await Talk(to: proxy.port)
        try await talk.say("now!never")
        #expect(await talk.hearOut().ending == ending)
        #expect(await server.visits.first { _ in true } == .init(text: "now!", ending: .closed))
      }
    }
  }

  @Test("a reset comes at once, or right after a pattern that comes in pieces")
  func reset() async throws {
    try await withProxy { proxy, _ in
      proxy.set(.toServer, [.reset])
      let atOnce = try await Talk(to: proxy.port)
      try await atOnce.say("hello")
      let end = await atOnce.hearOut()
      #expect(end.text == "")
      #expect(end.ending == .failed)

      proxy.set(.toServer, [.pass(.after("DE")), .reset])
      let after = try await Talk(to: proxy.port)
      try await after.say("abcD")
      #expect(try await after.hear("abcD") == "abcD")
      #expect(proxy.counts.acted == 1)
      try await after.say("Efgh")
      #expect(await after.hearOut().ending == .failed)
      #expect(proxy.counts.acted == 2)
    }
  }

  @Test("severs what is open, and nothing that comes later")
  func sever() async throws {
    try await withProxy { proxy, server in
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      #expect(try await talk.hear("hello") == "hello")
      try await proxy.sever()
      #expect(proxy.counts.open == 0)
      #expect(await talk.hearOut().ending == .failed)
      #expect(await server.visits.first { _ in true } == .init(text: "hello", ending: .failed))
      let later = try await Talk(to: proxy.port)
      try await later.say("hello")
      #expect(try await later.hear("hello") == "hello")
    }
  }

  @Test("refuses, and accepts again on the same port")
  func refuses() async throws {
    try await withProxy { proxy, _ in
      let open = try await Talk(to: proxy.port)
      try await proxy.until { $0.open == 1 }
      for _ in 0..<3 {
        try await proxy.refuse()
        await #expect(throws: (any Error).self) { _ = try await Talk(to: proxy.port) }
        try await proxy.accept()
        let talk = try await Talk(to: proxy.port)
        try await talk.say("hello")
        #expect(try await talk.hear("hello") == "hello")
      }
      try await open.say("still here")
      #expect(try await open.hear("still here") == "still here")
    }
  }

  // MARK: Holding back

  @Test("a stalled direction passes nothing on until it is released, and the connection stays")
  func stall() async throws {
    try await withProxy { proxy, _ in
      proxy.set(.toClient, [.pass(.bytes(2)), .stall, .pass(.bytes(2)), .cut], times: 1)
      let stalled = try await Talk(to: proxy.port)
      try await stalled.say("hello")
      #expect(try await stalled.hear("he") == "he")
      try await proxy.until { $0.stalled == 1 }
      // Another connection gets through meanwhile.
      let other = try await Talk(to: proxy.port)
      try await other.say("hello")
      #expect(try await other.hear("hello") == "hello")
      #expect(proxy.counts.acted == 1)
      try await proxy.release(.toServer)
      #expect(proxy.counts.stalled == 1)
      try await proxy.release(.toClient)
      #expect(await stalled.hearOut().text == "ll")
    }
  }

  @Test("what a script says after a stall happens as soon as it is over, without another byte")
  func afterStall() async throws {
    try await withProxy { proxy, _ in
      proxy.set(.toServer, [.pass(.after("!")), .stall, .cut])
      let talk = try await Talk(to: proxy.port)
      try await talk.say("now!")
      #expect(try await talk.hear("now!") == "now!")
      try await proxy.until { $0.stalled == 1 }
      try await proxy.release(.toServer)
      #expect(await talk.hearOut().ending == .closed)
    }
  }

  @Test("a stalled direction keeps its end too, and goes on by the script that is set by then")
  func stalledEnd() async throws {
    try await withProxy { proxy, server in
      proxy.set(.toServer, [.stall])
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      try await talk.finish()
      try await proxy.until { $0.stalled == 1 }
      proxy.set(.toServer, [.pass(.before("lo")), .cut])
      try await proxy.release(.toServer)
      #expect(await server.visits.first { _ in true } == .init(text: "hel", ending: .closed))
    }
  }

  @Test("a delay is kept, in order")
  func delay() async throws {
    try await withProxy { proxy, _ in
      proxy.set(.toClient, [.delay(milliseconds: 200)])
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

  @Test("nothing overtakes what is delayed, not even under another script")
  func order() async throws {
    try await withProxy { proxy, _ in
      proxy.set(
        .toServer, [.delay(milliseconds: 100), .pass(.after("|")), .delay(milliseconds: 0)])
      let talk = try await Talk(to: proxy.port)
      try await talk.say("one|two")
      try await proxy.until { $0.fromClients == 7 }
      proxy.clear()
      try await talk.say("three")
      try await talk.finish()
      #expect(await talk.hearOut().text == "one|twothree")
    }
  }

  // MARK: Scripts

  @Test("a script acts on as many connections as it says, and none once it is cleared")
  func times() async throws {
    try await withProxy { proxy, _ in
      proxy.set(.toServer, [.cut], times: 2)
      for expected in ["", "", "hello"] {
        let talk = try await Talk(to: proxy.port)
        try await talk.say("hello")
        #expect(try await talk.hear("hello") == expected)
      }
      proxy.set(.toServer, [.cut])
      proxy.clear()
      let talk = try await Talk(to: proxy.port)
      try await talk.say("hello")
      #expect(try await talk.hear("hello") == "hello")
      #expect(proxy.counts.acted == 2)
    }
  }

  @Test("a pattern is counted in one direction, over all connections, passed on or not")
  func watched() async throws {
    try await withProxy { proxy, _ in
      let said = proxy.watch(.toServer, for: "ping")
      let heard = proxy.watch(.toClient, for: "ping")
      let first = try await Talk(to: proxy.port)
      try await first.say("ping pi")
      #expect(try await first.hear("ping pi") == "ping pi")
      #expect(said.count == 1)
      try await first.say("ng")
      try await heard.seen(times: 2)
      #expect(said.count == 2)
      proxy.set(.toServer, [.cut])
      let second = try await Talk(to: proxy.port)
      try await second.say("pingping")
      try await said.seen(times: 4)
      #expect(heard.count == 2)
    }
  }

  @Test("a wait that is broken off ends")
  func brokenWait() async throws {
    try await withProxy { proxy, _ in
      let wait = Task { try await proxy.until { $0.accepted == 1_000_000 } }
      wait.cancel()
      await #expect(throws: CancellationError.self) { try await wait.value }
    }
  }
}

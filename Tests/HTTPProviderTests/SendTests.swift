import Billing
import BillingTestKit
import Delivery
import EmbeddedStore
import FaultyNetwork
import HTTPProvider
import Testing

@Suite("A message over HTTP", .timeLimit(.minutes(10)))
struct SendTests {
  @Test("is accepted with a reference once it is in the server's ledger, with hashes only")
  func accepted() async throws {
    try await MockServer.run { (server) async throws in
      let outcome = await server.provider().send("k1")
      #expect(outcome == .accepted(reference: "mock-1"))
      let message = try #require(try await server.accepted().first)
      #expect(message.key == "k1")
      #expect(message.content == ContentHash(of: MockServer.content))
      #expect(
        message.recipientHash == DeliveryScene.seal.lookupHash(MockServer.recipient, column: .email)
      )
    }
  }

  @Test("goes to a provider whose name says where it is, as the server's ledger does")
  func named() async throws {
    try await MockServer.run { (server) async throws in
      let here = server.provider()
      let elsewhere = server.provider(straight: true)
      #expect(here.name == "http-email@127.0.0.1:\(server.proxy.port)")
      #expect(try await server.log.readableProviders() == [])
      _ = await here.send("k1")
      #expect(try await server.log.readableProviders() == [here.name])
      _ = await elsewhere.send("k2")
      #expect(try await server.log.readableProviders() == [here.name, elsewhere.name])
    }
    func authority(_ text: String) -> String? { ProviderAddress(text)?.authority }
    #expect(authority("https://mail.example.com/v1/") == "mail.example.com")
    #expect(authority("https://mail.example.com:443") == "mail.example.com")
    #expect(authority("https://mail.example.com:8443") == "mail.example.com:8443")
    #expect(authority("http://localhost:80/email") == "localhost")
  }

  @Test("is rejected or refused as the server says")
  func refused() async throws {
    try await MockServer.run(rates: MockFailureRates(rejected: 1_000_000)) {
      (server) async throws in
      #expect(await server.provider().send("k1") == .rejected(code: "noSuchRecipient"))
      #expect(try await server.accepted().isEmpty)
    }
    try await MockServer.run(rates: MockFailureRates(refused: 1_000_000)) { (server) async throws in
      #expect(await server.provider().send("k1") == .notAccepted(retryAfterMilliseconds: nil))
      #expect(try await server.accepted().isEmpty)
    }
  }

  @Test(
    "whatever the server does wrong: certain where it is documented, else unknown, and sent once",
    arguments: [
      ("refuse", SendOutcome.notAccepted(retryAfterMilliseconds: nil), 0),
      ("429", .notAccepted(retryAfterMilliseconds: 1000), 0),
      ("drop-before", .unknown, 0), ("drop-after", .unknown, 1),
      ("500-before", .unknown, 0), ("500-after", .unknown, 1),
      ("garbage-before", .unknown, 0), ("garbage-after", .unknown, 1),
      ("truncate-before", .unknown, 0), ("truncate-after", .unknown, 1),
      ("429-before", .putOff(.throttled, retryAfterMilliseconds: 1000), 0),
      ("429-after", .putOff(.throttled, retryAfterMilliseconds: 1000), 1),
      ("503-before", .putOff(.unavailable, retryAfterMilliseconds: 1000), 0),
      ("503-after", .putOff(.unavailable, retryAfterMilliseconds: 1000), 1),
    ])
  func faults(fault: String, expected: SendOutcome, taken: Int) async throws {
    // The second request would be answered well: a client that repeats one by itself shows here.
    try await MockServer.run(faults: ["\(fault)=1"]) { (server) async throws in
      let posts = server.proxy.watch(.toServer, for: "POST")
      let provider = server.provider()
      #expect(await provider.send("k1") == expected)
      #expect(try await server.accepted().count == taken)
      #expect(posts.count == 1)
      #expect(await provider.send("k2") == .accepted(reference: "mock-\(taken + 1)"))
    }
  }

  @Test(
    "a server that does not answer leaves it unknown, whether it took the message or not",
    arguments: [("hang-before", 0), ("hang-after", 1)])
  func silent(fault: String, taken: Int) async throws {
    try await MockServer.run(faults: ["\(fault)=1-1000"]) { (server) async throws in
      let first = server.proxy.watch(.toServer, for: "Key: k1")
      let second = server.proxy.watch(.toServer, for: "Key: k2")
      let provider = server.provider()
      let (outcome, _) = await sendUntilWritten {
        await provider.send("k1", timing: .calls(endAfter: $0))
      }
      #expect(outcome == .unknown)
      // The same with a call that is broken off while the server has it.
      let call = Task { await provider.send("k2") }
      try await second.seen()
      if taken > 0 { try await eventually { try await !server.accepted("k2").isEmpty } }
      call.cancel()
      #expect(await call.value == .unknown)
      #expect(try await server.accepted("k2").count == taken)
      #expect(first.count == 1)
      #expect(second.count == 1)
    }
  }

  @Test("without a connection it is certain that nothing was taken")
  func refusedConnection() async throws {
    try await MockServer.run { (server) async throws in
      try await server.proxy.refuse()
      let (outcome, milliseconds) = await sendUntilWritten {
        await server.provider(connectMilliseconds: $0).send("k1")
      }
      #expect(outcome == .notAccepted(retryAfterMilliseconds: nil))
      let provider = server.provider(connectMilliseconds: milliseconds)
      #expect(await provider.send("k1") == .notAccepted(retryAfterMilliseconds: nil))
      try await server.proxy.accept()
      try await eventually {
        let outcome = await provider.send("k1")
        #expect(outcome != .unknown)
        return outcome == .accepted(reference: "mock-1")
      }
    }
  }

  @Test(
    "cut on its way: unknown, whatever the server has of it",
    arguments: [
      TCPProxy.Point.bytes(0), .bytes(1), .after("Idempotency-Key"), .after("\r\n\r\n"),
      .before("Amount"), .after("Amount"), .before("END"),
    ])
  func cutInRequest(point: TCPProxy.Point) async throws {
    for step in [TCPProxy.Step.reset, .cut] {
      try await MockServer.run { (server) async throws in
        server.proxy.set(.toServer, [.pass(point), step], times: 1)
        #expect(await server.provider().send("k1") == .unknown)
        #expect(server.proxy.counts.acted == 1)
        #expect(try await server.accepted().isEmpty)
      }
    }
  }

  @Test("cut between request and answer: unknown, and the server has it")
  func cutBeforeAnswer() async throws {
    for step in [TCPProxy.Step.reset, .cut] {
      try await MockServer.run { (server) async throws in
        server.proxy.set(.toClient, [step], times: 1)
        #expect(await server.provider().send("k1") == .unknown)
        #expect(try await server.accepted("k1").count == 1)
      }
    }
  }

  @Test(
    "cut in the answer: unknown, and the server has it",
    arguments: [
      TCPProxy.Point.bytes(1), .after("HTTP/1.1 200"), .after("\r\n\r\n"), .before("reference"),
      .before("\"}"), .before("}"),
    ])
  func cutInAnswer(point: TCPProxy.Point) async throws {
    try await MockServer.run { (server) async throws in
      server.proxy.set(.toClient, [.pass(point), .cut], times: 1)
      #expect(await server.provider().send("k1") == .unknown)
      #expect(server.proxy.counts.acted == 1)
      #expect(try await server.accepted("k1").count == 1)
    }
  }

  @Test("a connection that ended while nobody used it costs nothing")
  func idleConnectionEnds() async throws {
    try await MockServer.run { (server) async throws in
      let provider = server.provider()
      #expect(await provider.send("k1") == .accepted(reference: "mock-1"))
      #expect(server.proxy.counts.accepted == 1)
      try await server.proxy.sever()
      // Until its end has come to the client, a request can still be written to it, and is lost.
      var lost: [String] = []
      try await eventually {
        let key = "k\(lost.count + 2)"
        let outcome = await provider.send(key)
        if outcome == .unknown {
          lost.append(key)
          return false
        }
        return outcome == .accepted(reference: "mock-2")
      }
      #expect(server.proxy.counts.accepted >= 2)
      #expect(try await server.accepted().map(\.key) == ["k1", "k\(lost.count + 2)"])
    }
  }

  @Test("an address that is wrong says nothing")
  func wrongAddress() async throws {
    try await MockServer.run { (server) async throws in
      #expect(await server.provider(path: "/fax").send("k1") == .unknown)
      #expect(try await server.accepted().isEmpty)
    }
  }

  @Test("a redirect is not followed", arguments: [301, 302, 303, 307, 308])
  func redirect(status: Int) async throws {
    try await MockServer.run { (server) async throws in
      // Whoever comes to the proxy has followed it.
      let elsewhere = try await CannedServer(
        answer: "HTTP/1.1 \(status) Elsewhere\r\nContent-Length: 0\r\n"
          + "Location: http://127.0.0.1:\(server.proxy.port)/email/messages\r\n\r\n")
      let provider = HTTPProvider(
        channel: .email, address: ProviderAddress("http://127.0.0.1:\(elsewhere.port)")!,
        maxInFlight: 1, connectMilliseconds: 120_000, clock: SystemClock(),
        logger: server.lines.logger("providers"))
      #expect(await provider.send("k1") == .unknown)
      #expect(server.proxy.counts.accepted == 0)
      #expect(try await server.accepted().isEmpty)
      try await elsewhere.close()
    }
  }

  /// What it says of itself goes as far as decisions on times: none of it ends the process.
  @Test("a provider that promises for ever is not believed")
  func nonsense() async throws {
    try await MockServer.run { (server) async throws in
      let body =
        #"{"keepsKeySeconds":9223372036854775807,"lookUpSettlesSeconds":9223372036854775807,"#
        + #""refusesLate":true}"#
      let canned = try await CannedServer(
        answer: "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      let provider = HTTPProvider(
        channel: .email, address: ProviderAddress("http://127.0.0.1:\(canned.port)")!,
        maxInFlight: 1, connectMilliseconds: 120_000, questionMilliseconds: 120_000,
        clock: SystemClock(), logger: server.lines.logger("providers"))
      #expect(await provider.statedCapabilities() == ProviderCapabilities(refusesLate: true))
      try await canned.close()
    }
  }
}

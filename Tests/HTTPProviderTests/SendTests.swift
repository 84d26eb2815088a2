import Billing
import BillingTestKit
import Delivery
import EmbeddedStore
import FaultyNetwork
import HTTPProvider
import Testing

@Suite("A message over HTTP", .timeLimit(.minutes(2)))
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
      ("hang-before", .unknown, 0), ("hang-after", .unknown, 1),
    ])
  func faults(fault: String, expected: SendOutcome, taken: Int) async throws {
    // The second request would be answered well: a client that repeats one by itself shows here.
    try await MockServer.run(faults: ["\(fault)=1"]) { (server) async throws in
      let provider = server.provider()
      let patience: Int64 = fault.hasPrefix("hang") ? 2000 : 60_000
      #expect(await provider.send("k1", timing: .calls(endAfter: patience)) == expected)
      #expect(try await server.accepted().count == taken)
      #expect(await provider.send("k2") == .accepted(reference: "mock-\(taken + 1)"))
    }
  }

  @Test("without a connection it is certain that nothing was taken")
  func refusedConnection() async throws {
    try await MockServer.run { (server) async throws in
      try await server.proxy.refuse()
      let provider = server.provider(connectMilliseconds: 2000)
      #expect(await provider.send("k1") == .notAccepted(retryAfterMilliseconds: nil))
      try await server.proxy.accept()
      #expect(await provider.send("k1") == .accepted(reference: "mock-1"))
    }
  }

  @Test(
    "cut on its way: unknown, whatever the server has of it",
    arguments: [
      TCPProxy.Point.atOnce, .bytes(1), .after("Idempotency-Key"), .after("\r\n\r\n"),
      .before("Amount"), .after("Amount"), .before("END"),
    ])
  func cutInRequest(point: TCPProxy.Point) async throws {
    for action in [TCPProxy.Action.reset, .close] {
      try await MockServer.run { (server) async throws in
        server.proxy.set(TCPProxy.Rule(.toServer, point, action, times: 1))
        #expect(await server.provider().send("k1") == .unknown)
        #expect(server.proxy.acted == 1)
        #expect(try await server.accepted().isEmpty)
      }
    }
  }

  @Test("cut between request and answer: unknown, and the server has it")
  func cutBeforeAnswer() async throws {
    for action in [TCPProxy.Action.reset, .close] {
      try await MockServer.run { (server) async throws in
        server.proxy.set(TCPProxy.Rule(.toClient, .atOnce, action, times: 1))
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
      server.proxy.set(TCPProxy.Rule(.toClient, point, .close, times: 1))
      #expect(await server.provider().send("k1") == .unknown)
      #expect(server.proxy.acted == 1)
      #expect(try await server.accepted("k1").count == 1)
    }
  }

  @Test("an answer that does not come ends with the call's deadline")
  func stalledAnswer() async throws {
    try await MockServer.run { (server) async throws in
      server.proxy.set(TCPProxy.Rule(.toClient, .after("HTTP/1.1 200"), .stall))
      let start = ContinuousClock.now
      let outcome = await server.provider().send("k1", timing: .calls(endAfter: 1500))
      let elapsed = ContinuousClock.now - start
      #expect(outcome == .unknown)
      #expect(elapsed >= .milliseconds(1490))
      #expect(elapsed < .seconds(20))
    }
  }

  @Test("a connection that ended while nobody used it costs nothing")
  func idleConnectionEnds() async throws {
    try await MockServer.run { (server) async throws in
      let provider = server.provider()
      #expect(await provider.send("k1") == .accepted(reference: "mock-1"))
      #expect(server.proxy.accepted == 1)
      await server.proxy.resetAll()
      // Until its end has come to the client, a request could still be written to it.
      var number = 1
      var outcome = SendOutcome.unknown
      while outcome == .unknown, number < 100 {
        number += 1
        outcome = await provider.send("k\(number)")
      }
      #expect(outcome != .unknown)
      #expect(server.proxy.accepted >= 2)
    }
  }

  @Test("a redirect is not followed, and an address that is wrong says nothing")
  func wrongAddress() async throws {
    try await MockServer.run { (server) async throws in
      #expect(await server.provider(path: "/fax").send("k1") == .unknown)
      #expect(try await server.accepted().isEmpty)
    }
  }
}

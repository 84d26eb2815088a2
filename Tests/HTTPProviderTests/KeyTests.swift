import Billing
import BillingTestKit
import Delivery
import FaultyNetwork
import HTTPProvider
import Testing

@Suite("Keys over HTTP", .timeLimit(.minutes(10)))
struct KeyTests {
  private static let keeping = ProviderCapabilities(keepsKeySeconds: 3600)
  private static let asking = ProviderCapabilities(lookUpSettlesSeconds: 60, refusesLate: true)

  @Test("kept: what was taken and not said so is said the second time, and taken once")
  func kept() async throws {
    try await MockServer.run(faults: ["drop-after=1"], capabilities: Self.keeping) {
      (server) async throws in
      let provider = server.provider()
      #expect(await provider.send("k1") == .unknown)
      #expect(await provider.send("k1", attempt: 2) == .accepted(reference: "mock-1"))
      // Even where both say that they are the first.
      #expect(await provider.send("k1", attempt: 1) == .accepted(reference: "mock-1"))
      #expect(try await server.accepted("k1").count == 1)
    }
  }

  @Test("kept for a time: after it the same key is a new message")
  func forgotten() async throws {
    let clock = OffsetClock(SystemClock().now())
    try await MockServer.run(capabilities: Self.keeping, clock: clock) { (server) async throws in
      let provider = server.provider()
      let later = clock.now().adding(seconds: 100_000)
      #expect(await provider.send("k1", notAfter: later) == .accepted(reference: "mock-1"))
      clock.advance(seconds: 1800)
      #expect(
        await provider.send("k1", attempt: 2, notAfter: later) == .accepted(reference: "mock-1"))
      clock.advance(seconds: 3600)
      #expect(
        await provider.send("k1", attempt: 3, notAfter: later) == .accepted(reference: "mock-2"))
    }
  }

  @Test("not kept: a second send is a second message, for the ledger to show")
  func notKept() async throws {
    try await MockServer.run { (server) async throws in
      let provider = server.provider()
      #expect(await provider.send("k1") == .accepted(reference: "mock-1"))
      #expect(await provider.send("k1", attempt: 2) == .accepted(reference: "mock-2"))
      #expect(try await server.accepted("k1").count == 2)
    }
  }

  @Test("asked for, a key is found or absent; nothing else is taken for an answer")
  func lookUp() async throws {
    try await MockServer.run(faults: ["drop-after=1"], capabilities: Self.asking) {
      (server) async throws in
      let provider = server.provider()
      #expect(await provider.send("2026-10:7:bill:1:email") == .unknown)
      #expect(await provider.lookUp("2026-10:7:bill:1:email") == .found(reference: "mock-1"))
      #expect(await provider.lookUp("2026-10:8:bill:1:email") == .absent)
      // Below a wrong path a 404 means nothing.
      let lost = server.provider(path: "/fax")
      #expect(await lost.lookUp("2026-10:8:bill:1:email") == .unavailable)
      let hurried = server.provider(connectMilliseconds: 500)
      try await eventually { await hurried.statedCapabilities() != nil }
      server.proxy.set(.toClient, [.pass(.after("\r\n\r\n")), .cut])
      #expect(await provider.lookUp("2026-10:8:bill:1:email") == .unavailable)
      try await server.proxy.refuse()
      try await server.proxy.sever()
      #expect(await hurried.lookUp("2026-10:8:bill:1:email") == .unavailable)
    }
    try await MockServer.run { (server) async throws in
      #expect(await server.provider().lookUp("k1") == .unavailable)
    }
  }

  @Test("what it can do is asked anew each time, and unknown while it does not say")
  func capabilities() async throws {
    let all = ProviderCapabilities(
      keepsKeySeconds: 86_400, lookUpSettlesSeconds: 60, refusesLate: true)
    try await MockServer.run(capabilities: all) { (server) async throws in
      try await server.proxy.refuse()
      let provider = server.provider(connectMilliseconds: 500)
      #expect(await provider.statedCapabilities() == nil)
      #expect(await provider.lookUp("k1") == .unavailable)
      try await server.proxy.accept()
      try await eventually { await provider.statedCapabilities() == all }
      #expect(await provider.lookUp("k1") == .absent)
      try await server.proxy.refuse()
      try await server.proxy.sever()
      #expect(await provider.statedCapabilities() == nil)
    }
  }
}

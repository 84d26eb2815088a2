import Billing
import BillingTestKit
import Delivery
import FaultyNetwork
import HTTPProvider
import Synchronization
import Testing

@Suite("What may be written, and until when", .timeLimit(.minutes(10)))
struct DeadlineTests {
  @Test("with the time for writing over, nothing is connected and nothing is written")
  func overBefore() async throws {
    try await MockServer.run { (server) async throws in
      let clock = TestClock()
      let deadline = CallDeadline(
        clock: clock, since: clock.steadyMilliseconds() - 3000, timing: .standard)
      let outcome = await server.provider().send(
        ProviderMessage(channel: .email, recipient: "a@b.c", content: [1], attempt: 1), key: "k1",
        deadline: deadline, notAfter: clock.now().adding(seconds: 20))
      #expect(outcome == .notWritten)
      #expect(server.proxy.counts.accepted == 0)
    }
  }

  @Test("a call whose time for writing ends while its connection is made is never written")
  func overWhileConnecting() async throws {
    try await MockServer.run { (server) async throws in
      let provider = server.provider()
      // Looked at when the call begins, when it is handed over, and for its deadline; the next
      // look is the one right before the write.
      let clock = LateClock(after: 3)
      #expect(await provider.send("k1", clock: clock) == .notWritten)
      #expect(clock.looks == 4)
      // Connected, and ended without a byte.
      try await server.proxy.until { $0.accepted == 1 && $0.open == 0 }
      #expect(server.proxy.counts.fromClients == 0)
      #expect(try await server.accepted().isEmpty)
      #expect(await provider.send("k2") == .accepted(reference: "mock-1"))
    }
  }

  @Test("a call for which there is no free connection in time is not written, and no attempt")
  func noFreeConnection() async throws {
    try await MockServer.run(faults: ["hang-before=2"]) { (server) async throws in
      let provider = server.provider(maxInFlight: 1, connectMilliseconds: 2000)
      // The one connection there is.
      try await eventually { await provider.send("k1") == .accepted(reference: "mock-1") }
      let written = server.proxy.watch(.toServer, for: "END")
      let first = Task { await provider.send("k2") }
      try await written.seen()
      #expect(await provider.send("k3") == .notWritten)
      #expect(written.count == 1)
      first.cancel()
      #expect(await first.value == .unknown)
    }
  }

  @Test("a call that is broken off is unknown once written, and not written before")
  func cancelled() async throws {
    try await MockServer.run(faults: ["hang-after=1"]) { (server) async throws in
      let provider = server.provider(maxInFlight: 1)
      let written = Task { await provider.send("k1") }
      try await eventually { try await !server.accepted().isEmpty }
      let waiting = Task { await provider.send("k2") }
      waiting.cancel()
      #expect(await waiting.value == .notWritten)
      written.cancel()
      #expect(await written.value == .unknown)
      #expect(try await server.accepted().map(\.key) == ["k1"])
    }
  }

  @Test("an answer that does not come ends with the call's deadline")
  func stalledAnswer() async throws {
    try await MockServer.run { (server) async throws in
      server.proxy.set(.toClient, [.pass(.after("HTTP/1.1 200")), .stall])
      let posts = server.proxy.watch(.toServer, for: "POST")
      var start = ContinuousClock.now
      let provider = server.provider()
      let (outcome, milliseconds) = await sendUntilWritten { milliseconds in
        start = ContinuousClock.now
        return await provider.send("k1", timing: .calls(endAfter: milliseconds))
      }
      // The clocks differ, and count whole milliseconds.
      #expect(ContinuousClock.now - start >= .milliseconds(milliseconds - 10))
      #expect(outcome == .unknown)
      try await posts.seen()
      #expect(posts.count == 1)
    }
  }

  @Test("what arrives after the time that its request names is refused by a provider that can")
  func late() async throws {
    let clock = OffsetClock(SystemClock().now())
    let past = clock.now().adding(seconds: -1)
    try await MockServer.run(
      capabilities: ProviderCapabilities(refusesLate: true), clock: clock
    ) { (server) async throws in
      let provider = server.provider()
      #expect(
        await provider.send("k1", notAfter: past) == .notAccepted(retryAfterMilliseconds: nil))
      // Held up on the network until then: the same.
      server.proxy.set(.toServer, [.stall])
      let soon = clock.now().adding(seconds: 300)
      let call = Task { await provider.send("k2", notAfter: soon) }
      try await server.proxy.until { $0.stalled == 1 }
      clock.advance(seconds: 301)
      try await server.proxy.release(.toServer)
      #expect(await call.value == .notAccepted(retryAfterMilliseconds: nil))
      #expect(try await server.accepted().isEmpty)
    }
    try await MockServer.run { (server) async throws in
      #expect(
        await server.provider().send("k1", notAfter: past) == .accepted(reference: "mock-1"))
    }
  }
}

/// A clock on which an hour passes after it was looked at so many times.
private final class LateClock: WallClock {
  private let system = SystemClock()
  private let looksBefore: Int
  private let count = Mutex(0)

  init(after looks: Int) { looksBefore = looks }

  var looks: Int { count.withLock { $0 } }

  func now() -> Timestamp { system.now() }

  func steadyMilliseconds() -> Int64 {
    let look = count.withLock { count in
      count += 1
      return count
    }
    return look <= looksBefore ? 0 : 3_600_000
  }

  func sleep(until moment: Timestamp) async throws { try await system.sleep(until: moment) }
}

import Billing
import BillingTestKit
import Delivery
import FaultyNetwork
import Foundation
import HTTPProvider
import Testing

@Suite("Many at once", .timeLimit(.minutes(3)), .serialized)
struct LoadTests {
  @Test("5,000 messages of a second each are in flight together, from one process")
  func manyInFlight() async throws {
    let count = 5000
    try await MockServer.run(latencyMilliseconds: 1000) { (server) async throws in
      let provider = server.provider(
        straight: true, maxInFlight: count, connectMilliseconds: 60_000)
      let start = ContinuousClock.now
      let outcomes = await withTaskGroup(of: SendOutcome.self) { group in
        for number in 0..<count {
          group.addTask { await provider.send("k\(number)") }
        }
        return await group.reduce(into: [SendOutcome: Int]()) { counts, outcome in
          if case .accepted = outcome {
            counts[.accepted(reference: ""), default: 0] += 1
          } else {
            counts[outcome, default: 0] += 1
          }
        }
      }
      let elapsed = ContinuousClock.now - start
      #expect(outcomes == [.accepted(reference: ""): count])
      // One after the other it would be 5,000 s.
      #expect(elapsed < .seconds(60))
      #expect(Set(try await server.accepted().map(\.key)).count == count)
      #expect(try await server.accepted().count == count)
    }
  }

  @Test("neither a recipient nor a content is in any log line or in the server's ledger")
  func nothingPersonal() async throws {
    try await MockServer.run(
      faults: ["drop-after=2", "429=3", "500-after=4", "garbage-before=5"],
      capabilities: ProviderCapabilities(lookUpSettlesSeconds: 1)
    ) { (server) async throws in
      let provider = server.provider(connectMilliseconds: 200)
      for number in 1...6 { _ = await provider.send("k\(number)") }
      _ = await provider.lookUp("k1")
      server.proxy.set(TCPProxy.Rule(.toServer, .after("Amount"), .reset, times: 1))
      _ = await provider.send("k7")
      try await server.proxy.refuse()
      await server.proxy.resetAll()
      _ = await provider.send("k8")
      try await server.proxy.accept()
      _ = await provider.send("k9")

      let lines = server.lines.all
      #expect(lines.contains { $0.contains("cannot be reached") })
      #expect(lines.contains { $0.contains("answers again") })
      let secrets = ["hong", "gildong", "example.com", "Amount", "31,000"]
      for line in lines { #expect(!secrets.contains { line.contains($0) }, "\(line)") }
      for name in try FileManager.default.contentsOfDirectory(atPath: server.folder.path) {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: server.folder.file(name)))
        for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)") }
      }
    }
  }
}

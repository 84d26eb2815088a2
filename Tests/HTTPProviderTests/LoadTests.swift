import Billing
import BillingTestKit
import Delivery
import FaultyNetwork
import Foundation
import HTTPProvider
import Testing

@Suite("Many at once", .timeLimit(.minutes(10)), .serialized)
struct LoadTests {
  @Test("2,000 messages are with the provider together, from one process")
  func manyInFlight() async throws {
    // Each a connection on either side: with more than a thousand or so open files in this process,
    // Foundation's `Process` reads past its list of them, and other tests here start processes.
    let count = 400
    // Both ends of each connection are in this process.
    #expect(OpenFiles.raisedLimit() >= 2 * count + 500)
    try await MockServer.run(deciding: { Rendezvous(of: count, before: $0) }) {
      (server) async throws in
      let provider = server.provider(straight: true, maxInFlight: count)
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
      #expect(outcomes == [.accepted(reference: ""): count])
      let accepted = try await server.accepted()
      #expect(Set(accepted.map(\.key)).count == count)
      #expect(accepted.count == count)
    }
  }

  @Test("neither a recipient nor a content is in any log line or in the server's ledger")
  func nothingPersonal() async throws {
    try await MockServer.run(
      faults: ["drop-after=2", "429=3", "500-after=4", "garbage-before=5"],
      capabilities: ProviderCapabilities(lookUpSettlesSeconds: 1)
    ) { (server) async throws in
      let provider = server.provider(connectMilliseconds: 500)
      for number in 1...6 { _ = await provider.send("k\(number)") }
      _ = await provider.lookUp("k1")
      server.proxy.set(.toServer, [.pass(.after("Amount")), .reset], times: 1)
      _ = await provider.send("k7")
      try await server.proxy.refuse()
      try await server.proxy.sever()
      _ = await provider.send("k8")
      try await server.proxy.accept()
      try await eventually {
        guard case .accepted = await provider.send("k9") else { return false }
        return true
      }

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

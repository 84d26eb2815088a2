import Delivery
import Testing

@Suite("A fault as it is written")
struct FaultTests {
  @Test("every kind is read, by number, range and percentage", arguments: MockFault.kinds)
  func kinds(kind: String) {
    #expect(MockFault("\(kind)=7")?.choice == .numbers(7...7))
    #expect(MockFault("\(kind)=7-9")?.choice == .numbers(7...9))
    #expect(MockFault("\(kind)=2.5%")?.choice == .perMillion(25_000))
    #expect(MockFault("\(kind)=7")?.kind.description == kind)
  }

  @Test(
    "anything else is refused",
    arguments: [
      "", "drop", "drop=1", "drop-after", "drop-after=", "drop-after=0", "drop-after=3-2",
      "drop-after=-1", "drop-after=101%", "drop-after=x%", "drop-later=1", "418=1",
    ])
  func refused(text: String) {
    #expect(MockFault(text) == nil)
  }

  @Test("a message meets the first fault that is meant for it, the same one every time")
  func met() throws {
    let faults = try ["429=2", "drop-after=2-3", "refuse=50%"].map { try #require(MockFault($0)) }
    func met(_ number: Int, key: String = "k", attempt: Int = 1) -> MockFault.Kind? {
      MockFault.met(among: faults, number: number, seed: 1, key: key, attempt: attempt)
    }
    #expect(met(2) == .tooMany)
    #expect(met(3) == .misbehave(.drop, taken: true))
    let keys = (0..<1000).map { "key\($0)" }
    let refused = keys.filter { met(9, key: $0) == .refuse }
    #expect((400...600).contains(refused.count))
    #expect(refused == keys.filter { met(1000, key: $0) == .refuse })
    // Another attempt is another draw.
    #expect(refused != keys.filter { met(9, key: $0, attempt: 2) == .refuse })
  }
}

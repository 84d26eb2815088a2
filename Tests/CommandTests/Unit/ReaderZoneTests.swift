import Billing
import Testing

@testable import Assembly
@testable import billing

@Suite("Times as they are said to a person")
struct ReaderZoneTests {
  private let moment = Timestamp(iso8601: "2026-11-25T05:00:05.250Z")!  // a moment

  @Test("in UTC, to the second, with the name; what never comes is a dash")
  func utc() {
    #expect(ReaderZone.utc.text(of: moment) == "2026-11-25 05:00:05 UTC")
    #expect(ReaderZone.utc.text(of: Timestamp(milliseconds: .max)) == "–")
    #expect(ReaderZone.utc.text(of: Timestamp(milliseconds: -1)) == "1969-12-31 23:59:59 UTC")
  }

  @Test("of a slot in the customer's own zone, with that zone's name")
  func customer() {
    #expect(moment.spoken(in: "Asia/Seoul") == "2026-11-25 14:00 Asia/Seoul")
    #expect(moment.spoken(in: "America/New_York") == "2026-11-25 00:00 America/New_York")
  }

  @Test(
    "a typed moment has an offset, or is what the reader's clocks show",
    arguments: [
      "2026-11-25T05:00:05.250Z", "2026-11-25T14:00:05.250+09:00", "2026-11-25 05:00:05.250",
    ])
  func typed(text: String) throws {
    #expect(try #require(MomentArgument(argument: text)).moment(in: .utc) == moment)
  }

  @Test("what is no moment is none", arguments: ["", "now", "2026-11-25", "2026-11-25T25:00Z"])
  func nonsense(text: String) {
    #expect(MomentArgument(argument: text) == nil)
  }
}

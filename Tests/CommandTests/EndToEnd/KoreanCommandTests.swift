import BillingTestKit
import Foundation
import Testing

@Suite("What goes wrong, said in Korean")
struct KoreanCommandTests {
  @Test("has no English words in it but what is quoted as such")
  func failures() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(
      files: SmallSet.files([
        "subscriptions.csv": SmallSet.lineHeader + SmallSet.line(11, of: 1)
          + SmallSet.line(21, of: 2, plan: "GONE")
      ]), expecting: 0)
    let folder = platform.folder
    try folder.write("version: none\n", to: "policy.yaml")
    let wrong: [([String], Int32)] = [
      (["settle"], 2), (["settle", "2026-10", "--colour"], 2), (["verify", "2026-1x"], 2),
      (["deliveries", "retry", "--yes"], 2), (["nonsense"], 2),
      (["verify", "2026-10", "--sample", "0"], 2), (["render", "2026-10"], 76),
      (["settle", "2030-10"], 2), (["status", "--config", "nowhere.yaml"], 2),
      (["status", "--set", "ledger=sqlite:nowhere/ledger.sqlite"], 2),
      (["init", "--set", "ledger=sqlite:///proc/billing/ledger.sqlite"], 69),
      (["settle", "2026-10", "--at", "2026-11-02T00:00:00Z"], 1),
      (["policy", "apply", "."], 65), (["export", "2026-10", "--out", "nowhere/x.csv"], 76),
    ]
    for (command, status) in wrong {
      let ending = try await BillingProcess(command + ["--locale", "ko"], in: folder).ending()
      #expect(ending.status == status, "\(command): \(ending.errors)")
      for line in ending.errors.split(separator: "\n") where !line.hasPrefix("사용법: ") {
        let words = EnglishWords.runs(in: String(line))
        #expect(words.isEmpty, "\(command): \(words) in \(line)")
      }
    }
    let status = try await billing("status", "--locale", "ko", in: folder, expecting: 0)
    #expect(status.output.contains("요금제·정책표에 없는 요금제입니다. (원문: "), "\(status.output)")
  }
}

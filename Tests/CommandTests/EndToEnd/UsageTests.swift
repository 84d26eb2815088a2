import BillingTestKit
import Testing

@Suite("Wrong usage and configuration, as a user sees them")
struct UsageTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
  }

  @Test("an unknown subcommand and an unknown option end with 2")
  func unknown() async throws {
    let command = try await billing("frobnicate", in: folder, expecting: 2)
    #expect(command.errors.contains("frobnicate"))
    #expect(command.output.isEmpty)
    try await billing("init", "--frobnicate", in: folder, expecting: 2)
  }

  @Test("help and version go to standard output and are done")
  func help() async throws {
    let version = try await billing("--version", in: folder, expecting: 0)
    #expect(version.output.split(separator: ".").count == 3)
    let help = try await billing("--help", in: folder, expecting: 0)
    #expect(help.output.contains("SUBCOMMANDS"))
    let none = try await billing(in: folder, expecting: 0)
    #expect(none.output == help.output)
  }

  @Test("an unknown configuration key ends with 2 and names it")
  func unknownKey() async throws {
    try folder.write("settlement:\n  dya: 3\n", to: "billing.yaml")
    let ending = try await billing("init", in: folder, expecting: 2)
    #expect(ending.errors.contains("settlement.dya"))
    #expect(ending.errors.contains("Did you mean `settlement.day`?"))
  }

  @Test("errors are said in Korean where the environment asks for it")
  func korean() async throws {
    let ending = try await billing(
      "init", "--set", "wrokers=2", in: folder, environment: ["LANG": "ko_KR.UTF-8"], expecting: 2)
    #expect(ending.errors.contains("알 수 없는 설정 `wrokers`"))
    let english = try await billing(
      "init", "--locale", "en", in: folder, environment: ["LANG": "ko_KR.UTF-8"], expecting: 0)
    #expect(english.output.contains("Ready."))
  }
}

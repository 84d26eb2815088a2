import Assembly
import Billing
import Foundation
import Logging
import Operations

/// What every command works with: the configuration, the terminal, the log, the clock.
struct CommandEnvironment: Sendable {
  let configuration: BillingConfiguration
  let terminal: Terminal
  let progress: ProgressDisplay
  let clock: any WallClock
  private let logLevel: Logger.Level

  init(
    reading options: GlobalOptions, settings: [String] = [], mustExist: Bool = true,
    terminal: Terminal = .standard
  ) async throws {
    ReaderZone.current = options.utc ? .utc : .local
    let sources = try await ConfigurationSources(
      path: options.config, assignments: options.assignments + settings,
      environment: ProcessInfo.processInfo.environment,
      workingDirectory: FileManager.default.currentDirectoryPath, mustExist: mustExist)
    configuration = try BillingConfiguration(from: sources)
    if let language = configuration.language { terminal.language = language }
    self.terminal = terminal
    let doors = OpenDoors(configuration)
    if !doors.paths.isEmpty {
      terminal.note(.openToOthers(doors.paths.count, first: doors.paths[0]))
      terminal.note(.closeDoors(doors.command))
    }
    progress = ProgressDisplay(on: terminal)
    clock = SystemClock()
    logLevel = configuration.logLevel ?? (terminal.drawsProgress ? .warning : .notice)
  }

  func logger(_ label: String) -> Logger {
    Logger(label: label) { label in
      StandardErrorLog(label: label, level: logLevel, terminal: terminal, clock: clock)
    }
  }

  /// What the platform is put together in.
  var surroundings: PlatformSurroundings {
    PlatformSurroundings(
      configuration: configuration,
      work: WorkSurroundings(
        clock: clock, progress: StepProgress(progress), logger: { logger($0) }),
      programVersion: ProgramVersion.current)
  }

  /// What can be asked of the stores that the configuration names.
  func operations() async throws -> Operations {
    try await Platform(surroundings).operations()
  }
}

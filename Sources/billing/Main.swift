import ArgumentParser
import Assembly
import Billing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Parses, runs, and turns whatever happens into an exit code.
@main
enum Main {
  static func main() async {
    PrivateProcess.begin()
    let signals = StopSignals()
    let arguments = Array(CommandLine.arguments.dropFirst())
    // Until the command has read its options, and where it never does.
    if let language = Language(arguments: arguments) { Terminal.standard.language = language }
    let work = Task { await result(of: arguments) }
    signals.listen { work.cancel() }
    exit(report(await work.value, stoppedBy: signals.received).rawValue)
  }

  private enum Result {
    case done
    /// The command line asks for help or the version, or is wrong.
    case notRun(any Error)
    case failed(any Error)
  }

  private static func result(of arguments: [String]) async -> Result {
    var command: any ParsableCommand
    do {
      command = try BillingCommand.parseAsRoot(arguments)
    } catch {
      return .notRun(error)
    }
    do {
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      return .done
    } catch {
      // The parser's own errors are help that was asked for, or wrong usage found late.
      return BillingCommand.exitCode(for: error) == .failure ? .failed(error) : .notRun(error)
    }
  }

  private static func report(
    _ result: Result, stoppedBy signal: (status: CommandStatus, name: String)?
  ) -> CommandStatus {
    let terminal = Terminal.standard
    switch result {
    case .done: return printed(by: terminal)
    case .notRun(let error):
      let message =
        UsageText(BillingCommand.fullMessage(for: error)).text(in: terminal.language) + "\n"
      guard BillingCommand.exitCode(for: error) == .success else {
        terminal.writeError(message)
        return .wrongUsage
      }
      terminal.print(message)
      return printed(by: terminal)
    case .failed(let error):
      let failure = CommandFailure(error, stoppedBy: signal)
      terminal.complain(failure)
      return failure.status
    }
  }

  /// Done, unless standard output did not take the result.
  private static func printed(by terminal: Terminal) -> CommandStatus {
    guard let number = terminal.outputFailure else { return .done }
    let failure = CommandFailure(printing: number)
    terminal.complain(failure)
    return failure.status
  }
}

extension CommandFailure {
  /// What any error means for whoever typed the command.
  init(_ error: any Error, stoppedBy signal: (status: CommandStatus, name: String)?) {
    if let signal, !(error is CommandFailure) {
      self.init(signal.status, .stopped(by: signal.name), remedy: .sameCommandGoesOn)
      return
    }
    switch error {
    case let failure as CommandFailure: self = failure
    case let error as StoreError: self.init(error)
    default:
      self =
        CommandFailure(stage: error)
        ?? CommandFailure(
          .failed, .unexpected(String(describing: error)), remedy: .reportDefect)
    }
  }
}

import CFiles
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Keeps what this process knows of customers, and its keys, from everybody else on the machine.
enum PrivateProcess {
  /// By it the Swift runtime is told what to print of a crash.
  static let backtraceVariable = "SWIFT_BACKTRACE"

  /// To be called before anything else: what is made from then on is its owner's alone, whatever the
  /// shell says, and what ends the process by force leaves nothing of its memory anywhere.
  static func begin(environment: [String: String] = ProcessInfo.processInfo.environment) {
    umask(0o077)
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(coreSize, &none)
    // Whoever sets the variable wants to see a crash, and says how much of it; what shows it reads
    // this process's memory.
    guard environment[backtraceVariable] == nil else { return }
    endBacktraces()
    // A handler of core dumps that the kernel pipes them to is not kept off by the limit.
    _ = cfiles_keep_memory()
  }

  /// The Swift runtime answers these signals with a backtrace that prints the memory around every
  /// register: a customer's address may be there, or a key.
  private static func endBacktraces() {
    for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] {
      var current = sigaction()
      guard sigaction(number, nil, &current) == 0 else { continue }
      let isIgnored = current.__sigaction_handler.sa_handler.map {
        unsafeBitCast($0, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
      }
      // Whoever started the process had it ignored.
      if isIgnored == true { continue }
      signal(number, SIG_DFL)
    }
  }

  #if canImport(Glibc)
    private static let coreSize = __rlimit_resource_t(RLIMIT_CORE.rawValue)
  #else
    private static let coreSize = RLIMIT_CORE
  #endif
}

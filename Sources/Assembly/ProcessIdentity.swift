import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What this process calls itself where others read it: `host/namespace:pid:start`.
///
/// The start (in clock ticks since boot) tells a process from a later one with its number, the
/// namespace tells containers apart that share a host's name.
package struct ProcessIdentity: Hashable, Sendable, CustomStringConvertible {
  private let host: String
  private let number: Int32
  private let start: String

  /// This process.
  package static let current = ProcessIdentity(
    host: thisHost, number: getpid(), start: ProcessState(of: getpid())?.start ?? "0")

  private init(host: String, number: Int32, start: String) {
    self.host = host
    self.number = number
    self.start = start
  }

  /// Reads what `description` writes.
  package init?(_ text: String) {
    let parts = text.split(separator: ":")
    guard parts.count == 3, let number = Int32(parts[1]) else { return nil }
    self.init(host: String(parts[0]), number: number, start: String(parts[2]))
  }

  package var description: String { "\(host):\(number):\(start)" }

  /// Whether the process is known to have ended: one of this host that is no more. Of another
  /// host's processes nothing is known.
  package var isGone: Bool {
    guard host == Self.thisHost else { return false }
    guard let state = ProcessState(of: number) else { return true }
    return state.hasEnded || state.start != start
  }

  private static let thisHost: String = {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(
      decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    let inode = namespace?.filter(\.isNumber) ?? ""
    return host.filter { $0 != ":" } + "/" + inode
  }()
}

/// What the kernel says about a process.
private struct ProcessState {
  /// It has ended; only nobody has asked for its exit code yet.
  let hasEnded: Bool
  /// Clock ticks between boot and its start.
  let start: String

  /// `nil` when there is no such process.
  init?(of number: Int32) {
    guard let text = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8),
      // The name before may hold anything, even parentheses.
      let close = text.lastIndex(of: ")")
    else { return nil }
    // From the state on, which the manual counts as field 3; the start is field 22.
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 19 else { return nil }
    hasEnded = ["Z", "X", "x"].contains(fields[0])
    start = String(fields[19])
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A port on 127.0.0.1 that stays its owner's while nobody listens on it: a socket that is bound
/// and does not listen. Clients are refused, nobody else is given the port, and no connection to
/// it can take it for its own end and reach itself.
final class ReservedPort: Sendable {
  struct Failure: Error {
    var call: String
    var number: Int32
  }

  let number: Int
  private let descriptor: Int32

  init() throws {
    descriptor = openSocket()
    guard descriptor >= 0 else { throw Failure(call: "socket", number: errno) }
    do {
      number = try bindToFreePort(descriptor)
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }
}

private func openSocket() -> Int32 {
  #if canImport(Glibc)
    socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  #else
    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)
  #endif
}

private func bindToFreePort(_ descriptor: Int32) throws -> Int {
  func check(_ result: Int32, _ call: String) throws {
    if result != 0 { throw ReservedPort.Failure(call: call, number: errno) }
  }
  // Whoever listens later shares the port with this socket: both have to say that they may.
  var yes: Int32 = 1
  try check(
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size)),
    "setsockopt")
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  try withUnsafeMutablePointer(to: &address) { address in
    try address.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
      try check(bind(descriptor, general, length), "bind")
      try check(getsockname(descriptor, general, &length), "getsockname")
    }
  }
  return Int(UInt16(bigEndian: address.sin_port))
}

import Billing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that is written from its beginning, a block at a time.
final class BufferedFile {
  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private static let blockBytes = 262_144
  private static let mode: mode_t = 0o600

  /// Makes the file, or empties it; only its owner may read it, whatever it was before.
  init(path: String) throws(StoreError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, Self.mode)
    guard descriptor >= 0 else { throw .file(.unreachable, "write \(path)", code: errno) }
    guard fchmod(descriptor, Self.mode) == 0 else {
      throw .file(.unreachable, "set the permissions of \(path)", code: errno)
    }
    buffer.reserveCapacity(Self.blockBytes + 4096)
  }

  deinit {
    close(descriptor)
  }

  func append(_ text: String) throws(StoreError) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= Self.blockBytes { try flush() }
  }

  func append(_ bytes: [UInt8]) throws(StoreError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.blockBytes { try flush() }
  }

  /// Hands everything to the system, and where `durably` waits for the disk.
  func finish(durably: Bool) throws(StoreError) {
    try flush()
    if durably, fsync(descriptor) != 0 { throw .file(.broken, "write \(path)", code: errno) }
  }

  private func flush() throws(StoreError) {
    var from = 0
    while from < buffer.count {
      let count = buffer.withUnsafeBytes { bytes in
        write(descriptor, bytes.baseAddress! + from, bytes.count - from)  // not empty here
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .file(.broken, "write \(path)", code: errno) }
      from += count
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

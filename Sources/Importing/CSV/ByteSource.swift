package import Billing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where a reader gets its bytes from, block by block.
package protocol ByteSource: AnyObject {
  /// Appends at most `limit` bytes and says how many; 0 is the end.
  func append(to bytes: inout [UInt8], atMost limit: Int) throws -> Int
}

/// A file, read from its beginning to its end.
package final class FileBytes: ByteSource {
  /// The size when it was opened, to show progress by.
  package let byteCount: Int64
  private let path: String
  private let descriptor: Int32
  private var block: [UInt8] = []

  /// Throws `StoreError(.unreachable)` when there is no such file or it may not be read.
  package init(path: String) throws(StoreError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(.unreachable, "open \(path)", code: errno) }
    var status = stat()
    byteCount = fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
  }

  deinit {
    close(descriptor)
  }

  package func append(to bytes: inout [UInt8], atMost limit: Int) throws -> Int {
    if block.count != limit { block = [UInt8](repeating: 0, count: limit) }
    while true {
      let count = block.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, limit) }
      if count > 0 { bytes.append(contentsOf: block[..<count]) }
      if count >= 0 { return count }
      guard errno == EINTR else { throw StoreError.file(.broken, "read \(path)", code: errno) }
    }
  }
}

/// Bytes in memory, in blocks of a chosen size: what tests read.
package final class MemoryBytes: ByteSource {
  private let bytes: [UInt8]
  private var position = 0

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  package func append(to bytes: inout [UInt8], atMost limit: Int) throws -> Int {
    let end = min(position + limit, self.bytes.count)
    bytes.append(contentsOf: self.bytes[position..<end])
    defer { position = end }
    return end - position
  }
}

extension StoreError {
  /// What the system said about a file.
  static func file(_ kind: Kind, _ operation: String, code: Int32) -> StoreError {
    let kind: Kind =
      switch code {
      case ENOSPC, EDQUOT: .full
      case EROFS: .readOnly
      case ENOENT, EACCES, EPERM, ENOTDIR, EISDIR: .unreachable
      default: kind
      }
    return StoreError(kind, operation: operation, detail: String(cString: strerror(code)))
  }
}

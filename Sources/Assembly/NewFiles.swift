package import Billing
import Foundation

#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#endif

/// What the system knows about a file; `nil` when there is none.
package func fileStatus(_ path: String) -> stat? {
  var status = stat()
  return stat(path, &status) == 0 ? status : nil
}

/// Writes a file that was not there, for its owner alone, and makes sure that it is on disk; `false`,
/// having changed nothing, when there is one already.
package func makeNewFile(_ path: String, text: String) throws -> Bool {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
  guard descriptor >= 0 else {
    if errno == EEXIST { return false }
    throw StoreError(system: errno, operation: "make \(path)")
  }
  defer { close(descriptor) }
  var text = text
  let failed: Int32? = text.withUTF8 { bytes in
    writeAll(UnsafeRawBufferPointer(bytes), to: descriptor)
      ?? (fsync(descriptor) == 0 ? nil : errno)
  }
  if let failed {
    // Half a file would be taken for a whole one the next time.
    unlink(path)
    throw StoreError(system: failed, operation: "write \(path)")
  }
  return true
}

/// Makes a folder and those above it, for their owner alone; `false` when it was there.
package func makeFolder(_ path: String) throws -> Bool {
  if let status = fileStatus(path) {
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw StoreError(system: ENOTDIR, operation: "make the folder \(path)")
    }
    return false
  }
  var made = ""
  for name in path.split(separator: "/") {
    made += "/" + name
    if mkdir(made, 0o700) != 0, errno != EEXIST {
      throw StoreError(system: errno, operation: "make the folder \(made)")
    }
  }
  return true
}

/// The folder that a file lies in.
package func folder(of path: String) -> String {
  String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
}

extension StoreError {
  /// What the system's error number means for the caller.
  package init(system number: Int32, operation: String) {
    let kind: Kind =
      switch number {
      case EACCES, EPERM, EROFS: .readOnly
      case ENOSPC, EDQUOT: .full
      default: .unreachable
      }
    self.init(kind, operation: operation, detail: String(cString: strerror(number)))
  }
}

/// Writes all bytes, however often the system takes only some; the system's error number when it
/// refuses.
package func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
  bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
}

package func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
  var rest = bytes
  while !rest.isEmpty {
    let written = write(descriptor, rest.baseAddress, rest.count)
    if written < 0 {
      if errno == EINTR { continue }
      return errno
    }
    rest = UnsafeRawBufferPointer(rebasing: rest[written...])
  }
  return nil
}

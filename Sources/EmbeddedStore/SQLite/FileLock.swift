import Billing
import CFiles
import Dispatching
import Glibc

/// An exclusive lock on a file: let go with its last reference, or by the system with the process.
final class FileLock: TimeHold {
  private let descriptor: Int32

  /// `nil` while another process, or another lock of this one, has it. The file is made if missing
  /// and stays.
  init?(path: String) throws(StoreError) {
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard opened >= 0 else { throw StoreError(errno: errno, operation: "lock \(path)") }
    guard cfiles_try_lock(opened) == 0 else {
      let code = errno
      close(opened)
      guard code == EWOULDBLOCK else { throw StoreError(errno: code, operation: "lock \(path)") }
      return nil
    }
    descriptor = opened
  }

  deinit {
    close(descriptor)
  }
}

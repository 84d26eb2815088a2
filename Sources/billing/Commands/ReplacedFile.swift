import Assembly
import Billing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that is written beside its place and put there when it is complete: nobody ever reads
/// half of it, and what was there before stays until then. It holds what customers are billed, so it
/// is its owner's alone, whatever was there before.
///
/// `Sendable` although it is handed to a task that writes: its one descriptor is never changed, and
/// every write is a call of the system.
final class ReplacedFile: Sendable {
  private let path: String
  private let descriptor: Int32
  /// Where it is written until it is complete; `nil` for what cannot be replaced, such as a device
  /// or a pipe, which is written to as it is.
  private let unfinished: String?

  init(_ path: String) throws {
    // A link stays a link: what it points at is replaced.
    let target = realpath(path, nil).map { resolved in
      defer { free(resolved) }
      return String(cString: resolved)
    }
    self.path = target ?? path
    var status = stat()
    let isThere = stat(self.path, &status) == 0
    guard !isThere || status.st_mode & S_IFMT != S_IFDIR else {
      throw CommandFailure(writing: path, EISDIR)
    }
    let isReplaceable = !isThere || status.st_mode & S_IFMT == S_IFREG
    unfinished = isReplaceable ? self.path + ".part" : nil
    descriptor =
      isReplaceable
      ? open(
        self.path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
      : open(self.path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw CommandFailure(writing: path, errno) }
    // One that was left behind may be open to others, or theirs.
    guard !isReplaceable || fchmod(descriptor, 0o600) == 0 else {
      let number = errno
      close(descriptor)
      throw CommandFailure(writing: path, number)
    }
  }

  deinit {
    close(descriptor)
    // Nothing to remove once it was put in its place.
    if let unfinished { unlink(unfinished) }
  }

  func write(_ bytes: [UInt8]) throws {
    if let number = writeAll(bytes, to: descriptor) {
      throw CommandFailure(writing: path, number)
    }
  }

  /// Puts the file in its place.
  func complete() throws {
    guard let unfinished else { return }
    guard fsync(descriptor) == 0, rename(unfinished, path) == 0 else {
      throw CommandFailure(writing: path, errno)
    }
  }
}

extension CommandFailure {
  /// Why a file that somebody named could not be written.
  init(writing path: String, _ number: Int32) {
    switch number {
    case ENOSPC, EDQUOT, EFBIG, EIO:
      self.init(.failed, .cannotWrite(path, number), remedy: .makeRoom)
    default: self.init(.wrongUsage, .cannotWrite(path, number), remedy: .namePlaceToWrite)
    }
  }

  /// Why standard output took no more.
  init(printing number: Int32) {
    self.init(
      .failed, .cannotPrint(number), remedy: .printElsewhere)
  }
}

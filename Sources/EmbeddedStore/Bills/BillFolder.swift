import Billing
import CFiles
import Glibc
import Rendering

/// The folder that bills lie in, as the file system sees it: what is made here is for its owner alone.
/// Every call blocks; any thread may make it: what they share is the folder's descriptor, which never
/// changes.
final class BillFolder: Sendable {
  /// Where a bill is written that is to replace a torn one.
  private static let workFolder = "incoming"

  private let root: Int32
  private let path: String

  /// Makes the folder if it is missing, and takes away what processes that ended left half-written.
  init(path: String) throws(StoreError) {
    self.path = path
    try Self.makeFolders(of: path)
    root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard root >= 0 else {
      throw StoreError(errno: errno, operation: "open the bill store \(path)")
    }
    guard mkdirat(root, Self.workFolder, 0o700) == 0 || errno == EEXIST else {
      let code = errno
      close(root)
      throw StoreError(errno: code, operation: "open the bill store \(path)")
    }
    removeLeftovers()
  }

  deinit {
    close(root)
  }

  // MARK: Putting

  /// Writes a bill under its own name, which fails where something is already: one entry in one
  /// folder, so that a bill costs no more than its file.
  ///
  /// Who is stopped half-way leaves a beginning of the bill, which nobody reads before its
  /// checkpoint, and which the next put recognises and mends.
  func put(
    _ content: [UInt8], at path: String, workName: String
  ) throws(StoreError) -> BillPutOutcome {
    if try create(path, with: content) { return .stored }
    guard let there = try read(path) else {
      // Removed meanwhile: nobody but an operator removes bills.
      return try create(path, with: content) ? .stored : .conflict
    }
    if there == content { return .alreadyThere }
    guard Self.isTorn(there, of: content) else { return .conflict }
    let work = "\(Self.workFolder)/\(workName)"
    unlinkat(root, work, 0)
    guard try create(work, with: content), renameat(root, work, root, path) == 0 else {
      throw failure("mend a bill")
    }
    return .stored
  }

  /// Whether a file is what a loss of power can leave of another: a beginning of it, and zeros
  /// where blocks were not written yet.
  static func isTorn(_ found: [UInt8], of whole: [UInt8]) -> Bool {
    guard found.count <= whole.count else { return false }
    let same = zip(found, whole).prefix { $0 == $1 }.count
    return found[same...].allSatisfy { $0 == 0 }
  }

  /// `false` when something is there.
  private func create(_ path: String, with content: [UInt8]) throws(StoreError) -> Bool {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
    var file = openat(root, path, flags, 0o600)
    if file < 0, errno == ENOENT {
      try makeParents(of: path)
      file = openat(root, path, flags, 0o600)
    }
    guard file >= 0 else {
      if errno == EEXIST { return false }
      throw failure("write a bill")
    }
    // Half a bill stays where it is, like that of a writer who was killed: the next put mends it.
    if let error = write(content, to: file) { throw error }
    return true
  }

  /// Writes and closes the file; what went wrong, if anything did.
  private func write(_ content: [UInt8], to file: Int32) -> StoreError? {
    var written = 0
    while written < content.count {
      let count = content.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress! + written, content.count - written)  // not empty
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let error = failure("write a bill")
        close(file)
        return error
      }
      written += count
    }
    return close(file) == 0 ? nil : failure("write a bill")
  }

  private func makeParents(of path: String) throws(StoreError) {
    var parent = ""
    for part in path.split(separator: "/").dropLast() {
      parent += parent.isEmpty ? "\(part)" : "/\(part)"
      guard mkdirat(root, parent, 0o700) == 0 || errno == EEXIST else {
        throw failure("make a folder for bills")
      }
    }
  }

  /// Everything written to the file system that the folder is on is on its disk afterwards.
  func synchronize() throws(StoreError) {
    guard cfiles_syncfs(root) == 0 else { throw failure("make bills durable") }
  }

  // MARK: Reading and removing

  /// `nil` when there is no such file.
  func read(_ path: String) throws(StoreError) -> [UInt8]? {
    var file = openat(root, path, cfiles_open_read_untouched())
    if file < 0, errno == EPERM { file = openat(root, path, O_RDONLY | O_CLOEXEC) }
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("read a bill")
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure("read a bill") }
    var content = [UInt8](repeating: 0, count: Int(status.st_size))
    var count = 0
    while count < content.count {
      let got = content.withUnsafeMutableBytes {
        Glibc.read(file, $0.baseAddress! + count, $0.count - count)  // not empty
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw failure("read a bill") }
      if got == 0 { break }
      count += got
    }
    content.removeLast(content.count - count)
    return content
  }

  func remove(_ path: String) throws(StoreError) {
    guard unlinkat(root, path, 0) == 0 || errno == ENOENT else { throw failure("remove a bill") }
  }

  /// Names in a folder, ascending; none where there is no such folder.
  func names(in path: String) throws(StoreError) -> [String] {
    let descriptor = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return [] }
      throw failure("list bills")
    }
    guard let folder = fdopendir(descriptor) else {
      close(descriptor)
      throw failure("list bills")
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Bytes; `nil` when there is no such file.
  func size(of path: String) throws(StoreError) -> Int? {
    var status = stat()
    guard fstatat(root, path, &status, 0) == 0 else {
      if errno == ENOENT { return nil }
      throw failure("list bills")
    }
    return Int(status.st_size)
  }

  // MARK: The folder itself

  private static func makeFolders(of path: String) throws(StoreError) {
    var parent = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      parent += parent.isEmpty || parent.hasSuffix("/") ? "\(part)" : "/\(part)"
      guard mkdir(parent, 0o700) == 0 || errno == EEXIST else {
        throw StoreError(errno: errno, operation: "make the bill store \(path)")
      }
    }
  }

  /// A lane writes one file at a time and at once moves it, so what is an hour old has no writer.
  private func removeLeftovers() {
    let now = time(nil)
    for name in (try? names(in: Self.workFolder)) ?? [] {
      let file = "\(Self.workFolder)/\(name)"
      var status = stat()
      if fstatat(root, file, &status, 0) == 0, status.st_mtim.tv_sec < now - 3600 {
        unlinkat(root, file, 0)
      }
    }
  }

  private func failure(_ operation: String) -> StoreError {
    StoreError(errno: errno, operation: "\(operation) in \(path)")
  }
}

extension StoreError {
  /// What a system call's error number means for the caller.
  init(errno code: Int32, operation: String) {
    let kind: Kind =
      switch code {
      case ENOSPC, EDQUOT, EFBIG: .full
      case EROFS: .readOnly
      case EACCES, EPERM, ENOENT, ENOTDIR, ENXIO, ENODEV, ESTALE: .unreachable
      case EMFILE, ENFILE, ENOMEM, EAGAIN: .busy
      default: .broken
      }
    self.init(kind, operation: operation, detail: String(cString: strerror(code)))
  }
}

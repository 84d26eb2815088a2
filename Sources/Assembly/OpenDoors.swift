#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Files and folders of the platform's that others on the machine may look into: made before it made
/// its own for their owner alone, or opened since.
package struct OpenDoors {
  /// Their paths, in the order in which they were asked for.
  package let paths: [String]

  package init(_ configuration: BillingConfiguration) {
    let stores = configuration.stores
    var files = [configuration.path]
    if case .file(let path) = configuration.keys { files.append(path) }
    var databases = [stores.statements, stores.events, stores.acceptances]
    if case .sqlite(let path) = stores.ledger { databases.insert(path, at: 0) }
    // What SQLite has in hand lies beside its file.
    files += databases.flatMap { path in ["", "-wal", "-shm"].map { path + $0 } }
    paths = (files + [stores.bills]).filter { path in
      guard let status = fileStatus(path) else { return false }
      let kind = status.st_mode & S_IFMT
      // A device or a pipe is nobody's file.
      return (kind == S_IFREG || kind == S_IFDIR) && status.st_mode & 0o077 != 0
    }
  }

  /// What closes them, as a shell takes it.
  package var command: String {
    "chmod go= " + paths.map(Self.quoted).joined(separator: " ")
  }

  private static func quoted(_ path: String) -> String {
    let plain = path.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || "/._-+,:@%".utf8.contains(byte)
    }
    return plain ? path : "'" + path.replacing("'", with: "'\\''") + "'"
  }
}

import CDeflate

/// Gzips bills: level 6, no name, time 0, so that equal input gives equal bytes.
///
/// Not `Sendable`: the compressor is working memory, used by one task at a time.
final class GzipCompressor {
  private let compressor: OpaquePointer

  init() {
    guard let compressor = libdeflate_alloc_compressor(6) else {
      preconditionFailure("out of memory for a compressor")
    }
    self.compressor = compressor
  }

  deinit {
    libdeflate_free_compressor(compressor)
  }

  func compress(_ bytes: [UInt8]) -> [UInt8] {
    let bound = libdeflate_gzip_compress_bound(compressor, bytes.count)
    return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      count = libdeflate_gzip_compress(
        compressor, bytes, bytes.count, output.baseAddress, output.count)
      // The output is as large as the bound: there is always room.
      precondition(count > 0, "gzip into \(bound) bytes")
    }
  }
}

/// Reads gzipped bills, to show and to check them.
package enum Gzip {
  /// Larger than any bill: what claims to be more is not one, bytes.
  package static let maximumSize = 16 * 1024 * 1024

  /// The bytes that were compressed; `nil` when the input is no gzip, is damaged, or is too large.
  package static func decompress(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count >= 18, let decompressor = libdeflate_alloc_decompressor() else { return nil }
    defer { libdeflate_free_decompressor(decompressor) }
    // The last four bytes say how many there were.
    let size = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard size <= maximumSize else { return nil }
    var isSound = false
    let output = [UInt8](unsafeUninitializedCapacity: size) { output, count in
      var written = 0
      let result = libdeflate_gzip_decompress(
        decompressor, bytes, bytes.count, output.baseAddress, size, &written)
      isSound = result == LIBDEFLATE_SUCCESS && written == size
      count = isSound ? size : 0
    }
    return isSound ? output : nil
  }
}

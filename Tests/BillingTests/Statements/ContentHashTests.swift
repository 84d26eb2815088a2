import Billing
import Testing

@Suite("Content hashes")
struct ContentHashTests {
  // FIPS 180-4's examples.
  @Test(
    "A hash is SHA-256",
    arguments: [
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ])
  func known(text: String, hex: String) {
    let hash = ContentHash(of: text.utf8)
    #expect(hash.hex == hex)
    #expect(ContentHash(hex: hex) == hash)
    #expect(ContentHash(hex: hex.uppercased()) == hash)
    #expect(ContentHash(bytes: hash.bytes) == hash)
    #expect(hash.withBytes { Array($0) } == hash.bytes)
  }

  @Test("Piece by piece is the same as at once, for lazy sequences too")
  func pieces() {
    var hasher = ContentHasher()
    hasher.update(Array("a".utf8))
    hasher.update("bc".utf8.lazy.map { $0 })
    #expect(hasher.finish() == ContentHash(of: "abc".utf8))

    var numbers = ContentHasher()
    numbers.update(258)
    numbers.update(ContentHash(of: []))
    #expect(
      numbers.finish()
        == ContentHash(of: [0, 0, 0, 0, 0, 0, 1, 2] + ContentHash(of: []).bytes))
  }

  @Test("Other lengths and other digits are no hash")
  func refused() {
    #expect(ContentHash(bytes: [UInt8](repeating: 0, count: 31)) == nil)
    #expect(ContentHash(bytes: [UInt8](repeating: 0, count: 33)) == nil)
    #expect(ContentHash(hex: String(repeating: "0", count: 63)) == nil)
    #expect(ContentHash(hex: String(repeating: "0", count: 63) + "g") == nil)
  }

  @Test("Hashes are in the order of their bytes")
  func order() {
    let hashes = (0..<100 as Range<UInt8>).map { ContentHash(of: [$0]) }
    #expect(hashes.sorted().map(\.hex) == hashes.map(\.hex).sorted())
  }
}

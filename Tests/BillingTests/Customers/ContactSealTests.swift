import Billing
import Testing

@Suite("Sealed contact data")
struct ContactSealTests {
  private let seal = ContactSeal(keyID: 3, secret: Array(0..<32))!

  @Test("What is sealed opens again, and looks different every time")
  func roundTrip() throws {
    for text in ["jane@example.com", "01012345678", "홍길동@example.com", "x"] {
      for column in ContactKind.allCases {
        let sealed = seal.seal(text, column: column)
        #expect(try seal.open(sealed, column: column) == text)
        #expect(sealed.count == 30 + text.utf8.count)
        #expect(sealed.firstRange(of: Array(text.utf8)) == nil || text.utf8.count < 4)
        #expect(seal.seal(text, column: column) != sealed)
      }
    }
  }

  @Test("An empty text is an empty value")
  func empty() throws {
    #expect(seal.seal("", column: .email).isEmpty)
    #expect(try seal.open([], column: .email) == "")
    #expect(seal.lookupHash("", column: .email).isEmpty)
  }

  @Test("With any byte altered it does not open")
  func tampering() {
    let sealed = seal.seal("jane@example.com", column: .email)
    for position in sealed.indices {
      var altered = sealed
      altered[position] ^= 1
      #expect(throws: ContactSeal.Failure.self) { try seal.open(altered, column: .email) }
    }
    #expect(throws: ContactSeal.Failure.self) {
      try seal.open(Array(sealed.dropLast()), column: .email)
    }
    #expect(throws: ContactSeal.Failure.self) { try seal.open(sealed + [0], column: .email) }
    #expect(throws: ContactSeal.Failure.self) { try seal.open([1, 3], column: .email) }
  }

  @Test("An e-mail cannot be passed off as a phone number, nor opened under another key")
  func bound() {
    let sealed = seal.seal("jane@example.com", column: .email)
    #expect { try seal.open(sealed, column: .phone) } throws: { isNotAuthentic($0) }
    let sameID = ContactSeal(keyID: 3, secret: Array(1..<33))!
    #expect { try sameID.open(sealed, column: .email) } throws: { isNotAuthentic($0) }
    let otherID = ContactSeal(keyID: 4, secret: Array(0..<32))!
    #expect { try otherID.open(sealed, column: .email) } throws: {
      if case .unknownKey(id: 3)? = $0 as? ContactSeal.Failure { true } else { false }
    }
    #expect { try seal.open([2] + sealed.dropFirst(), column: .email) } throws: {
      if case .unknownFormat? = $0 as? ContactSeal.Failure { true } else { false }
    }
  }

  @Test("A secret has 32 bytes")
  func secret() {
    #expect(ContactSeal(keyID: 1, secret: [UInt8](repeating: 7, count: 31)) == nil)
    #expect(ContactSeal(keyID: 1, secret: [UInt8](repeating: 7, count: 33)) == nil)
  }

  @Test("Lookup hashes are equal for equal texts of a column under one key, and for no others")
  func lookup() {
    let hash = seal.lookupHash("jane@example.com", column: .email)
    #expect(hash.count == 16)
    #expect(seal.lookupHash("jane@example.com", column: .email) == hash)
    #expect(seal.lookupHash("jane@example.org", column: .email) != hash)
    #expect(seal.lookupHash("jane@example.com", column: .phone) != hash)
    let other = ContactSeal(keyID: 3, secret: Array(1..<33))!
    #expect(other.lookupHash("jane@example.com", column: .email) != hash)
  }

  private func isNotAuthentic(_ error: any Error) -> Bool {
    if case .notAuthentic? = error as? ContactSeal.Failure { true } else { false }
  }
}

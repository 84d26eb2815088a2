import Mustache
import Rendering
import Testing

/// The engine held against the Mustache package, on seeded random templates and values.
@Suite("Template engine beside the reference")
struct TemplateReferenceTests {
  private let shop = Shop()

  @Test(arguments: 0..<400)
  func `a random template comes out as the reference makes it`(seed: UInt64) throws {
    var random = Seeded(seed)
    // The reference drops blanks at the very end of a template, which the specification does not.
    let source = template(&random, depth: 0, in: .root) + "."
    let title = word(&random)
    let isOpen = random.one(of: 2) == 0
    let shelves = (0..<random.one(of: 4)).map { _ in
      (word(&random), (0..<random.one(of: 3)).map { _ in (word(&random), random.one(of: 2) == 0) })
    }
    let program = try TemplateProgram(source, scope: shop.scope, escaping: .html, name: "random")
    var output: [UInt8] = []
    program.render(
      shop.values(title: title, isOpen: isOpen, shelves: shelves), into: &output)
    let object: [String: Any] = [
      "title": title, "isOpen": isOpen,
      "shelves": shelves.map { shelf -> [String: Any] in
        [
          "label": shelf.0,
          "books": shelf.1.map { book -> [String: Any] in ["name": book.0, "isNew": book.1] },
        ]
      },
    ]
    let reference = try MustacheTemplate(string: source).render(object)
    #expect(
      String(decoding: output, as: UTF8.self) == reference, "seed \(seed), template:\n\(source)")
  }

  private enum Place {
    case root, shelf, book

    var texts: [String] {
      switch self {
      case .root: ["title"]
      case .shelf: ["title", "label"]
      case .book: ["title", "label", "name"]
      }
    }

    var flags: [String] { self == .book ? ["isOpen", "isNew"] : ["isOpen"] }

    var list: (name: String, inside: Place)? {
      switch self {
      case .root: ("shelves", .shelf)
      case .shelf: ("books", .book)
      case .book: nil
      }
    }
  }

  private func template(_ random: inout Seeded, depth: Int, in place: Place) -> String {
    (0..<random.one(of: 6) + 1).map { _ in piece(&random, depth: depth, in: place) }.joined()
  }

  private func piece(_ random: inout Seeded, depth: Int, in place: Place) -> String {
    switch random.one(of: depth < 4 ? 9 : 5) {
    case 0: return word(&random)
    case 1: return ["\n", " ", "  \n", "\n\n"][random.one(of: 4)]
    case 2:
      let name = place.texts[random.one(of: place.texts.count)]
      return ["{{\(name)}}", "{{ \(name) }}", "{{{\(name)}}}", "{{&\(name)}}"][random.one(of: 4)]
    case 3: return "\n  {{! remark }}  \n"
    case 4: return "{{!remark}}"
    case 5, 6:
      let flag = place.flags[random.one(of: place.flags.count)]
      return section(flag, random.one(of: 2) == 0 ? "#" : "^", place, &random, depth)
    default:
      guard let (name, inside) = place.list else { return word(&random) }
      return random.one(of: 4) == 0
        ? section(name, "^", place, &random, depth) : section(name, "#", inside, &random, depth)
    }
  }

  private func section(
    _ name: String, _ mark: String, _ inside: Place, _ random: inout Seeded, _ depth: Int
  ) -> String {
    let body = template(&random, depth: depth + 1, in: inside)
    if random.one(of: 2) == 0 {
      return "\n{{\(mark)\(name)}}\n\(body)\n {{/\(name)}}\n"
    }
    return "x{{\(mark)\(name)}}\(body)y{{/\(name)}}z"
  }

  private func word(_ random: inout Seeded) -> String {
    ["plan", "요금", "<b>", "a&b", "\"q\"", "it's", "{x}", "é", "}", "0"][random.one(of: 10)]
  }
}

/// A generator that repeats itself (splitmix64).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 0 ..< count.
  mutating func one(of count: Int) -> Int { Int(next() % UInt64(count)) }
}

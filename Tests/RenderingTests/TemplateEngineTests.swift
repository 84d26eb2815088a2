import Rendering
import Testing

/// A scope with one of everything, and values for it.
struct Shop {
  let scope: TemplateScope
  let title: TextCell
  let isOpen: FlagCell
  let shelves: ListCell
  let label: TextCell
  let books: ListCell
  let name: TextCell
  let isNew: FlagCell

  init() {
    var book = TemplateScope()
    name = book.text("name")
    isNew = book.flag("isNew")
    var shelf = TemplateScope()
    label = shelf.text("label")
    books = shelf.list("books", of: book)
    var root = TemplateScope()
    title = root.text("title")
    isOpen = root.flag("isOpen")
    shelves = root.list("shelves", of: shelf)
    scope = root
  }

  func values(title: String, isOpen: Bool, shelves: [(String, [(String, Bool)])]) -> TemplateValues
  {
    var values = TemplateValues(scope: scope)
    values.set(self.title, in: values.root, to: title)
    values.set(self.isOpen, in: values.root, to: isOpen)
    let frames = values.makeItems(shelves.count, of: self.shelves, in: values.root)
    for (position, shelf) in shelves.enumerated() {
      values.set(label, in: frames[position], to: shelf.0)
      let items = values.makeItems(shelf.1.count, of: books, in: frames[position])
      for (place, book) in shelf.1.enumerated() {
        values.set(name, in: items[place], to: book.0)
        values.set(isNew, in: items[place], to: book.1)
      }
    }
    return values
  }
}

@Suite("Template engine")
struct TemplateEngineTests {
  private let shop = Shop()

  private func render(
    _ source: String, escaping: TemplateProgram.Escaping = .html, title: String = "A & B",
    isOpen: Bool = true,
    shelves: [(String, [(String, Bool)])] = [("x", [("1", true), ("2", false)]), ("y", [])]
  ) throws -> String {
    let program = try TemplateProgram(source, scope: shop.scope, escaping: escaping, name: "t")
    var output: [UInt8] = []
    program.render(
      shop.values(title: title, isOpen: isOpen, shelves: shelves), into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  private func problem(_ source: String) -> TemplateError? {
    do {
      _ = try TemplateProgram(source, scope: shop.scope, escaping: .html, name: "t")
      return nil
    } catch {
      return error
    }
  }

  @Test func `variables are escaped, triple and ampersand ones are not`() throws {
    let title = "<a href=\"x\">'&'</a>"
    #expect(
      try render("{{title}}|{{{title}}}|{{& title }}", title: title)
        == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;|\(title)|\(title)")
    #expect(try render("{{title}}", escaping: .none, title: title) == title)
  }

  @Test func `sections follow flags and lists, inverted ones their absence`() throws {
    #expect(try render("{{#isOpen}}open{{/isOpen}}{{^isOpen}}shut{{/isOpen}}") == "open")
    #expect(
      try render("{{#isOpen}}open{{/isOpen}}{{^isOpen}}shut{{/isOpen}}", isOpen: false) == "shut")
    #expect(
      try render(
        "{{#shelves}}[{{label}}:{{#books}}{{name}}{{/books}}{{^books}}none{{/books}}]{{/shelves}}")
        == "[x:12][y:none]")
    #expect(try render("{{^shelves}}empty{{/shelves}}", shelves: []) == "empty")
  }

  @Test func `a name inside a list is looked for in the item and then outwards`() throws {
    #expect(
      try render(
        "{{#shelves}}{{#books}}{{title}}/{{label}}/{{name}} {{/books}}{{/shelves}}", title: "T")
        == "T/x/1 T/x/2 ")
    #expect(
      try render(
        "{{#shelves}}{{#books}}{{#isNew}}{{name}}{{#isOpen}}!{{/isOpen}}{{/isNew}}{{/books}}{{/shelves}}"
      )
        == "1!")
  }

  @Test func `tags alone on their line leave no line`() throws {
    let source = """
      a
        {{#isOpen}}
        b
        {{/isOpen}}
      {{! a remark
      of two lines }}
      c {{#isOpen}} d {{/isOpen}} e
      {{title}}

      """
    #expect(try render(source, title: "T") == "a\n  b\nc  d  e\nT\n")
    #expect(try render("{{#isOpen}}\r\nx\r\n{{/isOpen}}\r\ny") == "x\r\ny")
    #expect(try render("  {{#isOpen}}\nx{{/isOpen}}") == "x")
    #expect(try render("x\n  {{! end }}") == "x\n")
  }

  @Test func `text after a section is not part of it`() throws {
    #expect(try render("{{#isOpen}}a{{/isOpen}}b", isOpen: false) == "b")
    #expect(
      try render("{{^isOpen}}a{{/isOpen}}{{! x }}b{{#shelves}}c{{/shelves}}d", shelves: []) == "bd")
  }

  @Test func `a name that does not exist is an error that says where`() throws {
    let error = try #require(problem("ok\nnö {{#isOpen}} {{nobody}}{{/isOpen}}"))
    #expect(error.problem == .unknownName("nobody"))
    #expect(error.line == 2)
    #expect(error.column == 16)
    #expect(error.description == "t:2:16: there is no 'nobody' here")
    // Known inside the list only.
    #expect(problem("{{name}}")?.problem == .unknownName("name"))
    #expect(problem("{{#shelves}}{{#books}}{{name}}{{/books}}{{/shelves}}") == nil)
  }

  @Test(arguments: [
    ("{{title", TemplateError.Problem.unclosedTag),
    ("{{{title}}", .unclosedTag),
    ("{{#isOpen}}x", .unclosedSection("isOpen")),
    ("x{{/isOpen}}", .strayEnd("isOpen", open: nil)),
    ("{{#isOpen}}{{#shelves}}{{/isOpen}}{{/shelves}}", .strayEnd("isOpen", open: "shelves")),
    ("{{shelves}}", .notText("shelves")),
    ("{{isOpen}}", .notText("isOpen")),
    ("{{#title}}{{/title}}", .notSection("title")),
    ("{{>footer}}", .notSupported("partials")),
    ("{{<page}}{{/page}}", .notSupported("parents and blocks")),
    ("{{=<% %>=}}", .notSupported("set delimiters")),
    ("{{#shelves}}{{.}}{{/shelves}}", .notSupported("lists of plain texts")),
    ("{{}}", .badName("")),
    ("{{a.b}}", .badName("a.b")),
    ("{{ti tle}}", .badName("ti tle")),
  ])
  func `what bills do without or cannot mean is refused`(
    source: String, expected: TemplateError.Problem
  ) {
    #expect(problem(source)?.problem == expected)
  }

  @Test func `lists that lie too deep are refused`() {
    var inner = TemplateScope()
    _ = inner.text("end")
    for _ in 0...TemplateProgram.maximumDepth {
      var outer = TemplateScope()
      _ = outer.list("in", of: inner)
      inner = outer
    }
    let depth = TemplateProgram.maximumDepth
    func source(_ count: Int) -> String {
      String(repeating: "{{#in}}", count: count) + String(repeating: "{{/in}}", count: count)
    }
    #expect(throws: Never.self) {
      try TemplateProgram(source(depth), scope: inner, escaping: .none, name: "t")
    }
    #expect(throws: TemplateError.self) {
      try TemplateProgram(source(depth + 1), scope: inner, escaping: .none, name: "t")
    }
  }
}

import Billing
import Rendering
import Testing

@Suite("Bills")
struct BillMakerTests {
  private func maker(
    _ policy: DeliveryPolicy = .first, templates: [BillTemplate] = BillTemplate.first
  ) throws -> BillMaker {
    BillMaker(policy: policy, templates: try CompiledTemplates(templates, for: policy))
  }

  private func html(_ bill: Bill) throws -> String {
    String(decoding: try #require(Gzip.decompress(bill.content)), as: UTF8.self)
  }

  @Test func `the same statement gives the same bytes, whoever makes it and in whatever order`()
    throws
  {
    let forward = try maker()
    let backward = try maker()
    let first = SampleStatements.all.map { forward.bills(of: $0.statement) }
    let second = SampleStatements.all.reversed().map { sample in
      [Channel.sms, .email].compactMap { backward.bill(of: sample.statement, channel: $0) }
    }
    for (one, other) in zip(first, second.reversed()) {
      #expect(one == [other[1], other[0]])
    }
  }

  @Test func `an e-mail bill is gzip without a time or a name, and opens again`() throws {
    let bill = try #require(maker().bill(of: SampleStatements.family(), channel: .email))
    #expect(Array(bill.content.prefix(8)) == [0x1F, 0x8B, 8, 0, 0, 0, 0, 0])
    #expect(bill.sha256 == ContentHash(of: bill.content))
    #expect(bill.contentType == "text/html; charset=utf-8")
    #expect(bill.contentEncoding == "gzip")
    #expect(bill.key.path == "bills/2026-10/p1-t1/\(bill.key.fanout)/1001.v1.i1.email.html.gz")
    #expect(try html(bill).hasSuffix("</html>\n"))
    #expect(Gzip.decompress(Array(bill.content.dropLast())) == nil)
    var altered = bill.content
    altered[altered.count / 2] ^= 1
    #expect(Gzip.decompress(altered) == nil)
  }

  @Test func `a bill needs nothing from the network`() throws {
    for sample in SampleStatements.all where sample.name != "hostile.ko-KR" {
      let html = try html(try #require(maker().bill(of: sample.statement, channel: .email)))
      for reference in ["http:", "https:", "src=", "href=", "url(", "@import", "<script"] {
        #expect(!html.contains(reference), "\(sample.name) has \(reference)")
      }
    }
  }

  @Test func `names and charges cannot put markup into a bill`() throws {
    let html = try html(try #require(maker().bill(of: SampleStatements.hostile(), channel: .email)))
    #expect(!html.contains("<img"))
    #expect(html.contains("&lt;img src=x onerror=&#39;alert(1)&#39;&gt;"))
    #expect(html.contains("{{total}} &amp; &quot;quoted&quot;"))
  }

  @Test func `every amount of a statement is on its bill`() throws {
    for sample in SampleStatements.all {
      let html = try html(try #require(maker().bill(of: sample.statement, channel: .email)))
      let formats = BillFormats(locale: sample.statement.locale)
      for line in sample.statement.lines {
        var amount: [UInt8] = []
        formats.amount(line.amount, sample.statement.currency, into: &amount)
        #expect(html.contains(">\(String(decoding: amount, as: UTF8.self))<"), "\(sample.name)")
      }
    }
  }

  @Test func `the policy decides whether names are masked`() throws {
    var policy = DeliveryPolicy.first
    let masked = try html(
      try #require(maker(policy).bill(of: SampleStatements.family(), channel: .email)))
    #expect(masked.contains("홍*동") && !masked.contains("홍길동"))
    policy.masksNames = false
    let open = try html(
      try #require(maker(policy).bill(of: SampleStatements.family(), channel: .email)))
    #expect(open.contains("홍길동"))
  }

  @Test func `a bill says by when it is to be paid, and of which issue it is`() throws {
    let maker = try maker()
    let family = SampleStatements.family()
    let first = try #require(maker.bill(of: family, channel: .email))
    #expect(try html(first).contains("2026년 11월 25일"))
    #expect(try html(first).contains(">2026-10-1001-1<"))
    let day = SampleStatements.day("2026-12-07")
    let second = try #require(
      maker.bill(of: family, issue: 2, dueDate: day, channel: .email))
    #expect(second.key.issue == 2)
    #expect(second.key.path.hasSuffix("/1001.v1.i2.email.html.gz"))
    #expect(try html(second).contains("2026년 12월 7일"))
    #expect(try html(second).contains(">2026-10-1001-1-2<"))
    let sms = try #require(maker.bill(of: family, issue: 2, dueDate: day, channel: .sms))
    let text = try #require(CarrierText(stored: sms.content))
    #expect(try #require(CarrierEncoding.decode(text.body)).contains("납부기한 12.07"))
  }

  @Test func `what asks for nothing names no day to pay by`() throws {
    let maker = try maker()
    for locale in BillLocale.allCases {
      for total in [Int64(0), -1_100] {
        var statement = SampleStatements.family(locale: locale)
        statement.totals.total = total
        let email = try #require(maker.bill(of: statement, dueDate: nil, channel: .email))
        let sms = try #require(maker.bill(of: statement, dueDate: nil, channel: .sms))
        let text = try #require(CarrierText(stored: sms.content))
        for said in [try html(email), try #require(CarrierEncoding.decode(text.body))] {
          for word in ["납부기한", "까지 납부", "Please pay by", ", due"] {
            #expect(!said.contains(word), "\(locale) \(total): \(word)")
          }
        }
      }
    }
  }

  @Test func `a bill for a channel that the policy lacks is not made`() throws {
    var policy = DeliveryPolicy.first
    policy.channels = ["email"]
    let maker = try maker(policy)
    #expect(maker.bill(of: SampleStatements.family(), channel: .sms) == nil)
    #expect(maker.bills(of: SampleStatements.family()).map(\.key.channel) == [.email])
  }

  @Test func `an ordinary bill's SMS is one SMS`() throws {
    for sample in SampleStatements.all {
      let bill = try #require(maker().bill(of: sample.statement, channel: .sms))
      #expect(try #require(CarrierText(stored: bill.content)).isLong == false, "\(sample.name)")
      #expect(bill.contentEncoding == nil)
    }
  }

  // MARK: Templates that cannot be used

  private func templates(_ change: (inout BillTemplate) -> Void) -> [BillTemplate] {
    BillTemplate.first.map { template in
      var template = template
      change(&template)
      return template
    }
  }

  @Test func `an unknown variable names its template and place`() throws {
    let broken = templates { template in
      if template.name == "sms.en-US" { template.body = "Hello\n{{customer}}" }
    }
    do {
      _ = try CompiledTemplates(broken, for: .first)
      Issue.record("it compiled")
    } catch let error as TemplateError {
      #expect(error.description == "sms.en-US body:2:1: there is no 'customer' here")
    }
  }

  @Test func `an SMS that cannot fit is refused before anything is made`() throws {
    let long = templates { template in
      if template.channel == .sms { template.body += String(repeating: "가", count: 1000) }
    }
    #expect {
      _ = try CompiledTemplates(long, for: .first)
    } throws: { error in
      guard case .doesNotFit(let bytes, limit: 2000)? = (error as? TemplateError)?.problem else {
        return false
      }
      return bytes > 2000
    }
    let subject = templates { template in
      if template.channel == .sms { template.subject = String(repeating: "가", count: 21) }
    }
    #expect {
      _ = try CompiledTemplates(subject, for: .first)
    } throws: { error in
      (error as? TemplateError)?.problem == .doesNotFit(bytes: 42, limit: 40)
    }
  }

  @Test func `a set that lacks a template is refused`() throws {
    let lacking = BillTemplate.first.filter { $0.name != "email.en-US" }
    #expect(
      throws: CompiledTemplates.Problem.missing(channel: .email, locale: .english, version: 1)
    ) {
      _ = try CompiledTemplates(lacking, for: .first)
    }
  }
}

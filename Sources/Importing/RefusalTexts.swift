package import Billing

extension RefusalReason {
  /// One sentence for a person, without a full stop.
  package func text(in locale: BillLocale) -> String {
    let (english, korean) = texts
    return switch locale {
    case .english: english
    case .korean: korean
    }
  }

  private var texts: (english: String, korean: String) {
    switch self {
    case .form(let kind): kind.texts
    case .otherEncoding, .otherSeparator, .noHeader, .koreanHeader: fileTexts
    case .missingColumn, .unknownColumn, .columnTwice, .tooFewFields, .tooManyFields,
      .surplusCommas:
      rowTexts
    case .notACatalog(let error):
      (
        "not a catalog: \(error.text(in: .english))",
        "요금제 정책표가 아닙니다: \(error.text(in: .korean))"
      )
    case .catalogTooLarge(let bytes):
      ("the catalog is longer than \(bytes) bytes", "정책표가 \(bytes)바이트보다 깁니다")
    case .ledger(let refusal): refusal.texts
    case .notAnAmount, .amountOutOfRange, .notTrueOrFalse, .notAQuantity, .negativeQuantity,
      .quantityOutOfRange, .endsBeforeItBegins:
      quantityTexts
    default: fieldTexts
    }
  }

  private var fileTexts: (english: String, korean: String) {
    switch self {
    case .otherEncoding(let encoding):
      (
        "not UTF-8: the file looks like \(encoding.name); save it as UTF-8 (a spreadsheet calls "
          + "it \"CSV UTF-8\")",
        "UTF-8이 아닙니다. \(encoding.name) 파일로 보입니다. UTF-8로 저장하십시오(엑셀에서는 'CSV UTF-8')"
      )
    case .otherSeparator(let separator):
      (
        "the columns are separated by \(separator.texts.english) and not by commas; save it as CSV "
          + "with commas",
        "열이 쉼표가 아니라 \(separator.texts.korean) 구분되어 있습니다. 쉼표로 구분한 CSV로 저장하십시오"
      )
    case .koreanHeader(let columns):
      (
        "the header names columns in Korean; the columns are called "
          + columns.joined(separator: ","),
        "헤더의 열 이름이 한글입니다. 열 이름은 다음과 같아야 합니다: " + columns.joined(separator: ",")
      )
    case .noHeader(let columns):
      (
        "the first line is not a header; it has to be " + columns.joined(separator: ","),
        "첫 줄이 헤더가 아닙니다. 첫 줄은 다음과 같아야 합니다: " + columns.joined(separator: ",")
      )
    default: preconditionFailure("not about a file")
    }
  }

  private var rowTexts: (english: String, korean: String) {
    switch self {
    case .missingColumn: ("the header lacks this column", "헤더에 이 열이 없습니다")
    case .unknownColumn(let name):
      (
        "the header names an unknown column\(name.map { " '\($0)'" } ?? "")",
        "헤더에 알 수 없는 열이 있습니다\(name.map { " '\($0)'" } ?? "")"
      )
    case .columnTwice(let name):
      ("the header names '\(name)' twice", "헤더에 '\(name)' 열이 두 번 나옵니다")
    case .tooFewFields(let expected, let found):
      (
        "\(Self.fields(found)) instead of \(expected)",
        "필드가 \(expected)개가 아니라 \(found)개입니다"
      )
    case .tooManyFields(let expected, let found):
      (
        "\(Self.fields(found)) instead of \(expected); a comma inside a field needs quotes",
        "필드가 \(expected)개가 아니라 \(found)개입니다. 필드 안의 쉼표는 따옴표로 감싸야 합니다"
      )
    case .surplusCommas(let expected, let found):
      (
        "\(Self.fields(found)) instead of \(expected); take away the commas at the end",
        "필드가 \(expected)개가 아니라 \(found)개입니다. 줄 끝의 남는 쉼표를 지우십시오"
      )
    default: preconditionFailure("not about a row")
    }
  }

  private var fieldTexts: (english: String, korean: String) {
    switch self {
    case .notAnID(let value):
      (
        "\(Self.it(value)) is not a whole number from 1 to 9223372036854775807",
        "\(Self.value(value)) 1부터 9223372036854775807까지의 정수가 아닙니다"
      )
    case .notADay(let value):
      ("\(Self.it(value)) is not a date YYYY-MM-DD", "\(Self.value(value)) YYYY-MM-DD 날짜가 아닙니다")
    case .noSuchDay(let value):
      ("there is no day \(value ?? "like that")", "\(Self.value(value)) 존재하지 않는 날짜입니다")
    case .notAMonth(let value):
      ("\(Self.it(value)) is not a month YYYY-MM", "\(Self.value(value)) YYYY-MM 월이 아닙니다")
    case .notASendDay(let value):
      ("\(Self.it(value)) is not a day from 1 to 31", "\(Self.value(value)) 1~31일이 아닙니다")
    case .notASlot(let value):
      ("\(Self.it(value)) is not a slot from 0 to 11", "\(Self.value(value)) 0~11 슬롯이 아닙니다")
    case .slotTwice(let value):
      ("the slot \(value ?? "") is named twice", "\(Self.value(value)) 슬롯이 두 번 나옵니다")
    case .allSlotsQuiet:
      (
        "all 12 slots are quiet; leave one in which the customer may be told",
        "12개 슬롯이 모두 방해금지입니다. 발송할 수 있는 슬롯을 하나는 남겨야 합니다"
      )
    case .unknownZone(let value):
      ("\(Self.it(value)) is not a known time zone", "\(Self.value(value)) 알 수 없는 시간대입니다")
    case .unknownLocale(let value):
      ("\(Self.it(value)) is not ko-KR or en-US", "\(Self.value(value)) ko-KR 또는 en-US가 아닙니다")
    case .unknownChannel(let value):
      ("\(Self.it(value)) is not email or sms", "\(Self.value(value)) email 또는 sms가 아닙니다")
    case .channelTwice(let value):
      ("the channel \(value ?? "") is named twice", "\(Self.value(value)) 채널이 두 번 나옵니다")
    case .unknownStatus(let value):
      (
        "\(Self.it(value)) is not active, suspended or terminated",
        "\(Self.value(value)) active, suspended, terminated 중 하나가 아닙니다"
      )
    case .text(let fault): (fault.text(in: .english), fault.text(in: .korean))
    case .tooLong(let count):
      ("it is longer than \(count) characters", "\(count)자보다 깁니다")
    case .notAnEmail:
      (
        "it is not an e-mail address, such as name@example.com",
        "name@example.com 형식의 이메일 주소가 아닙니다"
      )
    case .notAPhone:
      (
        "it is not a phone number: 8 to 12 digits from 0 on, or + and 8 to 15 digits",
        "전화번호가 아닙니다. 0으로 시작하는 8~12자리, 또는 +와 8~15자리여야 합니다"
      )
    case .phoneWithoutZero:
      (
        "the number begins with neither 0 nor +: a spreadsheet may have left its 0 out (make the "
          + "column text and write 010…); a number abroad begins with + and the country's digits",
        "번호가 0이나 +로 시작하지 않습니다. 스프레드시트가 앞의 0을 지웠을 수 있습니다(열을 텍스트로 바꾸고 010…으로 "
          + "쓰십시오). 해외 번호는 +와 국가 번호로 시작해야 합니다"
      )
    default: ("it is empty", "비어 있습니다")
    }
  }

  private var quantityTexts: (english: String, korean: String) {
    switch self {
    case .notAnAmount(let value):
      (
        "\(Self.it(value)) is not a whole number of minor units",
        "\(Self.value(value)) 최소 화폐 단위의 정수가 아닙니다"
      )
    case .amountOutOfRange(let value):
      (
        "\(Self.it(value)) is beyond \(Int64.min) to \(Int64.max)",
        "\(Self.value(value)) 금액의 범위를 벗어납니다"
      )
    case .notTrueOrFalse(let value):
      ("\(Self.it(value)) is not true or false", "\(Self.value(value)) true 또는 false가 아닙니다")
    case .notAQuantity(let value):
      ("\(Self.it(value)) is not a decimal number", "\(Self.value(value)) 십진수가 아닙니다")
    case .negativeQuantity(let value):
      ("\(Self.it(value)) is negative", "\(Self.value(value)) 음수입니다")
    case .quantityOutOfRange(let value):
      (
        "\(Self.it(value)) has more than 18 digits, or more than 9 after the point",
        "\(Self.value(value)) 18자리를 넘거나 소수점 아래 9자리를 넘습니다"
      )
    default:
      (
        "it ends before it begins; an end equal to the beginning withdraws the row",
        "시작일보다 앞서 끝납니다. 시작일과 같은 종료일은 행을 철회합니다"
      )
    }
  }

  private static func fields(_ count: Int) -> String { count == 1 ? "1 field" : "\(count) fields" }

  private static func it(_ value: String?) -> String { value ?? "it" }

  private static func value(_ value: String?) -> String { value.map { "'\($0)':" } ?? "값이" }
}

extension CSVFault.Kind {
  fileprivate var texts: (english: String, korean: String) {
    switch self {
    case .unclosedQuote:
      ("the quoted field that begins here is not closed", "여기서 시작한 따옴표가 닫히지 않았습니다")
    case .strayQuote:
      (
        "a quote inside a field; quote the whole field and double its quotes",
        "필드 안에 따옴표가 있습니다. 필드 전체를 따옴표로 감싸고 안의 따옴표는 두 번 써야 합니다"
      )
    case .textAfterQuote:
      ("a comma or a line's end must follow a closing quote", "닫는 따옴표 뒤에는 쉼표나 줄 끝이 와야 합니다")
    case .strayCarriageReturn:
      ("a carriage return without a line feed", "줄바꿈(LF) 없는 CR 문자입니다")
    case .rowTooLong(let bytes):
      ("the row is longer than \(bytes) bytes", "행이 \(bytes)바이트보다 깁니다")
    case .invalidUTF8: ("a byte that is not UTF-8", "UTF-8이 아닌 바이트입니다")
    }
  }
}

extension LedgerRefusal {
  fileprivate var texts: (english: String, korean: String) {
    switch self {
    case .unknownCustomer(let customer):
      ("there is no customer \(customer)", "고객 \(customer)이(가) 없습니다")
    case .unknownLine(let line): ("there is no line \(line)", "회선 \(line)이(가) 없습니다")
    case .lineOfAnotherCustomer(let line):
      ("line \(line) belongs to another customer", "회선 \(line)은(는) 다른 고객의 것입니다")
    case .chargeOfAnotherCustomer:
      ("this charge belongs to another customer", "이 청구 항목은 다른 고객의 것입니다")
    case .chargeOfSettledMonth(let from, let to):
      (
        "this charge is recorded for \(from) and cannot move to \(to), one of which is settled; "
          + "set its amount to 0 and state it again under another id",
        "이 청구 항목은 \(from)에 기록되어 있으며, 두 달 중 하나가 이미 정산되어 \(to)로 옮길 수 없습니다. "
          + "금액을 0으로 바꾸고 다른 번호로 다시 기록하십시오"
      )
    case .statedTwice:
      (
        "the set gives this key twice; take one of the two rows away",
        "이 키가 두 번 나옵니다. 두 행 중 하나를 지우십시오"
      )
    case .catalogDiffers(let version):
      (
        "catalog \(version) is already recorded with another text; give this one a new version",
        "정책표 \(version)이(가) 다른 내용으로 이미 기록되어 있습니다. 새 버전을 붙이십시오"
      )
    }
  }
}

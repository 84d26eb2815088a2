import Billing
import Rendering

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Phrase {
  /// What ends in the words of whoever said it, a server or a library, who speak English alone: in
  /// Korean they are quoted behind a sentence of its own.
  init(_ english: String, ko sentence: String, original: String) {
    self.init(english, ko: "\(sentence) (원문: \(original))")
  }

  /// What the system says by an error number.
  static func systemError(_ number: Int32) -> Phrase {
    let english = String(cString: strerror(number))
    let korean =
      switch number {
      case EACCES, EPERM: "권한이 없음"
      case ENOENT: "파일이나 폴더가 없음"
      case ENOTDIR: "폴더가 아님"
      case EISDIR: "폴더임"
      case EEXIST: "이미 있음"
      case EROFS: "읽기 전용 파일 시스템"
      case ENOSPC: "디스크 공간 부족"
      case EDQUOT: "디스크 할당량 초과"
      case EFBIG: "파일이 너무 큼"
      case EMFILE, ENFILE: "열린 파일이 너무 많음"
      case ENAMETOOLONG: "이름이 너무 긺"
      case ELOOP: "심볼릭 링크가 너무 많음"
      case EIO: "입출력 오류"
      case EPIPE: "받는 쪽이 닫힘"
      default: "오류 번호 \(number)"
      }
    return Phrase(english, ko: korean)
  }

  // MARK: Stores

  static func storeFailed(_ error: StoreError) -> Phrase {
    let korean =
      switch error.kind {
      case .unreachable: "저장소에 접근할 수 없습니다."
      case .denied: "서버가 접근을 거부했습니다."
      case .busy: "다른 작업이 저장소를 쓰고 있습니다."
      case .full: "저장소의 공간이 부족합니다."
      case .corrupt: "저장소가 손상되었습니다."
      case .readOnly: "저장소에 쓸 수 없습니다."
      case .wrongSchema: "저장소의 구조가 이 프로그램의 버전과 맞지 않습니다."
      case .conflict: "저장소에 다른 내용이 있습니다."
      case .broken: "저장소에서 오류가 났습니다."
      }
    let said = error.description
    return Phrase("A store failed: \(said).", ko: korean, original: said)
  }

  // MARK: Parked customers

  /// Why a customer cannot be rated: the code's meaning, and what the ledger keeps of it.
  static func parking(_ reason: ParkingReason) -> Phrase {
    let korean =
      switch reason.code {
      case .unknownPlan: "요금제·정책표에 없는 요금제입니다."
      case .unknownAddOn: "요금제·정책표에 없는 부가 서비스입니다."
      case .unknownDiscount: "요금제·정책표에 없는 할인입니다."
      case .overlappingSegments: "한 회선의 요금제 기간이 겹칩니다."
      case .twoBundles: "한 회선이 결합 두 곳에 들어 있습니다."
      case .overflow: "금액이 너무 큽니다."
      case .unreadableInput: "원장의 입력을 읽을 수 없습니다."
      }
    return Phrase(reason.detail, ko: korean, original: reason.detail)
  }

  // MARK: Bills and templates

  static func cannotRender(_ error: RenderingError) -> Phrase {
    let korean =
      switch error {
      case .notSettled(let month): "\(month)이(가) 정산되지 않았습니다"
      case .settlementOpen(let month, let run): "\(month)의 \(run)이(가) 끝나지 않았습니다"
      case .noPolicy: "활성 발송 정책이 없습니다"
      case .noStatement(let month, let customer): "고객 \(customer)의 \(month) 청구 스냅샷이 없습니다"
      case .noChannel(let channel, let policy):
        "발송 정책 \(policy)에는 \(channel.rawValue) 청구서가 없습니다"
      case .unknownPolicy(let version): "발송 정책 \(version)이(가) 원장에 없습니다"
      case .unusableStatement(let key): "청구 스냅샷 \(key)이(가) 없거나 바뀌었습니다"
      case .billConflict(let path): "청구서 저장소의 \(path)에 다른 내용이 있어 그대로 두었습니다"
      }
    return Phrase("No bill can be made: \(error).", ko: "청구서를 만들 수 없습니다: \(korean).")
  }

  static func badTemplate(_ error: TemplateError) -> Phrase {
    let korean =
      switch error.problem {
      case .unclosedTag: "여기서 시작한 태그가 닫히지 않았습니다"
      case .badName(let name): "'\(name)'은(는) 이름이 아닙니다"
      case .unknownName(let name): "여기에는 '\(name)'이(가) 없습니다"
      case .notText(let name): "'\(name)'은(는) 글이 아니므로 {{#\(name)}} 구역으로 쓰십시오"
      case .notSection(let name): "'\(name)'은(는) 글이므로 구역으로 쓸 수 없습니다"
      case .unclosedSection(let name): "여기서 시작한 '\(name)' 구역이 닫히지 않았습니다"
      case .strayEnd(let name, nil): "'\(name)' 구역이 열려 있지 않은데 여기서 닫힙니다"
      case .strayEnd(let name, let open?): "'\(open)' 구역이 열려 있는데 '\(name)'이(가) 여기서 닫힙니다"
      case .notSupported(let what): "지원하지 않는 문법입니다 (원문: \(what))"
      case .tooDeep: "목록이 너무 깊이 겹쳐 있습니다"
      case .doesNotFit(let bytes, let limit):
        "가장 짧은 문자도 \(bytes)바이트로, 통신사 한도 \(limit)바이트를 넘습니다"
      }
    return Phrase(
      "The template is refused: \(error).",
      ko: "템플릿 거부: \(error.template):\(error.line):\(error.column): \(korean).")
  }

  static func badPolicy(_ error: PolicyFileError) -> Phrase {
    let place = [error.line.map { "\($0)번째 줄" }, error.key.isEmpty ? nil : "`\(error.key)`"]
      .compactMap { $0 }.joined(separator: ", ")
    return Phrase(
      "The policy is refused: policy.yaml: \(error).",
      ko: "발송 정책을 받아들일 수 없습니다: policy.yaml\(place.isEmpty ? "" : " (\(place))").",
      original: error.detail)
  }

  // MARK: Runs

  static func runFailed(_ detail: String) -> Phrase {
    Phrase("The run failed: \(detail).", ko: "실행이 실패했습니다.", original: detail)
  }

  /// What became of an attempt, by its name in the ledger.
  static func outcomeName(_ name: String) -> Phrase {
    switch name {
    case "accepted": .accepted
    case "rejected": Phrase(name, ko: "거부")
    case "notAccepted": Phrase(name, ko: "미접수")
    case "unknown": Phrase(name, ko: "알 수 없음")
    default: Phrase(verbatim: name)
    }
  }

  /// A state as the options name it, and in words.
  static func stateWithCode(_ state: DeliveryState) -> Phrase {
    Phrase(state.rawValue, ko: "\(stateName(state).korean)(\(state.rawValue))")
  }
}

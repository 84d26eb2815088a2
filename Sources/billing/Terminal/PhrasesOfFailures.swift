/// What went wrong, and what to do about it.
extension Phrase {
  // MARK: Stores

  static let checkStoreIsThere = Phrase(
    "Check that the store named in billing.yaml, or the server, is there and that you may use it; "
      + "then run the same command again.",
    ko: "billing.yaml에 적힌 저장소나 서버가 있는지, 사용 권한이 있는지 확인한 뒤 같은 명령을 다시 실행하십시오.")

  static let mendAccess = Phrase(
    "Mend the name, the password, the certificate or the rights that the server refuses, then run "
      + "the same command again.",
    ko: "서버가 거부한 사용자 이름, 비밀번호, 인증서 또는 권한을 바로잡은 뒤 같은 명령을 다시 실행하십시오.")

  static let makeStoreWritable = Phrase(
    "Make the folder and its files writable, or name the server that takes writes, not a standby; "
      + "then run the same command again.",
    ko: "폴더와 파일에 쓰기 권한을 주거나, 대기 서버가 아니라 쓰기를 받는 서버를 지정한 뒤 같은 명령을 다시 실행하십시오.")

  static let makeRoom = Phrase(
    "Make room on the disk, then run the same command again: it goes on where it stopped.",
    ko: "디스크 공간을 확보한 뒤 같은 명령을 다시 실행하면 멈춘 곳부터 이어집니다.")

  static let tryLater = Phrase(
    "Try again later.", ko: "잠시 후 다시 시도하십시오.")

  static let migrateStores = Phrase(
    "Run `billing init`, or use the version of the program that made the store.",
    ko: "`billing init`을 실행하거나, 저장소를 만든 버전의 프로그램을 사용하십시오.")

  static let restoreStore = Phrase(
    "Restore the store from a backup; nothing was written to it.",
    ko: "백업에서 저장소를 복구하십시오. 이 명령은 아무것도 쓰지 않았습니다.")

  static let reportConflict = Phrase(
    "Nothing was overwritten; find out who wrote what is there before going on.",
    ko: "덮어쓰지 않았습니다. 기존 내용을 누가 썼는지 먼저 확인하십시오.")

  static let reportDefect = Phrase(
    "Run the same command again with --log-level debug and keep what it prints.",
    ko: "--log-level debug를 붙여 같은 명령을 다시 실행하고 출력을 보관하십시오.")

  static func notSetUp(_ path: String) -> Phrase {
    Phrase("There is no ledger at \(path).", ko: "\(path)에 원장이 없습니다.")
  }

  static let runInit = Phrase(
    "Run `billing init` in the folder that is to hold the platform's data.",
    ko: "데이터를 둘 폴더에서 `billing init`을 실행하십시오.")

  static let anotherRun = Phrase(
    "Another `billing run` is taking this ledger through its simulated time.",
    ko: "다른 `billing run`이 이 원장의 가상 시간을 진행하고 있습니다.")

  static let tryWhenOver = Phrase(
    "Wait until it is over, or stop it: this command then goes on from where it was.",
    ko: "끝날 때까지 기다리거나 중단하십시오. 그 뒤 이 명령은 멈춘 곳부터 이어집니다.")

  /// - Parameter number: the system's.
  static func cannotWrite(_ path: String, _ number: Int32) -> Phrase {
    let reason = systemError(number)
    return Phrase(
      "Cannot write \(path): \(reason.english).", ko: "\(path)에 쓸 수 없습니다: \(reason.korean).")
  }

  /// - Parameter number: the system's.
  static func cannotPrint(_ number: Int32) -> Phrase {
    let reason = systemError(number)
    return Phrase(
      "Standard output did not take all of the result: \(reason.english).",
      ko: "표준 출력에 결과를 다 쓰지 못했습니다: \(reason.korean).")
  }

  static let namePlaceToWrite = Phrase(
    "Name a file in a folder that is there and that you may write to.",
    ko: "있는 폴더 안의, 쓰기 권한이 있는 파일을 지정하십시오.")

  static let printElsewhere = Phrase(
    "What the command did is done; run it again with its output sent elsewhere.",
    ko: "명령의 작업은 끝났습니다. 출력을 다른 곳으로 보내 다시 실행하십시오.")

  // MARK: Anything else

  static func unexpected(_ detail: String) -> Phrase {
    Phrase("Failed: \(detail).", ko: "예기치 않은 오류로 실패했습니다.", original: detail)
  }

  static func stopped(by signal: String) -> Phrase {
    Phrase("Stopped by \(signal).", ko: "\(signal) 신호로 중단했습니다.")
  }

  static let sameCommandGoesOn = Phrase(
    "Run the same command again to go on from here.",
    ko: "같은 명령을 다시 실행하면 여기서부터 이어집니다.")

  // MARK: Configuration

  static func unknownSetting(_ name: String, at place: String) -> Phrase {
    Phrase("Unknown setting `\(name)` (\(place)).", ko: "알 수 없는 설정 `\(name)` (\(place)).")
  }

  static func didYouMean(_ name: String) -> Phrase {
    Phrase("Did you mean `\(name)`?", ko: "`\(name)`을(를) 뜻하셨습니까?")
  }

  static let seeSettings = Phrase(
    "Remove it, or see docs/CONFIGURATION.md for the settings that there are.",
    ko: "지우거나, 사용할 수 있는 설정을 docs/CONFIGURATION.md에서 확인하십시오.")

  static func wrongValue(_ name: String, _ value: String, at place: String) -> Phrase {
    Phrase(
      "Wrong value for `\(name)`: \(value) (\(place)).",
      ko: "`\(name)`의 값이 잘못되었습니다: \(value) (\(place)).")
  }

  static func notSingleValue(_ name: String, at place: String) -> Phrase {
    Phrase(
      "Wrong value for `\(name)`: a list or a map (\(place)).",
      ko: "`\(name)`의 값이 목록이나 묶음입니다 (\(place)).")
  }

  static func expects(_ what: Phrase) -> Phrase {
    Phrase("Give \(what.english).", ko: "\(what.korean)을(를) 적으십시오.")
  }

  static func notBuiltIn(_ scheme: String, setting: String) -> Phrase {
    Phrase(
      "`\(setting)` names a \(scheme) store, which is not built into this version.",
      ko: "`\(setting)`에 적힌 \(scheme) 저장소는 이 버전에 포함되어 있지 않습니다.")
  }

  static func useEmbedded(_ scheme: String) -> Phrase {
    Phrase(
      "Use \(scheme):PATH, the embedded default.",
      ko: "내장 기본값인 \(scheme):경로를 사용하십시오.")
  }

  static func configurationUnreadable(_ path: String, _ detail: Phrase) -> Phrase {
    Phrase(
      "Cannot read \(path): \(detail.english).",
      ko: "\(path)을(를) 읽을 수 없습니다: \(detail.korean).")
  }

  static let noSuchFile = Phrase("there is no such file", ko: "파일이 없습니다")
  static let notUTF8 = Phrase("not readable as UTF-8 text", ko: "UTF-8 텍스트로 읽을 수 없습니다")
  static let noSettings = Phrase("no settings in it", ko: "설정이 없습니다")

  static func notYAML(_ detail: String) -> Phrase {
    Phrase(detail, ko: "YAML 형식이 아닙니다", original: detail)
  }

  static let mendConfiguration = Phrase(
    "Mend the file, or name another with --config.",
    ko: "파일을 고치거나 --config로 다른 파일을 지정하십시오.")

  static func secretInFile(_ name: String, at place: String) -> Phrase {
    Phrase(
      "`\(name)` is a secret and does not belong there (\(place)).",
      ko: "`\(name)`은(는) 비밀 값이므로 거기에 둘 수 없습니다 (\(place)).")
  }

  static func putSecretInVariable(_ variable: String) -> Phrase {
    Phrase(
      "Put it into the variable \(variable), or into the file named by keys.file.",
      ko: "환경 변수 \(variable) 또는 keys.file이 가리키는 파일에 두십시오.")
  }

  static func settingsDisagree(_ smaller: String, _ larger: String) -> Phrase {
    Phrase(
      "`\(smaller)` must be smaller than `\(larger)`.",
      ko: "`\(smaller)`은(는) `\(larger)`보다 작아야 합니다.")
  }

  static let changeOne = Phrase(
    "Change one of the two.", ko: "둘 중 하나를 바꾸십시오.")

  // MARK: The key of contact data

  static func keyMissing(_ path: String) -> Phrase {
    Phrase(
      "The key file \(path), which seals e-mail and phone, is missing.",
      ko: "이메일과 전화번호를 봉인하는 키 파일 \(path)이(가) 없습니다.")
  }

  static let restoreKey = Phrase(
    "Put the file back, or set BILLING_KEYS_CONTACT; without the key no contact data can be read.",
    ko: "파일을 되돌려 놓거나 BILLING_KEYS_CONTACT를 설정하십시오. 키 없이는 연락처를 읽을 수 없습니다.")

  static func keyMalformed(_ place: String) -> Phrase {
    Phrase(
      "The contact key in \(place) is not 64 hexadecimal digits.",
      ko: "\(place)의 연락처 키가 16진수 64자리가 아닙니다.")
  }

  static func keyFileOpenToOthers(_ path: String) -> Phrase {
    Phrase(
      "Others may read the key file \(path).",
      ko: "다른 사용자가 키 파일 \(path)을(를) 읽을 수 있습니다.")
  }

  static func closeKeyFile(_ path: String) -> Phrase {
    Phrase("Run: chmod 600 \(path).", ko: "실행하십시오: chmod 600 \(path).")
  }

  static let keyOfAnotherLedger = Phrase(
    "The contact key is not the one that this ledger's contact data was sealed with.",
    ko: "연락처 키가 이 원장의 연락처를 봉인한 키와 다릅니다.")
}

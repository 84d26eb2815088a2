/// What `billing init` says.
extension Phrase {
  static func madeFile(_ path: String) -> Phrase {
    Phrase("Wrote \(path)", ko: "작성: \(path)")
  }

  static func madeKey(_ path: String) -> Phrase {
    Phrase(
      "Made the key \(path), which seals e-mail and phone: keep a copy of it elsewhere",
      ko: "이메일과 전화번호를 봉인하는 키 생성: \(path) (다른 곳에 사본을 보관하십시오)")
  }

  static func madeFolder(_ path: String) -> Phrase {
    Phrase("Made the folder \(path)", ko: "폴더 생성: \(path)")
  }

  static func appliedMigrations(_ count: Int) -> Phrase {
    Phrase("Applied migrations: \(count)", ko: "스키마 변경 적용: \(count)건")
  }

  static func openToOthers(_ count: Int, first path: String) -> Phrase {
    let more = count - 1
    return Phrase(
      "Warning: others on this machine may look into \(path)"
        + (more > 0 ? " and \(more) more of the platform's files and folders." : "."),
      ko: "경고: 이 컴퓨터의 다른 사용자가 \(path)"
        + (more > 0 ? " 외 \(more)개의 파일과 폴더를 볼 수 있습니다." : "을(를) 볼 수 있습니다."))
  }

  static func closeDoors(_ command: String) -> Phrase {
    Phrase("Run: \(command)", ko: "실행하십시오: \(command)")
  }

  static let installedPolicy = Phrase(
    "Made delivery policy 1 and its templates active",
    ko: "발송 정책 1과 템플릿을 활성화했습니다")

  static let installed = Phrase(
    "Ready. Next: billing import DIR, or billing sample DIR for a generated set.",
    ko: "준비되었습니다. 다음 단계: billing import DIR, 또는 billing sample DIR로 예제 데이터 생성.")

  static let nothingToInstall = Phrase(
    "Everything is there; nothing was changed.", ko: "모두 준비되어 있어 바꾼 것이 없습니다.")
}

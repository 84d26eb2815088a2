/// Made-up people. Numbers lie in ranges that no carrier gives out, addresses at example.com.
enum SampleNames {
  private static let surnames: [(String, weight: Int)] = [
    ("김", 215), ("이", 147), ("박", 84), ("최", 47), ("정", 43), ("강", 24), ("조", 21),
    ("윤", 21), ("장", 20), ("임", 17), ("한", 15), ("오", 15), ("서", 15), ("신", 15),
    ("권", 14), ("황", 14), ("안", 14), ("송", 14), ("류", 13), ("홍", 11), ("남궁", 2),
    ("황보", 1),
  ]
  private static let firstSyllables = [
    "민", "서", "지", "도", "하", "예", "준", "현", "수", "은", "유", "시", "재", "건", "태", "채",
    "다", "나", "소", "연",
  ]
  private static let lastSyllables = [
    "준", "윤", "우", "진", "호", "현", "아", "은", "연", "서", "빈", "율", "원", "희", "영", "수",
    "민", "경", "린", "결",
  ]
  /// Syllables beyond the 2,350 of KS X 1001, which only CP949 has: a name like these must survive.
  private static let rareSyllables = ["뮒", "똠", "햏", "펲", "숖", "뢔", "쀍"]
  private static let givenNames = [
    "Alex", "Casey", "Daniel", "Emma", "Grace", "Hannah", "James", "Julia", "Kevin", "Laura",
    "Maria", "Noah", "Olivia", "Peter", "Rachel", "Samuel", "Sofia", "Thomas", "Victor", "Wendy",
  ]
  private static let familyNames = [
    "Anderson", "Brown", "Clark", "Davis", "Evans", "Garcia", "Harris", "Johnson", "Kim", "Lee",
    "Martin", "Nguyen", "O'Brien", "Park", "Roberts", "Smith", "Taylor", "Walker", "Wilson",
    "Young",
  ]

  static func korean(_ random: inout SampleRandom) -> String {
    let surname = random.pick(weighted: surnames)
    if random.chance(perMille: 3) { return surname + random.pick(rareSyllables) }
    if random.chance(perMille: 40) { return surname + random.pick(lastSyllables) }
    return surname + random.pick(firstSyllables) + random.pick(lastSyllables)
  }

  static func english(_ random: inout SampleRandom) -> String {
    "\(random.pick(givenNames)) \(random.pick(familyNames))"
  }

  /// 010-0xxx-xxxx is not assigned to anybody.
  static func phone(_ random: inout SampleRandom) -> String {
    "0100" + digits(random.below(10_000_000), count: 7)
  }

  static func digits(_ number: Int, count: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
  }
}

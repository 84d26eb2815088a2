package import Billing

/// How what was used is named and measured for a reader. Metrics are the catalog's: those known
/// here have a name and a unit, others are shown by their code.
extension BillFormats {
  /// `data_mb` is `데이터` or `Data`.
  package func metricName(_ metric: String, into output: inout [UInt8]) {
    switch (metric, locale) {
    case ("data_mb", .korean): ("데이터" as StaticString).append(to: &output)
    case ("data_mb", .english): ("Data" as StaticString).append(to: &output)
    case ("voice_s", .korean): ("음성 통화" as StaticString).append(to: &output)
    case ("voice_s", .english): ("Calls" as StaticString).append(to: &output)
    case ("sms", .korean): ("문자" as StaticString).append(to: &output)
    case ("sms", .english): ("Text messages" as StaticString).append(to: &output)
    default: output.append(contentsOf: metric.utf8)
    }
  }

  /// `1,536.25MB`, `101분 40초`, `50건`; `1,536.25 MB`, `101 min 40 s`, `50`.
  package func quantity(_ number: FixedDecimal, of metric: String, into output: inout [UInt8]) {
    if metric == "voice_s", number.scale == 0, !number.isNegative {
      minutes(of: UInt64(number.coefficient), into: &output)
      return
    }
    decimal(number, into: &output)
    unit(of: metric, into: &output)
  }

  /// What one unit of a metric is called in a price: `22.528원/MB`.
  package func priceUnit(of metric: String, into output: inout [UInt8]) {
    switch (metric, locale) {
    case ("data_mb", _): ("MB" as StaticString).append(to: &output)
    case ("voice_s", .korean): ("초" as StaticString).append(to: &output)
    case ("voice_s", .english): ("s" as StaticString).append(to: &output)
    case ("sms", .korean): ("건" as StaticString).append(to: &output)
    case ("sms", .english): ("message" as StaticString).append(to: &output)
    default: output.append(contentsOf: metric.utf8)
    }
  }

  private func unit(of metric: String, into output: inout [UInt8]) {
    switch (metric, locale) {
    case ("data_mb", .korean): ("MB" as StaticString).append(to: &output)
    case ("data_mb", .english): (" MB" as StaticString).append(to: &output)
    case ("voice_s", .korean): ("초" as StaticString).append(to: &output)
    case ("voice_s", .english): (" s" as StaticString).append(to: &output)
    case ("sms", .korean): ("건" as StaticString).append(to: &output)
    default: break
    }
  }

  private func minutes(of seconds: UInt64, into output: inout [UInt8]) {
    let (minutes, rest) = seconds.quotientAndRemainder(dividingBy: 60)
    if minutes > 0 || rest == 0 {
      DigitWriter.writeGrouped(minutes, into: &output)
      (locale == .korean ? "분" as StaticString : " min").append(to: &output)
      if rest > 0 { output.append(UInt8(ascii: " ")) }
    }
    if rest > 0 {
      DigitWriter.write(rest, into: &output)
      (locale == .korean ? "초" as StaticString : " s").append(to: &output)
    }
  }
}

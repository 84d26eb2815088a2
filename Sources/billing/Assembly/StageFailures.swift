import Billing
import Importing
import Rendering
import Runs
import Settlement

/// What the stages' own errors mean for whoever typed the command.
extension CommandFailure {
  /// `nil` for an error of none of the stages.
  init?(stage error: any Error) {
    switch error {
    case let error as SettlementError: self.init(error)
    case let error as RunError: self.init(error)
    case let error as RenderingError: self.init(error)
    case let error as PolicyFileError:
      self.init(.badInput, .badPolicy(error), remedy: .mendPolicy)
    case let error as TemplateError:
      self.init(.badInput, .badTemplate(error), remedy: .mendTemplate)
    case let error as CompiledTemplates.Problem:
      self.init(.badInput, .unusableTemplate(error.description), remedy: .mendTemplate)
    case let error as ImportError:
      let what: Phrase =
        switch error {
        case .notAFolder(let path): .notAFolder(path)
        case .nothingToImport(let path): .nothingToImport(path)
        }
      self.init(.badInput, what, remedy: .nameImportSet)
    case let error as Sample.Invalid:
      let what: Phrase =
        switch error {
        case .customers: .sampleSize
        case .poison: .samplePoison
        case .month: .sampleMonth
        }
      self.init(.wrongUsage, what, remedy: .seeSampleHelp)
    default: return nil
    }
  }

  private init(_ error: SettlementError) {
    switch error {
    case .monthNotOver(let month, let lastDay):
      self.init(.wrongUsage, .monthNotOver(month, lastDay: lastDay), remedy: .settleLater)
    case .noCatalog(let month):
      self.init(.earlierStageIncomplete, .noCatalog(month), remedy: .importFirst)
    case .notSettled(let month):
      self.init(.earlierStageIncomplete, .notSettled(month), remedy: .settleFirst(month))
    case .noStatement(_, let customers):
      let first = customers.prefix(5).map(\.description).joined(separator: ", ")
      let more = customers.count > 5 ? ", … (\(grouped(customers.count)))" : ""
      self.init(.badInput, .noStatement(first + more), remedy: .removeFromList)
    case .correctionOpen(_, let sequence):
      self.init(.busy, .correctionOpen(sequence), remedy: .finishCorrection)
    case .currencyChanged(let month, let settled, let catalog, let currency):
      self.init(
        .badInput,
        .currencyChanged(
          month, settledIn: settled.code, catalog: catalog, in: currency.code),
        remedy: .keepCurrency(month, settled.code))
    }
  }

  private init(_ error: RenderingError) {
    switch error {
    case .notSettled(let month):
      self.init(.earlierStageIncomplete, .notSettled(month), remedy: .settleFirst(month))
    case .settlementOpen(let month, let run):
      self.init(.earlierStageIncomplete, .settlementOpen(run), remedy: .settleFirst(month))
    case .noPolicy:
      self.init(.wrongUsage, .cannotRender(error), remedy: .runInit)
    case .noStatement, .noChannel:
      self.init(.badInput, .cannotRender(error), remedy: .checkNumber)
    case .unknownPolicy, .unusableStatement:
      self.init(.failed, .cannotRender(error), remedy: .restoreStore)
    case .billConflict:
      self.init(.failed, .cannotRender(error), remedy: .reportConflict)
    }
  }

  private init(_ error: RunError) {
    let run = error.run.description
    switch error.code {
    case .held(let owner, let until):
      self.init(.busy, .runHeld(run, by: owner, until: until), remedy: .joinOrWait)
    case .takenOver:
      self.init(.busy, .runTakenOver(run), remedy: .sameCommandGoesOn)
    case .chunkFailed:
      guard let cause = error.cause as? StoreError else {
        self.init(.failed, .runFailed(error.detail), remedy: .mendAndRunAgain)
        return
      }
      let failure = CommandFailure(cause)
      self.init(failure.status, .runFailed(error.detail), remedy: failure.remedy)
    case .controlTotals:
      self.init(.failed, .runFailed(error.detail), remedy: .reportConflict)
    case .tooManyParked(let parked, let targets):
      self.init(.failed, .tooManyParked(parked, of: targets), remedy: .tooManyParkedRemedy)
    }
  }
}

import Assembly
import Billing
import Delivery
import Importing
import Operations
import Rendering
import Runs
import Settlement

/// What the stages' own errors mean for whoever typed the command.
extension CommandFailure {
  /// `nil` for an error of none of the stages.
  init?(stage error: any Error) {
    switch error {
    case let error as AssemblyFailure: self.init(error)
    case let error as OperationFailure: self.init(error)
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

  private init(_ error: AssemblyFailure) {
    switch error {
    case .configurationUnreadable(let path, let fault):
      self.init(
        .wrongUsage, .configurationUnreadable(path, .fault(fault)), remedy: .mendConfiguration)
    case .unknownSetting(let name, let place, let nearest):
      self.init(
        .wrongUsage, .unknownSetting(name, at: place),
        remedy: nearest.map(Phrase.didYouMean) ?? .seeSettings)
    case .wrongValue(let setting, let text, let place, let expected):
      self.init(
        .wrongUsage, .wrongValue(setting, text, at: place), remedy: .expects(.expected(expected)))
    case .notSingleValue(let setting, let place):
      self.init(
        .wrongUsage, .notSingleValue(setting, at: place), remedy: .expects(.singleValue))
    case .secretInFile(let setting, let place, let variable):
      self.init(
        .wrongUsage, .secretInFile(setting, at: place), remedy: .putSecretInVariable(variable))
    case .settingsDisagree(let smaller, let larger):
      self.init(.wrongUsage, .settingsDisagree(smaller, larger), remedy: .changeOne)
    case .notBuiltIn(let scheme, let setting, let embedded):
      self.init(.wrongUsage, .notBuiltIn(scheme, setting: setting), remedy: .useEmbedded(embedded))
    case .timingBreaks(let relation):
      self.init(.wrongUsage, .unexpected("delivery: \(relation)"), remedy: .changeOne)
    case .notSetUp(let path):
      self.init(.wrongUsage, .notSetUp(path), remedy: .runInit)
    case .keyMissing(let path):
      self.init(.wrongUsage, .keyMissing(path), remedy: .restoreKey)
    case .keyFileOpenToOthers(let path):
      self.init(.wrongUsage, .keyFileOpenToOthers(path), remedy: .closeKeyFile(path))
    case .keyMalformed(let place):
      self.init(.wrongUsage, .keyMalformed(place), remedy: .restoreKey)
    case .keyOfAnotherLedger:
      self.init(.wrongUsage, .keyOfAnotherLedger, remedy: .restoreKey)
    case .cannotSimulate(let setting):
      self.init(.wrongUsage, .cannotSimulate(setting), remedy: .simulateWithStandIns)
    case .tooFewFiles(let limit, let needed):
      self.init(
        .wrongUsage, .tooFewFiles(limit, needed: needed), remedy: .raiseFilesOrLowerInFlight)
    case .cannotListen(let address, let reason):
      self.init(.wrongUsage, .cannotListen(address, reason), remedy: .chooseAnotherPort)
    }
  }

  private init(_ error: OperationFailure) {
    switch error {
    case .ledgerKeepsRealTime:
      self.init(.wrongUsage, .ledgerKeepsRealTime, remedy: .useOtherLedgerForSimulation)
    case .ledgerIsSimulated:
      self.init(.wrongUsage, .ledgerIsSimulated, remedy: .useAtInstead)
    case .timeIsDecided(let begun):
      self.init(.wrongUsage, .timeIsDecided(begun: begun), remedy: .useOtherLedger)
    case .monthOutOfTurn(let month, let latest):
      self.init(
        .wrongUsage, .monthOutOfTurn(month, after: latest), remedy: .runMonth(latest.next))
    case .notForStates(let action, let states):
      self.init(
        .wrongUsage, .notForStates(action.name, states),
        remedy: .statesAre(action.states.sorted { $0.code < $1.code }))
    case .timeIsHeld:
      self.init(.busy, .anotherRun, remedy: .tryWhenOver)
    case .consumersAtWork:
      self.init(.busy, .consumersAtWork, remedy: .stopConsumers)
    case .notAsExpected(let confirmation):
      self.init(.busy, .notAsExpected(confirmation), remedy: .lookAgain)
    case .otherMonthPending(let month):
      self.init(.earlierStageIncomplete, .otherMonthPending(month), remedy: .finishMonth(month))
    case .providerSilent:
      self.init(.unreachable, .providerSilent, remedy: .retryWhenItAnswers)
    case .notSettled(let month):
      self.init(.earlierStageIncomplete, .notSettled(month), remedy: .settleFirst(month))
    case .nothingKnown(let what):
      self.init(.badInput, .nothingKnown(what), remedy: .checkNumber)
    case .nothingDone(let action, let found, let refused):
      self.init(
        .failed, .nothingDone(action.name, found: found, refused: refused), remedy: .mendReasons)
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

// SettlementTests

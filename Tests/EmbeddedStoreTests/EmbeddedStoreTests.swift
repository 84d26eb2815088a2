// EmbeddedStoreTests

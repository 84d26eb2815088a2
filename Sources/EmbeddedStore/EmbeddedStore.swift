// EmbeddedStore

package layer

// DecodedOnce is exported for tests.
var DecodedOnce = decodedOnce

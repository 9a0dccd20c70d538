package oauth1

// Sign signs a base string of a test's own.
func Sign(c *Client, base string) (string, error) { return c.sign(base) }

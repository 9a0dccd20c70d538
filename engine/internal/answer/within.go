package answer

import (
	"io"
	"time"
)

// A Bound says how long may be spent on reading a body on the way to whoever asked for
// it. Its sender must not say how long a call takes.
type Bound struct {
	Most  time.Duration // 0: as long as the attempt may take until its headers
	Quiet bool          // nobody wants the body: that it ends early is no news
}

// A Bounded body can be read under a [Bound]: a read that goes on beyond it fails, as
// does every other from then on.
type Bounded interface {
	Within(b Bound, read func())
}

// Within calls read, which reads body, under b if the body knows how.
func Within(body io.Reader, b Bound, read func()) {
	if bounded, ok := body.(Bounded); ok {
		bounded.Within(b, read)
		return
	}
	read()
}

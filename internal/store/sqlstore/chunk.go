package sqlstore

// chunk collects rows of a bulk statement and runs it whenever they would
// become too large, so that memory stays bounded.
type chunk[T any] struct {
	tx    Tx
	name  string
	args  []any
	list  []T
	bytes int
}

// From so many rows or bytes on they are sent. That many rows go by COPY on
// PostgreSQL (postgres.copyRows).
const (
	chunkRows  = 1000
	chunkBytes = 4 << 20
)

func newChunk[T any](tx Tx, name string, args ...any) *chunk[T] {
	return &chunk[T]{tx: tx, name: name, args: args}
}

func (c *chunk[T]) add(row T, bytes int) error {
	c.list = append(c.list, row)
	c.bytes += bytes
	if len(c.list) >= chunkRows || c.bytes >= chunkBytes {
		return c.flush()
	}
	return nil
}

// queue queues what is left.
func (c *chunk[T]) queue() { queueRows(c.tx, c.name, c.list, c.args...) }

func (c *chunk[T]) flush() error {
	c.queue()
	err := c.tx.Flush()
	c.list, c.bytes = c.list[:0], 0
	return err
}

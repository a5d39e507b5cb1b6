package sqlstore

// chunk collects rows of a bulk statement and runs it whenever they would
// become too large, so that memory stays bounded.
type chunk struct {
	tx    Tx
	name  string
	args  []any
	list  []any
	bytes int
}

const (
	chunkRows  = 5000
	chunkBytes = 4 << 20
)

func newChunk(tx Tx, name string, args ...any) *chunk { return &chunk{tx: tx, name: name, args: args} }

func (c *chunk) add(row any, bytes int) error {
	c.list = append(c.list, row)
	c.bytes += bytes
	if len(c.list) >= chunkRows || c.bytes >= chunkBytes {
		return c.flush()
	}
	return nil
}

func (c *chunk) flush() error {
	_, err := execRows(c.tx, c.name, c.list, c.args...)
	c.list, c.bytes = c.list[:0], 0
	return err
}

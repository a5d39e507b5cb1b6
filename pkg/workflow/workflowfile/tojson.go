package workflowfile

import (
	"bytes"

	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// ToJSON writes a YAML workflow file as JSON without insignificant space. What
// Parse would say of its fields is reported, so that faults have the
// places of the file; the graph is not looked at. The error is a *workflow.Error.
func ToJSON(filename string, data []byte) ([]byte, error) {
	var out bytes.Buffer
	err := decode(filename, data, Options{}, func(d *decoder, root *node) error {
		w := d.workflow(root, "")
		if len(d.faults) > 0 {
			return w.Validate()
		}
		write := &jsonWriter{out: &out, limit: DefaultMaxBytes, text: plainjson.NewEncoder(&out)}
		if !write.value(root) {
			return &workflow.Error{Faults: []workflow.Fault{tooLarge(root.at, "the file has more than %d bytes as JSON", DefaultMaxBytes).fault}}
		}
		return nil
	})
	return out.Bytes(), err
}

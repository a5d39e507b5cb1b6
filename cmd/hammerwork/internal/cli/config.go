package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

const envPrefix = "HAMMERWORK_"

// perCall are the flags that only make sense on the command line.
var perCall = []string{"config", "file", "help", "set", "version"}

// perCallFlag marks a flag like those in perCall.
const perCallFlag = "hammerwork_per_call"

// onlyHere says that flags of c only make sense on the command line: what they
// say is about this call. A job that calls hammerwork has variables like
// HAMMERWORK_QUEUE in its environment, which say nothing about the call.
func onlyHere(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		_ = c.Flags().SetAnnotation(name, perCallFlag, nil) // it only fails for flags that do not exist
	}
}

func isPerCall(f *pflag.Flag) bool {
	_, marked := f.Annotations[perCallFlag]
	return marked || slices.Contains(perCall, f.Name)
}

// configure gives every flag of c that the call does not set its value from
// the environment (an empty variable is none; a secret may also come from the
// file that the variable with _FILE names) or else from the --config file.
func (a *app) configure(c *cobra.Command) error {
	a.tokenFileNamed = c.Flags().Changed("token-file")
	if path := os.Getenv(envPrefix + "CONFIG"); path != "" && !c.Flags().Changed("config") {
		a.configFile = path
	}
	settings := koanf.New(".")
	origin := make(map[string]string) // key → where its value was set
	if a.configFile != "" {
		if err := settings.Load(settingsFile(a.configFile), nil); err != nil {
			return err
		}
		if err := knownKeys(c, a.configFile, settings.Keys()); err != nil {
			return err
		}
		for _, key := range settings.Keys() {
			origin[key] = a.configFile + ": " + key
		}
	}
	var faults []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || isPerCall(f) {
			return
		}
		variable := envPrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := os.Getenv(variable)
		if value == "" && isSecret(f) {
			var err error
			if value, err = secretFile(variable); err != nil {
				faults = append(faults, err)
				return
			}
		}
		if value != "" {
			if err := c.Flags().Set(f.Name, value); err != nil {
				faults = append(faults, badFlag(c, variable, f, value, reason(err)))
			}
			return
		}
		for key, where := range origin {
			if flagName(key) != f.Name {
				continue
			}
			value := settings.String(key)
			if list := settings.Strings(key); len(list) > 0 {
				value = strings.Join(list, ",")
			}
			if err := c.Flags().Set(f.Name, value); err != nil {
				faults = append(faults, badFlag(c, where, f, value, reason(err)))
			}
		}
	})
	if len(faults) > 0 {
		return faults[0]
	}
	return nil
}

// reason takes pflag's own words off an error about a value.
func reason(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return invalid.Unwrap()
	}
	return err
}

// flagName is the flag that a key of the file sets: data_dir is data-dir,
// dispatcher.poll_interval is dispatcher-poll-interval.
func flagName(key string) string { return strings.NewReplacer(".", "-", "_", "-").Replace(key) }

// knownKeys reports a key that sets no flag of any command: the file is shared
// by all of them.
func knownKeys(c *cobra.Command, path string, keys []string) error {
	var names []string
	var collect func(*cobra.Command)
	collect = func(c *cobra.Command) {
		add := func(f *pflag.Flag) {
			if !isPerCall(f) {
				names = append(names, f.Name)
			}
		}
		c.LocalFlags().VisitAll(add)
		c.PersistentFlags().VisitAll(add)
		for _, child := range c.Commands() {
			collect(child)
		}
	}
	collect(c.Root())
	slices.Sort(keys)
	for _, key := range keys {
		if slices.Contains(names, flagName(key)) {
			continue
		}
		hint := "a key is named like a flag: data_dir sets --data-dir"
		if name := spelling.Nearest(flagName(key), names); name != "" {
			hint = fmt.Sprintf("did you mean %s?", strings.ReplaceAll(name, "-", "_"))
		}
		return &usageError{fmt.Errorf("%s: unknown setting %q", path, key), hint}
	}
	return nil
}

// settingsFile is a YAML file as a source of settings.
type settingsFile string

// ReadBytes is not used: Read parses by itself.
func (s settingsFile) ReadBytes() ([]byte, error) { return nil, errors.ErrUnsupported }

// Read returns the settings, nested as in the file.
func (s settingsFile) Read() (map[string]any, error) {
	data, err := readInput(string(s), "settings file")
	if err != nil {
		return nil, err
	}
	settings := make(map[string]any)
	if err := yaml.Unmarshal(data, &settings); err != nil {
		var syntax yaml.Error
		if errors.As(err, new(*yaml.UnexpectedNodeTypeError)) {
			err = fmt.Errorf("%s holds no settings: each is written as name: value", s)
		} else if errors.As(err, &syntax) {
			at := syntax.GetToken().Position
			err = fmt.Errorf("%s:%d:%d: %s", s, at.Line, at.Column, syntax.GetMessage())
		} else {
			err = fmt.Errorf("%s: %w", s, err)
		}
		return nil, &usageError{err, fmt.Sprintf("%s holds settings as YAML, like: data_dir: /var/lib/hammerwork", filepath.Base(string(s)))}
	}
	return settings, nil
}

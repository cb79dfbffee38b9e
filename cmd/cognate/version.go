package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker for a release.
var version = "development"

type versionCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help ends the page that version --help prints.
func (*versionCommand) Help() string { return "Example:\n  cognate version --json" }

// Run prints what this program is.
func (c *versionCommand) Run(std streams) error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	if c.JSON {
		return json.NewEncoder(std.out).Encode(struct {
			Version  string `json:"version"`
			Revision string `json:"revision,omitzero"`
			Go       string `json:"go"`
			Platform string `json:"platform"`
		}{version, revision, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH})
	}
	_, err := fmt.Fprintf(std.out, "cognate %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// model is a service model as described in ../model/README.md.
type model struct {
	Metadata struct {
		APIVersion      string `json:"apiVersion"`
		ServiceFullName string `json:"serviceFullName"`
		TargetPrefix    string `json:"targetPrefix"`
		EndpointPrefix  string `json:"endpointPrefix"`
	} `json:"metadata"`
	Operations map[string]*operation `json:"operations"`
	Shapes     map[string]*shape     `json:"shapes"`
}

type operation struct {
	Name     string   `json:"name"`
	Input    *ref     `json:"input"`
	Output   *ref     `json:"output"`
	Errors   []ref    `json:"errors"`
	AuthType string   `json:"authtype"`
	Auth     []string `json:"auth"`
}

type ref struct {
	Shape string `json:"shape"`
	Box   bool   `json:"box"`
}

type shape struct {
	Type      string   `json:"type"`
	Members   members  `json:"members"`
	Required  []string `json:"required"`
	Member    *ref     `json:"member"`
	Key       *ref     `json:"key"`
	Value     *ref     `json:"value"`
	Min       *int64   `json:"min"`
	Max       *int64   `json:"max"`
	Pattern   string   `json:"pattern"`
	Enum      []string `json:"enum"`
	Sensitive bool     `json:"sensitive"`
	Exception bool     `json:"exception"`
	Fault     bool     `json:"fault"`
	Document  bool     `json:"document"`
	Box       bool     `json:"box"`
	Error     *struct {
		Code           string `json:"code"`
		HTTPStatusCode int    `json:"httpStatusCode"`
	} `json:"error"`
}

// members keeps the order of the model, which encoding/json's maps lose.
type members struct {
	names []string
	refs  map[string]ref
}

func (m *members) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &m.refs); err != nil {
		return err
	}
	names, err := objectKeys(data)
	m.names = names
	return err
}

// inWireOrder gives the members sorted by the bytes of their names: the
// order of the fields of a generated structure, and so of the JSON we write.
func (m *members) inWireOrder() []string {
	sorted := slices.Clone(m.names)
	slices.Sort(sorted)
	return sorted
}

func (s *shape) required(name string) bool { return slices.Contains(s.Required, name) }

func (o *operation) public() bool {
	return o.AuthType == "none" || slices.Contains(o.Auth, "smithy.api#noAuth")
}

func readModel(path string) (*model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	var m model
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("parse model %s: %w", path, err)
	}
	return &m, nil
}

package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

type healthcheckCommand struct {
	PublicURL string        `env:"COGNATE_PUBLIC_URL" default:"http://localhost:7665" help:"Base URL of the server."`
	Timeout   time.Duration `default:"3s" help:"How long to wait for the answer."`
}

// Help ends the page that healthcheck --help prints.
func (*healthcheckCommand) Help() string {
	return "Exits 0 when the server is ready, 5 when it cannot be reached or is not.\n\nExample:\n  cognate healthcheck --public-url http://localhost:7665"
}

// Run asks GET /health/ready.
func (c *healthcheckCommand) Run(ctx context.Context, std streams) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(c.PublicURL, "/")+"/health/ready", nil)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return noServer(c.PublicURL, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return &exitError{exitUnreachable, fmt.Errorf("the server is not ready: %s", answer.Status)}
	}
	_, err = fmt.Fprintln(std.out, "ready")
	return err
}

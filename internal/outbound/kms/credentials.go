package kms

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Standard finds credentials where every program with an AWS SDK does: in the
// environment, in the shared files and their profiles, by a web identity, from the
// container or the instance. It looks at the first use, and again when what it
// found has expired. The zero value is ready.
type Standard struct {
	mu    sync.Mutex
	chain aws.CredentialsProvider
}

// Retrieve implements aws.CredentialsProvider.
func (s *Standard) Retrieve(ctx context.Context) (aws.Credentials, error) {
	chain, err := s.load(ctx)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("find AWS credentials: %w", err)
	}
	found, err := chain.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("find AWS credentials: %w", err)
	}
	return found, nil
}

func (s *Standard) load(ctx context.Context) (aws.CredentialsProvider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chain != nil {
		return s.chain, nil
	}
	// The Region is for services that the chain itself asks; requests for keys go to
	// that of the key.
	settings, err := config.LoadDefaultConfig(ctx, config.WithDefaultRegion("us-east-1"))
	if err != nil {
		return nil, err
	}
	s.chain = settings.Credentials
	return s.chain, nil
}

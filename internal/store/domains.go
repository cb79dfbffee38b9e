package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/api"
)

// The kinds of domain; a pool has at most one of each.
const (
	DomainPrefix = "prefix" // a label under the installation's domain suffix
	DomainCustom = "custom" // a host name of the operator's
)

// Domain is where a pool serves its pages and OAuth endpoints. Its name is
// unique in the installation.
type Domain struct {
	// Name is the prefix alone or the whole host name, in lower case.
	Name, PoolID, Kind    string
	CreatedAt, ModifiedAt time.Time
	Settings              DomainSettings
}

// DomainSettings is everything about a domain that is only read with it.
type DomainSettings struct {
	// ManagedLoginVersion is 1 for the classic pages, 2 for managed login.
	ManagedLoginVersion int32
	// PagesSince is when ManagedLoginVersion took its value: browsers' sessions
	// that began earlier are void (spec/endpoints.md §2).
	PagesSince time.Time
	// Certificate is nil for prefix domains.
	Certificate *api.CustomDomainConfigType `json:",omitzero"`
	Routing     *api.RoutingType            `json:",omitzero"`
}

// Custom reports whether the domain is a host name of the operator's.
func (d *Domain) Custom() bool { return d.Kind == DomainCustom }

const domainColumns = `name, pool_id, kind, created_ms, modified_ms, doc`

const (
	insertDomain  = `INSERT INTO domains (` + domainColumns + `) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	selectDomain  = `SELECT ` + domainColumns + ` FROM domains WHERE name = $1`
	domainsOfPool = `SELECT ` + domainColumns + ` FROM domains WHERE pool_id = $1 ORDER BY kind`
	updateDomain  = `UPDATE domains SET modified_ms = $3, doc = $4 WHERE name = $1 AND pool_id = $2`
	deleteDomain  = `DELETE FROM domains WHERE name = $1 AND pool_id = $2`
)

func scanDomain(s scanner) (*Domain, error) {
	var d Domain
	var created, modified int64
	var doc string
	if err := s.Scan(&d.Name, &d.PoolID, &d.Kind, &created, &modified, &doc); err != nil {
		return nil, err
	}
	d.CreatedAt, d.ModifiedAt = fromMS(created), fromMS(modified)
	if err := json.Unmarshal([]byte(doc), &d.Settings); err != nil {
		return nil, fmt.Errorf("read settings of domain %s: %w", d.Name, err)
	}
	return &d, nil
}

func (d *Domain) doc() (string, error) {
	doc, err := json.Marshal(d.Settings)
	if err != nil {
		return "", fmt.Errorf("write settings of domain %s: %w", d.Name, err)
	}
	return string(doc), nil
}

func noDomain(name string) error {
	return api.ResourceNotFoundException("Domain %s does not exist.", name)
}

// InsertDomain adds a domain; false means that the name is taken or that the
// pool has a domain of that kind.
func (tx *Tx) InsertDomain(ctx context.Context, d *Domain) (bool, error) {
	doc, err := d.doc()
	if err != nil {
		return false, err
	}
	n, err := tx.change(ctx, insertDomain, d.Name, d.PoolID, d.Kind, toMS(d.CreatedAt), toMS(d.ModifiedAt), doc)
	if err != nil {
		return false, fmt.Errorf("insert domain %s: %w", d.Name, err)
	}
	return n == 1, nil
}

// DomainByName finds a domain of any pool; ResourceNotFoundException when
// there is none.
func (tx *Tx) DomainByName(ctx context.Context, name string) (*Domain, error) {
	if !storable(name) {
		return nil, noDomain(name)
	}
	d, found, err := one(ctx, tx, scanDomain, selectDomain, name)
	if err != nil {
		return nil, fmt.Errorf("load domain %s: %w", name, err)
	}
	if !found {
		return nil, noDomain(name)
	}
	return d, nil
}

// DomainsOfPool lists the domains of a pool, the custom one first.
func (tx *Tx) DomainsOfPool(ctx context.Context, poolID string) ([]*Domain, error) {
	domains, err := many(ctx, tx, scanDomain, domainsOfPool, poolID)
	if err != nil {
		return nil, fmt.Errorf("list domains of pool %s: %w", poolID, err)
	}
	return domains, nil
}

// UpdateDomain writes the settings of a domain and when they changed;
// ResourceNotFoundException when its pool does not have it any more.
func (tx *Tx) UpdateDomain(ctx context.Context, d *Domain) error {
	doc, err := d.doc()
	if err != nil {
		return err
	}
	n, err := tx.change(ctx, updateDomain, d.Name, d.PoolID, toMS(d.ModifiedAt), doc)
	if err != nil {
		return fmt.Errorf("save domain %s: %w", d.Name, err)
	}
	if n == 0 {
		return noDomain(d.Name)
	}
	return nil
}

// DeleteDomain removes a domain of a pool; false means that the pool has none
// of that name.
func (tx *Tx) DeleteDomain(ctx context.Context, poolID, name string) (bool, error) {
	n, err := tx.change(ctx, deleteDomain, name, poolID)
	if err != nil {
		return false, fmt.Errorf("delete domain %s: %w", name, err)
	}
	return n == 1, nil
}

package directory

import (
	"context"
	"testing"

	"cognate/internal/api"
	"cognate/internal/store"
)

const domainPool = "eu-west-1_AbCdEf123"

func (f *fixture) addDomain(t *testing.T, name, kind string) {
	t.Helper()
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertDomain(ctx, &store.Domain{Name: name, PoolID: domainPool, Kind: kind, CreatedAt: f.now, ModifiedAt: f.now})
		return err
	})
}

func TestADomainIsFoundWithItsPoolUntilItIsForgotten(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.addPool(t, domainPool)
	_, err := f.Domain(t.Context(), "shop")
	wantError(t, err, "ResourceNotFoundException", "Domain shop does not exist.")

	f.addDomain(t, "shop", store.DomainPrefix) // a miss is not kept
	found, err := f.Domain(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	if found.Name != "shop" || found.Pool.ID != domainPool {
		t.Errorf("got %s of pool %s", found.Name, found.Pool.ID)
	}
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteDomain(ctx, domainPool, "shop")
		return err
	})
	if _, err := f.Domain(t.Context(), "shop"); err != nil {
		t.Errorf("not kept: %v", err)
	}
	f.Forget(domainPool)
	_, err = f.Domain(t.Context(), "shop")
	wantError(t, err, "ResourceNotFoundException", "Domain shop does not exist.")
}

func TestTheCustomDomainComesFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.addPool(t, domainPool)
	f.addDomain(t, "shop", store.DomainPrefix)
	names := func() (list []string) {
		domains, err := f.DomainsOf(t.Context(), domainPool)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range domains {
			list = append(list, d.Name)
		}
		return list
	}
	if got := names(); len(got) != 1 {
		t.Fatalf("got %q", got)
	}
	f.addDomain(t, "login.example.com", store.DomainCustom)
	if got := names(); len(got) != 1 {
		t.Errorf("not kept: %q", got)
	}
	f.Forget(domainPool)
	if got := names(); len(got) != 2 || got[0] != "login.example.com" {
		t.Errorf("got %q", got)
	}
	if list, err := f.DomainsOf(t.Context(), "a\x00b"); err != nil || list != nil {
		t.Errorf("got %v, %v for what is no id", list, err)
	}
}

func TestResourceServersAreKeptForASecond(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.addPool(t, domainPool)
	count := func() int {
		servers, err := f.ResourceServers(t.Context(), domainPool)
		if err != nil {
			t.Fatal(err)
		}
		return len(servers)
	}
	count()
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertResourceServer(ctx, &store.ResourceServer{PoolID: domainPool, Identifier: "orders", CreatedAt: f.now, ModifiedAt: f.now})
		return err
	})
	if got := count(); got != 0 {
		t.Errorf("before a second has passed: %d", got)
	}
	f.now = f.now.Add(Freshness)
	if got := count(); got != 1 {
		t.Errorf("after a second: %d", got)
	}
}

func TestACustomScopeIsIdentifierSlashName(t *testing.T) {
	t.Parallel()
	server := func(identifier string, scopes ...string) *store.ResourceServer {
		s := &store.ResourceServer{Identifier: identifier}
		for _, name := range scopes {
			s.Settings.Scopes = append(s.Settings.Scopes, api.ResourceServerScopeType{ScopeName: name})
		}
		return s
	}
	servers := []*store.ResourceServer{server("https://api.example.com/v1", "read"), server("https://api.example.com", "write"), server("empty")}
	for scope, want := range map[string]bool{
		"https://api.example.com/v1/read": true,
		"https://api.example.com/write":   true,
		"https://api.example.com/v1":      false,
		"https://api.example.com/read":    false,
		"https://api.example.com/v1/":     false,
		"https://api.example.com/V1/read": false,
		"empty/":                          false,
		"read":                            false,
		"":                                false,
	} {
		if got := HasScope(servers, scope); got != want {
			t.Errorf("%q: %v, want %v", scope, got, want)
		}
	}
}

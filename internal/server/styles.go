package server

import (
	"context"
	"net/http"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/style"
	"cognate/internal/web/assets"
	"cognate/internal/web/domainhost"
	"cognate/internal/web/pages"
)

// imageURL is where images of looks are served, on the installation's own host.
func (c Config) imageURL(poolID, hash string) string { return assets.URL(c.PublicURL, poolID, hash) }

// looks say how the pages of clients look.
type looks struct{ *style.Styles }

// Style gives the style of a client's pages; false where managed login has none.
// Clients that have registered themselves have the provided one (newest-features.md
// §11.3).
func (l looks) Style(ctx context.Context, client *directory.Client, version int) (*style.Style, bool, error) {
	found, err := l.For(ctx, client, version)
	if err != nil || found.Missing {
		return nil, err == nil && client.Registration != "", err
	}
	return found, true, nil
}

// Terms gives the links of the sign-up page in a language, or nil. Classic pages
// have none (newest-features.md §8).
func (l looks) Terms(ctx context.Context, client *directory.Client, language string) (*pages.TermsLinks, error) {
	if site := domainhost.From(ctx); site != nil && site.Domain.Settings.ManagedLoginVersion == style.Classic {
		return nil, nil
	}
	links, err := l.Styles.Terms(ctx, client)
	if err != nil || links == nil {
		return nil, err
	}
	var shown pages.TermsLinks
	shown.TermsOfUse, shown.PrivacyPolicy = links.In(language)
	return &shown, nil
}

// styleOf finds the style of a client of the pool whose domain a request is for;
// nil where there is none.
func (p *parts) styleOf(r *http.Request, clientID string) (*style.Style, error) {
	site := domainhost.From(r.Context())
	client, err := p.directory.Client(r.Context(), clientID)
	switch {
	case api.HasCode(err, "ResourceNotFoundException"):
		return nil, nil
	case err != nil:
		return nil, err
	case site == nil || client.PoolID != site.Domain.PoolID:
		return nil, nil
	}
	found, err := p.styles.For(r.Context(), client, int(site.Domain.Settings.ManagedLoginVersion))
	if err != nil || found.Missing {
		return nil, err
	}
	return found, nil
}

// imageOf finds an image of the pool whose domain a request is for; no content
// type where there is none.
func (p *parts) imageOf(r *http.Request, hash string) (content []byte, contentType string, err error) {
	site := domainhost.From(r.Context())
	if site == nil {
		return nil, "", nil
	}
	return p.styles.Asset(r.Context(), site.Domain.PoolID, hash)
}

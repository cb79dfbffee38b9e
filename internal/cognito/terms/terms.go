package terms

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/paging"
	"cognate/internal/store"
)

// Operations are the operations on terms. All fields are set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Paging    paging.Paging
	Now       func() time.Time
}

const (
	maxTerms    = 40 // of a pool
	defaultPage = 60
	// defaultLink is what is shown in languages that have no link of their own.
	defaultLink = "cognito:default"
)

// CreateTerms adds a document to a client.
func (o *Operations) CreateTerms(ctx context.Context, in *api.CreateTermsRequest) (*api.CreateTermsResponse, error) {
	client, err := o.Directory.PoolClient(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	if err := checkLinks(in.Links); err != nil {
		return nil, err
	}
	row := &store.Terms{
		PoolID: client.PoolID, ID: uuid.NewString(), ClientID: client.ID, Name: in.TermsName, CreatedAt: o.Now(), ModifiedAt: o.Now(),
		Details: store.TermsDetails{Source: in.TermsSource, Enforcement: in.Enforcement, Links: in.Links},
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, insert(ctx, tx, row)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateTermsResponse{Terms: describe(row)}, nil
}

// insert adds terms within the quota. With the pool locked nobody else counts.
func insert(ctx context.Context, tx *store.Tx, row *store.Terms) error {
	if _, err := tx.LockPool(ctx, row.PoolID); err != nil {
		return err
	}
	if err := checkFree(ctx, tx, row); err != nil {
		return err
	}
	n, err := tx.CountTerms(ctx, row.PoolID)
	switch {
	case err != nil:
		return err
	case n >= maxTerms:
		return api.LimitExceededException("User pool %s has exceeded the maximum number of terms documents.", row.PoolID)
	}
	if added, err := tx.InsertTerms(ctx, row); err != nil || added {
		return err
	}
	return exists(row.Name)
}

// checkFree refuses a name that another document of the client has.
func checkFree(ctx context.Context, tx *store.Tx, row *store.Terms) error {
	others, err := tx.TermsOfClient(ctx, row.PoolID, row.ClientID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(others, func(other *store.Terms) bool { return other.Name == row.Name && other.ID != row.ID }) {
		return exists(row.Name)
	}
	return nil
}

func exists(name string) error {
	return api.TermsExistsException("Terms %s already exists for this app client.", name)
}

// checkLinks refuses links that a page could not show in every language, or that
// lead elsewhere than to a site.
func checkLinks(links map[string]string) error {
	if links[defaultLink] == "" {
		return api.InvalidParameterException("Links must contain %s.", defaultLink)
	}
	for language, link := range links {
		u, err := url.Parse(link)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
			return api.InvalidParameterException("The link for %s is not a valid URL.", language)
		}
	}
	return nil
}

// DescribeTerms shows a document.
func (o *Operations) DescribeTerms(ctx context.Context, in *api.DescribeTermsRequest) (*api.DescribeTermsResponse, error) {
	if _, err := o.Directory.Pool(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	row, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Terms, error) {
		return tx.Terms(ctx, in.UserPoolId, in.TermsId)
	})
	if err != nil {
		return nil, err
	}
	return &api.DescribeTermsResponse{Terms: describe(row)}, nil
}

// DescribeTermsByClient shows the document of a name that a client has.
func (o *Operations) DescribeTermsByClient(ctx context.Context, in *api.DescribeTermsByClientRequest) (*api.DescribeTermsByClientResponse, error) {
	client, err := o.Directory.PoolClient(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	list, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Terms, error) {
		return tx.TermsOfClient(ctx, client.PoolID, client.ID)
	})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(t *store.Terms) bool { return t.Name == in.TermsName })
	if i < 0 {
		return nil, api.ResourceNotFoundException("Terms %s does not exist.", in.TermsName)
	}
	return &api.DescribeTermsByClientResponse{Terms: describe(list[i])}, nil
}

// ListTerms lists the documents of a pool, of all its clients.
func (o *Operations) ListTerms(ctx context.Context, in *api.ListTermsRequest) (*api.ListTermsResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	scope, after, limit := "ListTerms\n"+pool.ID, "", defaultPage
	if in.MaxResults != nil && *in.MaxResults > 0 {
		limit = int(*in.MaxResults)
	}
	if in.NextToken != nil {
		cursor, err := o.Paging.Decode(*in.NextToken, scope)
		if err != nil {
			return nil, err
		}
		after = cursor[0]
	}
	list, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Terms, error) {
		return tx.ListTerms(ctx, pool.ID, after, limit+1)
	})
	if err != nil {
		return nil, err
	}
	answer := &api.ListTermsResponse{Terms: []api.TermsDescriptionType{}}
	if len(list) > limit {
		list = list[:limit]
		next := o.Paging.Encode(scope, list[limit-1].ID)
		answer.NextToken = &next
	}
	for _, t := range list {
		answer.Terms = append(answer.Terms, api.TermsDescriptionType{
			TermsId: t.ID, TermsName: t.Name, Enforcement: t.Details.Enforcement,
			CreationDate: api.TimeOf(t.CreatedAt), LastModifiedDate: api.TimeOf(t.ModifiedAt),
		})
	}
	return answer, nil
}

// UpdateTerms changes the members that the request has; Links is replaced as a
// whole.
func (o *Operations) UpdateTerms(ctx context.Context, in *api.UpdateTermsRequest) (*api.UpdateTermsResponse, error) {
	if _, err := o.Directory.Pool(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	if in.Links != nil {
		if err := checkLinks(in.Links); err != nil {
			return nil, err
		}
	}
	row, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Terms, error) {
		if _, err := tx.LockPool(ctx, in.UserPoolId); err != nil {
			return nil, err
		}
		row, err := tx.Terms(ctx, in.UserPoolId, in.TermsId)
		if err != nil {
			return nil, err
		}
		if in.TermsName != nil {
			row.Name = *in.TermsName
			if err := checkFree(ctx, tx, row); err != nil {
				return nil, err
			}
		}
		if in.Links != nil {
			row.Details.Links = in.Links
		}
		if in.TermsSource != "" {
			row.Details.Source = in.TermsSource
		}
		if in.Enforcement != "" {
			row.Details.Enforcement = in.Enforcement
		}
		row.ModifiedAt = o.Now()
		return row, tx.SaveTerms(ctx, row)
	})
	if err != nil {
		return nil, err
	}
	return &api.UpdateTermsResponse{Terms: describe(row)}, nil
}

// DeleteTerms removes a document.
func (o *Operations) DeleteTerms(ctx context.Context, in *api.DeleteTermsRequest) error {
	if _, err := o.Directory.Pool(ctx, in.UserPoolId); err != nil {
		return err
	}
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.DeleteTerms(ctx, in.UserPoolId, in.TermsId)
	})
	return err
}

func describe(t *store.Terms) *api.TermsType {
	return &api.TermsType{
		TermsId: t.ID, UserPoolId: t.PoolID, ClientId: t.ClientID, TermsName: t.Name,
		TermsSource: t.Details.Source, Enforcement: t.Details.Enforcement, Links: t.Details.Links,
		CreationDate: api.TimeOf(t.CreatedAt), LastModifiedDate: api.TimeOf(t.ModifiedAt),
	}
}

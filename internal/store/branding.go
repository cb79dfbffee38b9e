package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/api"
)

// Branding is the style of a client's managed login pages.
type Branding struct {
	PoolID, ID, ClientID  string
	CreatedAt, ModifiedAt time.Time
	Details               BrandingDetails
}

// BrandingDetails is everything about a style that is only read with it.
type BrandingDetails struct {
	Provided bool            `json:",omitzero"` // UseCognitoProvidedValues
	Settings json.RawMessage `json:",omitzero"` // what was set, as it was given
	Assets   []BrandingAsset `json:",omitzero"`
}

// BrandingAsset is the place of an image in a style.
type BrandingAsset struct {
	Category   api.AssetCategoryType
	ColorMode  api.ColorSchemeModeType
	Extension  api.AssetExtensionType
	ResourceID string `json:",omitzero"`
	Original   string // hash of the Asset as it was given
	Served     string // hash of the Asset that pages show
	// ContentType is that of Served.
	ContentType string
}

// Customization is the look of classic pages.
type Customization struct {
	PoolID                string
	ClientID              string // AllClients: of the pool
	CreatedAt, ModifiedAt time.Time
	Details               CustomizationDetails
}

// AllClients stands for the look that a pool's clients have without their own.
const AllClients = "ALL"

// CustomizationDetails is everything about a look that is only read with it.
type CustomizationDetails struct {
	CSS      *string `json:",omitzero"` // as it was given
	Filtered string  `json:",omitzero"` // what pages show of CSS
	Logo     string  `json:",omitzero"` // hash of the Asset
}

const (
	brandingColumns = `pool_id, id, client_id, created_ms, modified_ms, doc`

	insertBranding         = `INSERT INTO brandings (` + brandingColumns + `) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	selectBranding         = `SELECT ` + brandingColumns + ` FROM brandings WHERE pool_id = $1 AND id = $2`
	selectBrandingOfClient = `SELECT ` + brandingColumns + ` FROM brandings WHERE pool_id = $1 AND client_id = $2`
	lockBranding           = `UPDATE brandings SET modified_ms = modified_ms WHERE pool_id = $1 AND id = $2`
	updateBranding         = `UPDATE brandings SET modified_ms = $3, doc = $4 WHERE pool_id = $1 AND id = $2`
	deleteBranding         = `DELETE FROM brandings WHERE pool_id = $1 AND id = $2`
	countBrandings         = `SELECT COUNT(*) FROM brandings WHERE pool_id = $1`

	saveCustomization = `INSERT INTO customizations (pool_id, owner, client_id, created_ms, modified_ms, doc) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (pool_id, owner) DO UPDATE SET modified_ms = excluded.modified_ms, doc = excluded.doc`
	selectCustomization = `SELECT pool_id, owner, created_ms, modified_ms, doc FROM customizations WHERE pool_id = $1 AND owner = $2`
	deleteCustomization = `DELETE FROM customizations WHERE pool_id = $1 AND owner = $2`
)

func scanBranding(s scanner) (*Branding, error) {
	var b Branding
	var created, modified int64
	var doc string
	if err := s.Scan(&b.PoolID, &b.ID, &b.ClientID, &created, &modified, &doc); err != nil {
		return nil, err
	}
	b.CreatedAt, b.ModifiedAt = fromMS(created), fromMS(modified)
	if err := json.Unmarshal([]byte(doc), &b.Details); err != nil {
		return nil, fmt.Errorf("read style %s: %w", b.ID, err)
	}
	return &b, nil
}

func (b *Branding) doc() (string, error) {
	doc, err := json.Marshal(b.Details)
	if err != nil {
		return "", fmt.Errorf("write style %s: %w", b.ID, err)
	}
	return string(doc), nil
}

func noBranding(id string) error {
	return api.ResourceNotFoundException("Managed login branding %s does not exist.", id)
}

// InsertBranding adds a style; false means that the client has one.
func (tx *Tx) InsertBranding(ctx context.Context, b *Branding) (bool, error) {
	doc, err := b.doc()
	if err != nil {
		return false, err
	}
	n, err := tx.change(ctx, insertBranding, b.PoolID, b.ID, b.ClientID, toMS(b.CreatedAt), toMS(b.ModifiedAt), doc)
	if err != nil {
		return false, fmt.Errorf("insert style %s: %w", b.ID, err)
	}
	return n == 1, nil
}

// Branding finds a style of a pool; ResourceNotFoundException when there is none.
func (tx *Tx) Branding(ctx context.Context, poolID, id string) (*Branding, error) {
	b, found, err := one(ctx, tx, scanBranding, selectBranding, poolID, id)
	if err != nil {
		return nil, fmt.Errorf("load style %s: %w", id, err)
	}
	if !found {
		return nil, noBranding(id)
	}
	return b, nil
}

// LockBranding is Branding, and nobody else changes the style until the
// transaction ends.
func (tx *Tx) LockBranding(ctx context.Context, poolID, id string) (*Branding, error) {
	if _, err := tx.change(ctx, lockBranding, poolID, id); err != nil {
		return nil, fmt.Errorf("lock style %s: %w", id, err)
	}
	return tx.Branding(ctx, poolID, id)
}

// BrandingOfClient finds the style of a client; false means that it has none.
func (tx *Tx) BrandingOfClient(ctx context.Context, poolID, clientID string) (*Branding, bool, error) {
	b, found, err := one(ctx, tx, scanBranding, selectBrandingOfClient, poolID, clientID)
	if err != nil {
		return nil, false, fmt.Errorf("load style of client %s: %w", clientID, err)
	}
	return b, found, nil
}

// SaveBranding writes a style; ResourceNotFoundException when it is gone.
func (tx *Tx) SaveBranding(ctx context.Context, b *Branding) error {
	doc, err := b.doc()
	if err != nil {
		return err
	}
	n, err := tx.change(ctx, updateBranding, b.PoolID, b.ID, toMS(b.ModifiedAt), doc)
	if err != nil {
		return fmt.Errorf("save style %s: %w", b.ID, err)
	}
	if n == 0 {
		return noBranding(b.ID)
	}
	return nil
}

// DeleteBranding removes a style; ResourceNotFoundException when there is none.
// Its images are the business of UseAssets.
func (tx *Tx) DeleteBranding(ctx context.Context, poolID, id string) error {
	n, err := tx.change(ctx, deleteBranding, poolID, id)
	if err != nil {
		return fmt.Errorf("delete style %s: %w", id, err)
	}
	if n == 0 {
		return noBranding(id)
	}
	return nil
}

// CountBrandings tells how many styles a pool has.
func (tx *Tx) CountBrandings(ctx context.Context, poolID string) (int64, error) {
	n, _, err := one(ctx, tx, scanInt, countBrandings, poolID)
	if err != nil {
		return 0, fmt.Errorf("count styles of pool %s: %w", poolID, err)
	}
	return n, nil
}

// SaveCustomization sets the look of classic pages of a client or of all. A look
// that is there keeps the time when it was made.
func (tx *Tx) SaveCustomization(ctx context.Context, c *Customization) error {
	doc, err := json.Marshal(c.Details)
	if err != nil {
		return fmt.Errorf("write look of client %s: %w", c.ClientID, err)
	}
	client := orNull(c.ClientID)
	if c.ClientID == AllClients {
		client = nil
	}
	_, err = tx.change(ctx, saveCustomization, c.PoolID, c.ClientID, client, toMS(c.CreatedAt), toMS(c.ModifiedAt), string(doc))
	if err != nil {
		return fmt.Errorf("save look of client %s: %w", c.ClientID, err)
	}
	return nil
}

// Customization finds the look set for a client, or with AllClients for all;
// false means that there is none.
func (tx *Tx) Customization(ctx context.Context, poolID, clientID string) (*Customization, bool, error) {
	c, found, err := one(ctx, tx, func(s scanner) (*Customization, error) {
		var c Customization
		var created, modified int64
		var doc string
		if err := s.Scan(&c.PoolID, &c.ClientID, &created, &modified, &doc); err != nil {
			return nil, err
		}
		c.CreatedAt, c.ModifiedAt = fromMS(created), fromMS(modified)
		return &c, json.Unmarshal([]byte(doc), &c.Details)
	}, selectCustomization, poolID, clientID)
	if err != nil {
		return nil, false, fmt.Errorf("load look of client %s: %w", clientID, err)
	}
	return c, found, nil
}

// DeleteCustomization removes a look, where there is one.
func (tx *Tx) DeleteCustomization(ctx context.Context, poolID, clientID string) error {
	if _, err := tx.change(ctx, deleteCustomization, poolID, clientID); err != nil {
		return fmt.Errorf("delete look of client %s: %w", clientID, err)
	}
	return nil
}

package usersessions

import (
	"context"
	"net/netip"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tracking"
	"cognate/internal/store"
)

// inForce are the sessions of a user: those of tokens, and those of browsers.
type inForce struct {
	tokens   []*store.UserSession
	browsers []*store.SSOSession
}

// find reads the sessions of a user; there are none where none are tracked.
func (o *Operations) find(ctx context.Context, tx *store.Tx, pool *directory.Pool, sub string) (found inForce, err error) {
	if !pool.TracksSessions() {
		return found, nil
	}
	if found.tokens, err = o.Tracker.List(ctx, tx, pool, sub); err != nil {
		return found, err
	}
	found.browsers, err = o.Tracker.Browsers(ctx, tx, pool, sub)
	return found, err
}

// describe shows sessions, the latest activity first; that of the family current
// is marked.
func (o *Operations) describe(f inForce, current string) []api.SessionDescriptionType {
	list := make([]api.SessionDescriptionType, 0, len(f.tokens)+len(f.browsers))
	for _, s := range f.tokens {
		shown := api.SessionDescriptionType{
			SessionId:        s.ID,
			SessionType:      api.SessionTypeTypeToken,
			ClientId:         s.ClientID,
			OriginSessionId:  s.SSOID,
			CreateDate:       api.TimeOf(s.CreatedAt),
			LastActiveDate:   api.TimeOf(s.ActiveAt),
			IsCurrentSession: s.FamilyID == current,
		}
		list = append(list, o.at(shown, s.LastIP, s.Device))
	}
	for _, s := range f.browsers {
		list = append(list, o.at(api.SessionDescriptionType{
			SessionId:      s.ID,
			SessionType:    api.SessionTypeTypeSso,
			ClientId:       s.ClientID,
			CreateDate:     api.TimeOf(s.CreatedAt),
			LastActiveDate: api.TimeOf(s.ActiveAt),
		}, s.LastIP, s.Device))
	}
	slices.SortStableFunc(list, func(a, b api.SessionDescriptionType) int {
		return b.LastActiveDate.Compare(a.LastActiveDate.Time)
	})
	return list
}

// at adds where a session was used last.
func (o *Operations) at(shown api.SessionDescriptionType, ip, device string) api.SessionDescriptionType {
	shown.DeviceType, shown.LastLocation = &device, o.locate(ip)
	if ip != "" {
		shown.LastIPAddress = &ip
	}
	return shown
}

// locate says where an address is, as far as that is known.
func (o *Operations) locate(ip string) *api.SessionLocationType {
	country := tracking.Unknown
	location := &api.SessionLocationType{Country: &country}
	addr, err := netip.ParseAddr(ip)
	if err != nil || o.Locate == nil {
		return location
	}
	place, ok := o.Locate(addr)
	if ok && place.CountryName != "" {
		country = place.CountryName
	}
	if ok && place.City != "" {
		location.City = &place.City
	}
	return location
}

// ending is the wish to end a session of a user.
type ending struct {
	pool    *directory.Pool
	sub, id string
	linked  bool   // end what belongs to it as well
	kept    string // the family that the caller uses, which goes on; empty: none
}

// linked reports whether RevokeAssociatedSessions asks for more than one session.
func linked(r api.RevokeAssociatedSessionsType) bool {
	return r == api.RevokeAssociatedSessionsTypeLinked
}

// end ends a session in force (newest-features.md §5.1). Linked, a token session
// takes the browser's session along that it came from, but not its siblings; a
// browser's session takes all that came from it, but for the caller's own.
func (o *Operations) end(ctx context.Context, tx *store.Tx, e ending) error {
	found, err := o.find(ctx, tx, e.pool, e.sub)
	if err != nil {
		return err
	}
	for _, s := range found.tokens {
		switch {
		case s.ID != e.id:
			continue
		case s.FamilyID == e.kept:
			return api.InvalidParameterException("The current session cannot be revoked. Sign out instead.")
		}
		if e.linked && s.SSOID != "" {
			if _, err := tx.EndSSOSession(ctx, e.pool.ID, s.SSOID); err != nil {
				return err
			}
		}
		return tx.EndUserSession(ctx, s, o.Now())
	}
	if !slices.ContainsFunc(found.browsers, func(s *store.SSOSession) bool { return s.ID == e.id }) {
		return api.ResourceNotFoundException("Session does not exist.")
	}
	if _, err := tx.EndSSOSession(ctx, e.pool.ID, e.id); err != nil || !e.linked {
		return err
	}
	for _, s := range found.tokens {
		if s.SSOID != e.id || s.FamilyID == e.kept {
			continue
		}
		if err := tx.EndUserSession(ctx, s, o.Now()); err != nil {
			return err
		}
	}
	// Those without a record, from before sessions were tracked, go as well.
	return tx.RevokeFamiliesOfSSO(ctx, e.pool.ID, e.sub, e.id, e.kept, o.Now())
}

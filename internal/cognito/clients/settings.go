package clients

import (
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// Defaults of a client made with a name only (spec/recorded.md §3.2).
const (
	defaultRefreshDays    = 30
	defaultSessionMinutes = 3
)

func settingsOfCreate(in *api.CreateUserPoolClientRequest) api.UserPoolClientType {
	return api.UserPoolClientType{
		AccessTokenValidity:                      in.AccessTokenValidity,
		AllowedOAuthFlows:                        in.AllowedOAuthFlows,
		AllowedOAuthFlowsUserPoolClient:          &in.AllowedOAuthFlowsUserPoolClient,
		AllowedOAuthScopes:                       in.AllowedOAuthScopes,
		AnalyticsConfiguration:                   in.AnalyticsConfiguration,
		AuthSessionValidity:                      in.AuthSessionValidity,
		CallbackURLs:                             in.CallbackURLs,
		DefaultRedirectURI:                       in.DefaultRedirectURI,
		EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData,
		EnableTokenRevocation:                    in.EnableTokenRevocation,
		ExplicitAuthFlows:                        in.ExplicitAuthFlows,
		IdTokenValidity:                          in.IdTokenValidity,
		LogoutURLs:                               in.LogoutURLs,
		PreventUserExistenceErrors:               in.PreventUserExistenceErrors,
		ReadAttributes:                           in.ReadAttributes,
		RefreshTokenRotation:                     in.RefreshTokenRotation,
		RefreshTokenValidity:                     in.RefreshTokenValidity,
		SupportedIdentityProviders:               in.SupportedIdentityProviders,
		TokenValidityUnits:                       in.TokenValidityUnits,
		WriteAttributes:                          in.WriteAttributes,
	}
}

func settingsOfUpdate(in *api.UpdateUserPoolClientRequest) api.UserPoolClientType {
	return api.UserPoolClientType{
		AccessTokenValidity:                      in.AccessTokenValidity,
		AllowedOAuthFlows:                        in.AllowedOAuthFlows,
		AllowedOAuthFlowsUserPoolClient:          &in.AllowedOAuthFlowsUserPoolClient,
		AllowedOAuthScopes:                       in.AllowedOAuthScopes,
		AnalyticsConfiguration:                   in.AnalyticsConfiguration,
		AuthSessionValidity:                      in.AuthSessionValidity,
		CallbackURLs:                             in.CallbackURLs,
		DefaultRedirectURI:                       in.DefaultRedirectURI,
		EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData,
		EnableTokenRevocation:                    in.EnableTokenRevocation,
		ExplicitAuthFlows:                        in.ExplicitAuthFlows,
		IdTokenValidity:                          in.IdTokenValidity,
		LogoutURLs:                               in.LogoutURLs,
		PreventUserExistenceErrors:               in.PreventUserExistenceErrors,
		ReadAttributes:                           in.ReadAttributes,
		RefreshTokenRotation:                     in.RefreshTokenRotation,
		RefreshTokenValidity:                     in.RefreshTokenValidity,
		SupportedIdentityProviders:               in.SupportedIdentityProviders,
		TokenValidityUnits:                       in.TokenValidityUnits,
		WriteAttributes:                          in.WriteAttributes,
	}
}

// configure fills in what every client shows. Empty lists count as absent.
func configure(c api.UserPoolClientType) api.UserPoolClientType {
	if c.TokenValidityUnits == nil {
		c.TokenValidityUnits = &api.TokenValidityUnitsType{}
	}
	if c.RefreshTokenValidity == nil || *c.RefreshTokenValidity == 0 {
		c.RefreshTokenValidity = new(defaultRefresh(c.TokenValidityUnits.RefreshToken))
	}
	if c.AuthSessionValidity == nil {
		c.AuthSessionValidity = new(int32(defaultSessionMinutes))
	}
	if c.EnableTokenRevocation == nil {
		c.EnableTokenRevocation = new(true)
	}
	if c.EnablePropagateAdditionalUserContextData == nil {
		c.EnablePropagateAdditionalUserContextData = new(false)
	}
	c.ExplicitAuthFlows = orderedFlows(c.ExplicitAuthFlows)
	c.AllowedOAuthFlows = orAbsent(c.AllowedOAuthFlows)
	c.AllowedOAuthScopes = orAbsent(c.AllowedOAuthScopes)
	c.CallbackURLs = orAbsent(c.CallbackURLs)
	c.LogoutURLs = orAbsent(c.LogoutURLs)
	c.ReadAttributes = orAbsent(c.ReadAttributes)
	c.WriteAttributes = orAbsent(c.WriteAttributes)
	c.SupportedIdentityProviders = orAbsent(c.SupportedIdentityProviders)
	return c
}

// defaultRefresh is 30 days in the unit that the client chose.
func defaultRefresh(unit api.TimeUnitsType) int32 {
	const day = 24 * time.Hour
	return int32(defaultRefreshDays * day / directory.UnitLength(unit, day))
}

// orAbsent makes an empty list an absent one.
func orAbsent[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// subject is a client about to be stored, and what the checks of it need.
type subject struct {
	registered   bool // it has registered itself
	pool         *api.UserPoolType
	client       *api.UserPoolClientType
	servers      []*store.ResourceServer // of the pool
	providers    []*store.IdentityProvider
	confidential bool   // it has a secret
	verb         string // "creating" or "updating", as messages say it
}

// check looks at a client's settings as a whole.
func check(s *subject) error {
	for _, step := range []func(*subject) error{
		checkValidity,
		checkFlows,
		checkRotation,
		checkRedirects,
		checkOAuth,
		checkRegistered,
		checkProviders,
		checkPermissions,
		checkContextData,
		checkAnalytics,
	} {
		if err := step(s); err != nil {
			return err
		}
	}
	return nil
}

func checkContextData(s *subject) error {
	if *s.client.EnablePropagateAdditionalUserContextData && !s.confidential {
		return api.InvalidParameterException("EnablePropagateAdditionalUserContextData can only be enabled for a client with a client secret.")
	}
	return nil
}

// checkAnalytics takes an application by its ARN alone, or by its id with the
// role to write to it.
func checkAnalytics(s *subject) error {
	c := s.client.AnalyticsConfiguration
	if c == nil {
		return nil
	}
	byARN := c.ApplicationArn != ""
	byID := given(c.ApplicationId) && c.RoleArn != "" && given(c.ExternalId)
	if byARN == byID || byARN && (given(c.ApplicationId) || given(c.ExternalId)) {
		return api.InvalidParameterException("Invalid analytics configuration given, either <application arn> or <application id, role arn, external id> are valid")
	}
	return nil
}

func given(text *string) bool { return text != nil && *text != "" }

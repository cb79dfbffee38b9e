package server

import (
	"fmt"

	"cognate/internal/api"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/branding"
	"cognate/internal/cognito/clients"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/devices"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/domains"
	"cognate/internal/cognito/factors"
	"cognate/internal/cognito/groups"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/idp"
	"cognate/internal/cognito/importfiles"
	"cognate/internal/cognito/imports"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/logs"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/notices"
	"cognate/internal/cognito/paging"
	"cognate/internal/cognito/passkeys"
	"cognate/internal/cognito/pools"
	"cognate/internal/cognito/providers"
	"cognate/internal/cognito/quotas"
	"cognate/internal/cognito/resourceservers"
	"cognate/internal/cognito/risk"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/signin"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/style"
	"cognate/internal/cognito/terms"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/tracking"
	"cognate/internal/cognito/triggers"
	"cognate/internal/cognito/users"
	"cognate/internal/cognito/usersessions"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/outbound/logsinks"
	"cognate/internal/outbound/mail"
	"cognate/internal/outbound/oidc"
	"cognate/internal/outbound/remotests"
	"cognate/internal/outbound/sms"
	"cognate/internal/store"
)

// parts are what the operations share.
type parts struct {
	cfg         Config
	db          *store.DB
	directory   *directory.Directory
	styles      *style.Styles
	credentials *credentials.Credentials
	tokens      *tokens.Tokens
	identities  *identitytokens.Tokens // of identity pools
	messages    *messages.Messages
	triggers    *triggers.Triggers
	mailer      *triggers.Mailer
	threats     *threats.Threats
	paging      paging.Paging
	cores       limits.Cores
	rates       limits.Rates
	selfService limits.SelfService
	quotas      *quotas.Quotas
	targets     *logsinks.Targets
	logs        *logs.Logs // of user pools
	tracker     *tracking.Tracker
	browsers    *sso.Sessions
	asker       *oidc.Client // of identity providers
	access      *access.Access
	outside     *webidentity.Verifier // of tokens from elsewhere
	remoteSTS   *remotests.Client     // nil: credentials are this installation's own
	saml        *idp.SAML
	uploads     *importfiles.Uploads
	importer    *imports.Runner
	operations  *service // once service has made them
}

func (s *Server) parts() (*parts, error) {
	p := &parts{cfg: s.cfg, db: s.db, paging: paging.Paging{Key: s.db.Key("paging")}}
	p.cores = limits.NewCores()
	var err error
	if p.rates, err = s.cfg.rates(); err != nil {
		return nil, err
	}
	p.selfService = limits.SelfService{Now: s.cfg.Now, Rates: p.rates, Countries: s.cfg.SMSCountries}
	p.browsers = &sso.Sessions{DB: s.db, Now: s.cfg.Now}
	p.tracker = &tracking.Tracker{DB: s.db, Now: s.cfg.Now}
	p.directory = directory.New(s.db, s.cfg.Now)
	p.styles = style.NewStyles(s.db, s.cfg.Now)
	p.directory.DomainSuffix = s.cfg.DomainSuffix
	p.credentials = &credentials.Credentials{DB: s.db, Now: s.cfg.Now, Cores: p.cores}
	p.tokens = &tokens.Tokens{DB: s.db, Directory: p.directory, Issuer: s.cfg.issuer, Now: s.cfg.Now, Cores: p.cores}
	p.identities = &identitytokens.Tokens{DB: s.db, Source: s.cfg.Keys, Issuer: s.cfg.IdentityIssuerURL, Now: s.cfg.Now, Cores: p.cores}
	email, text, err := s.transports()
	if err != nil {
		return nil, err
	}
	if s.targets, err = s.logTargets(); err != nil {
		return nil, err
	}
	p.targets = s.targets
	p.logs = s.openLogs(p.directory)
	p.messages = messages.New(messages.Config{
		DB: s.db, Logs: p.logs, Now: s.cfg.Now, Log: s.cfg.Log, DomainURL: s.DomainURL, Mail: email, SMS: text,
		Functions: s.errands(),
	})
	p.triggers = s.triggers()
	p.mailer = &triggers.Mailer{DB: s.db, Messages: p.messages, Triggers: p.triggers}
	if p.threats, err = s.openThreats(p); err != nil {
		return nil, err
	}
	p.asker, p.saml = s.identityProviders()
	s.openImports(p)
	p.outside = p.outsideTokens()
	if p.remoteSTS, err = s.cfg.remoteSTS(); err != nil {
		return nil, err
	}
	p.access, err = s.openAccess()
	return p, err
}

// transports gives the ways out for mail and text messages. The settings win;
// in dev the inbox takes what has no other way, and a copy of the rest.
func (s *Server) transports() (email, text messages.Transport, err error) {
	email, text = s.cfg.Mail, s.cfg.SMS
	if s.cfg.SMTPURL != "" {
		sender, err := mail.Parse(s.cfg.SMTPURL)
		if err != nil {
			return nil, nil, fmt.Errorf("smtp-url: %w", err)
		}
		sender.InWrite = store.InWrite
		email = messages.OverSMTP(sender)
	}
	if s.cfg.SMSURL != "" {
		webhook, err := sms.Parse(s.cfg.SMSURL, s.cfg.Now)
		if err != nil {
			return nil, nil, fmt.Errorf("sms-url: %w", err)
		}
		webhook.InWrite = store.InWrite
		text = messages.OverWebhook(webhook)
	}
	return s.throughInbox(email), s.throughInbox(text), nil
}

// throughInbox puts the inbox, where there is one, before a transport or in
// the place of a missing one.
func (s *Server) throughInbox(t messages.Transport) messages.Transport {
	switch {
	case s.inbox == nil:
		return t
	case t == nil:
		return s.inbox
	}
	return s.inbox.Before(t)
}

func (p *parts) service() api.Service {
	c := p.cfg
	ceilings, _ := c.ceilings() // check has seen them
	p.operations = &service{
		poolOps: &pools.Operations{
			DB: p.db, Directory: p.directory, Paging: p.paging, Keys: c.Keys, Now: c.Now,
			Region: c.Region, AccountID: c.AccountID, AllowChosenIDs: c.Mode == Dev,
			CheckLogTarget: p.targets.Check,
		},
		clientOps: &clients.Operations{DB: p.db, Directory: p.directory, Paging: p.paging, Now: c.Now},
		domainOps: &domains.Operations{
			DB: p.db, Directory: p.directory, Now: c.Now, AccountID: c.AccountID,
			Endpoint: c.publicHost(), Ours: c.hostNames().reserved, Resolve: c.Resolve,
		},
		serverOps: &resourceservers.Operations{DB: p.db, Directory: p.directory, Paging: p.paging, Now: c.Now},
		brandOps:  &branding.Operations{DB: p.db, Directory: p.directory, Styles: p.styles, Now: c.Now, ImageURL: c.imageURL},
		idpOps: &providers.Operations{
			DB: p.db, Now: c.Now, Directory: p.directory, Paging: p.paging, SAML: p.saml, Asker: p.asker, TestClient: c.testClient(),
			Audit: audit.Trail{Log: c.Log},
		},
		quotaOps:  &quotas.Operations{DB: p.db, Quotas: p.quotas, Ceilings: ceilings},
		importOps: p.importOperations(),
		termsOps:  &terms.Operations{DB: p.db, Directory: p.directory, Paging: p.paging, Now: c.Now},
		groupOps:  &groups.Operations{DB: p.db, Directory: p.directory, Paging: p.paging, Now: c.Now},
		trackOps:  &usersessions.Operations{DB: p.db, Directory: p.directory, Tokens: p.tokens, Tracker: p.tracker, Now: c.Now, Locate: p.threats.Locate},
		riskOps: &risk.Operations{
			DB: p.db, Now: c.Now, Directory: p.directory, Paging: p.paging, Messages: p.messages, Threats: p.threats,
		},
		deviceOps: &devices.Operations{DB: p.db, Directory: p.directory, Tokens: p.tokens, Paging: p.paging, Now: c.Now},
		factorOps: &factors.Operations{
			DB: p.db, Now: c.Now, Directory: p.directory, Tokens: p.tokens,
			Sessions: &sessions.Sealer{Key: p.db.Key("sessions"), Now: c.Now},
			Notices:  notices.Notices{Messages: p.messages, Limits: p.selfService},
			Audit:    audit.Trail{Log: c.Log},
		},
		userOps: &users.Operations{
			DB: p.db, Now: c.Now, Directory: p.directory, Credentials: p.credentials, Tokens: p.tokens,
			Codes:    &codes.Codes{Key: p.db.Key("codes"), Now: c.Now},
			Sessions: &sessions.Sealer{Key: p.db.Key("sessions"), Now: c.Now},
			Limits:   p.selfService,
			Messages: p.messages, Mailer: p.mailer, Triggers: p.triggers, Threats: p.threats, Paging: p.paging, DecoyKey: p.db.Key("decoys"),
		},
		passkeyOps: &passkeys.Operations{
			DB: p.db, Now: c.Now, Tokens: p.tokens, Paging: p.paging,
			Notices: notices.Notices{Messages: p.messages, Limits: p.selfService},
		},
		signinOps: &signin.Operations{
			DB: p.db, Now: c.Now, Directory: p.directory, Credentials: p.credentials, Tokens: p.tokens,
			Sessions: &sessions.Sealer{Key: p.db.Key("sessions"), Now: c.Now},
			Guesses:  &limits.Guesses{Now: c.Now, PerSource: p.rates.Failures, PerPool: p.rates.PoolFailures},
			Lockout:  limits.Lockout{Now: c.Now}, Tracker: p.tracker, Browsers: p.browsers, Cores: p.cores, DecoyKey: p.db.Key("decoys"),
			Messages: p.messages, Mailer: p.mailer, Triggers: p.triggers, Threats: p.threats, Limits: p.selfService,
			Audit: audit.Trail{Log: c.Log}, OldPools: p.oldPools(),
		},
	}
	p.operations.oauthOps = &authorization.Operations{
		DB: p.db, Now: c.Now, Directory: p.directory, Tokens: p.tokens, Sessions: p.browsers, Tracker: p.tracker,
		Triggers: p.triggers, Clients: p.operations.clientOps, Limits: p.selfService,
	}
	return p.operations
}

package store

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Every statement that a request may run finds its rows by an index: a scan
// would only show with a million users.
func TestStatementsUseTheirIndexes(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Config{Memory: true, Now: func() time.Time { return time.UnixMilli(1) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	list := func(q UserQuery) string {
		q.PoolID, q.After = "p", &UserCursor{}
		s, err := q.statement(10)
		if err != nil {
			t.Fatal(err)
		}
		return s.text()
	}
	tests := []struct{ name, query, want string }{
		{"selectPool", selectPool, "pools"},
		{"lockPool", lockPool, "pools"},
		{"listPools", listPools, "pools_by_region (region=? AND id>?)"},
		{"selectSigningKeys", selectSigningKeys, "signing_keys_1 (pool_id=?)"},
		{"countUsers", countUsers, "pool_users_count_1 (pool_id=?)"},
		{"selectClient", selectClient, "clients_1 (pool_id=? AND id=?)"},
		{"selectPoolClient", selectPoolClient, "clients_1 (pool_id=? AND id=?)"},
		{"listClients", listClients, "clients_1 (pool_id=? AND id>?)"},
		{"selectUser", selectUser, "users_1 (pool_id=? AND sub=?)"},
		{"selectUserByName", selectUserByName, "user_names_1 (pool_id=? AND name=?)"},
		{"lockUser", lockUser, "users_1 (pool_id=? AND sub=?)"},
		{"updateUser", updateUser, "users_1 (pool_id=? AND sub=?)"},
		{"selectNames", selectNames, "user_names_by_user (pool_id=? AND sub=?)"},
		{"selectOwner", selectOwner, "user_names_1 (pool_id=? AND name=?)"},
		{"selectHistory", selectHistory, "password_history_1 (pool_id=? AND sub=?)"},
		{"selectPasskeys", selectPasskeys, "passkeys_by_user (pool_id=? AND sub=?)"},
		{"usePasskey", usePasskey, "passkeys_1 (pool_id=? AND id=?)"},
		{"selectTOTP", selectTOTP, "totp_1 (pool_id=? AND sub=?)"},
		{"selectDevice", selectDevice, "devices_1 (pool_id=? AND sub=? AND id=?)"},
		{"listDevices", listDevices, "devices_1 (pool_id=? AND sub=? AND id>?)"},
		{"listRemembered", listRemembered, "devices_1 (pool_id=? AND sub=? AND id>?)"},
		{"endDevice", endDevice, "families_by_user (pool_id=? AND sub=?)"},
		{"unbindDevice", unbindDevice, "families_by_user (pool_id=? AND sub=?)"},
		{"listUserSessions", listUserSessions, "user_sessions_by_user (pool_id=? AND sub=?)"},
		{"touchUserSession", touchUserSession, "user_sessions_by_family (pool_id=? AND family_id=?)"},
		{"dropUserSessions", dropUserSessions, "(pool_id=?)"},
		{"selectAttempts", selectAttempts, "attempts_1 (pool_id=? AND subject=? AND kind=?)"},
		{"sumAttempts", sumAttempts, "attempts_1 (pool_id=? AND subject=?)"},
		{"takeTicket", takeTicket, "tickets_1 (pool_id=? AND kind=? AND id=?)"},
		{"selectTicket", selectTicket, "tickets_1 (pool_id=? AND kind=? AND id=?)"},
		{"selectSession", selectSession, "families_1 (pool_id=? AND id=?)"},
		{"selectRefresh", selectRefresh, "refresh_tokens_1 (pool_id=? AND digest=?)"},
		{"useRefresh", useRefresh, "refresh_tokens_1 (pool_id=? AND digest=?)"},
		{"revokeUserFamilies", revokeUserFamilies, "families_by_user (pool_id=? AND sub=?)"},
		{"selectGroup", selectGroup, "groups_1 (pool_id=? AND name=?)"},
		{"listGroups", listGroups, "groups_1 (pool_id=? AND name>?)"},
		{"groupsOfUser", groupsOfUser, "memberships_by_user (pool_id=? AND sub=? AND group_name>?)"},
		{"usersInGroup", usersInGroup, "memberships_1 (pool_id=? AND group_name=? AND sub>?)"},
		{"selectDomain", selectDomain, "domains_1 (name=?)"},
		{"domainsOfPool", domainsOfPool, "domains_by_pool (pool_id=?)"},
		{"selectResourceServer", selectResourceServer, "resource_servers_1 (pool_id=? AND identifier=?)"},
		{"listResourceServers", listResourceServers, "resource_servers_1 (pool_id=? AND identifier>?)"},
		{"selectAsset", selectAsset, "assets_1 (pool_id=? AND hash=?)"},
		{"deleteAssetUses", deleteAssetUses, "asset_uses_by_owner (pool_id=? AND owner=?)"},
		{"selectBranding", selectBranding, "brandings_1 (pool_id=? AND id=?)"},
		{"selectBrandingOfClient", selectBrandingOfClient, "brandings_by_client (pool_id=? AND client_id=?)"},
		{"selectCustomization", selectCustomization, "customizations_1 (pool_id=? AND owner=?)"},
		{"termsOfClient", termsOfClient, "terms_by_client (pool_id=? AND client_id=?)"},
		{"listTerms", listTerms, "terms_1 (pool_id=? AND id>?)"},
		{"selectIdentityPool", selectIdentityPool, "identity_pools_1 (id=?)"},
		{"listIdentityPools", listIdentityPools, "identity_pools_by_region (region=? AND id>?)"},
		{"selectPoolIdentity", selectPoolIdentity, "identity_logins_by_identity (identity_id=?)"},
		{"selectByLogin", selectByLogin, "identity_logins_1 (pool_id=? AND provider=? AND subject_key=?)"},
		{"moveIdentityLogins", moveIdentityLogins, "identity_logins_by_identity (identity_id=?)"},
		{"selectImport", selectImport, "import_jobs_1 (pool_id=? AND id=?)"},
		{"countImports", countImports, "(pool_id=?)"},
		{"listImports", listImports, "import_jobs_by_created (pool_id=? AND (created_ms,id)<(?,?))"},
		{"staleImports", staleImports, "import_jobs_by_status (status=? AND created_ms<?)"},
		{"selectRunning", selectRunning, "(slot=?)"},
		{"selectPiece", selectPiece, "import_pieces_1 (pool_id=? AND job_id=? AND upload=? AND n=?)"},
		{"deletePieces", deletePieces, "import_pieces_1 (pool_id=? AND job_id=? AND upload=?)"},
		{"findNames", findNames, "user_names_1 (pool_id=? AND name=?)"},
		{"selectAccessUser", selectAccessUser, "access_users_folded (<expr>=?)"},
		{"keysOfUser", keysOfUser, "access_keys_by_user (user_name=?)"},
		{"selectRole", selectRole, "access_roles_folded (<expr>=?)"},
		{"dueOutbox", dueOutbox, "outbox_by_next (medium=? AND next_ms<?)"},
		{"newest users", list(UserQuery{}), "users_by_created (pool_id=? AND (created_ms,sub)<(?,?))"},
		{"disabled users", list(UserQuery{Column: ColumnEnabled, Value: "false"}), "users_disabled (pool_id=?"},
		{"users by status", list(UserQuery{Column: ColumnStatus}), "users_by_status (pool_id=? AND status=?"},
		{"users by sub prefix", list(UserQuery{Column: ColumnSub, Op: OpPrefix, Value: "a"}), "users_1 (pool_id=? AND sub>? AND sub<?)"},
		{"users by e-mail", list(UserQuery{Column: ColumnEmail}), "users_by_email (pool_id=? AND email=?"},
		{"users by e-mail prefix", list(UserQuery{Column: ColumnEmail, Op: OpPrefix, Value: "a"}), "users_by_email (pool_id=? AND email>"},
		{"users by family name prefix", list(UserQuery{Column: ColumnFamilyName, Op: OpPrefix, Value: "a"}), "users_by_family_name (pool_id=? AND family_name>"},
		{"users by user name", list(UserQuery{Column: ColumnUsername}), "users_by_username (pool_id=? AND username=?"},
	}
	for _, p := range purges {
		tests = append(tests, struct{ name, query, want string }{"purge " + p.what, p.text, "<?)"})
	}
	for _, test := range tests {
		plan, err := Read(t.Context(), db, func(ctx context.Context, tx *Tx) ([]string, error) {
			return many(ctx, tx, func(s scanner) (detail string, err error) {
				var ignored int64
				err = s.Scan(&ignored, &ignored, &ignored, &detail)
				return detail, err
			}, "EXPLAIN QUERY PLAN "+test.query, argumentsOf(test.query)...)
		})
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		text := strings.Join(plan, "; ")
		scans := strings.Contains(strings.ReplaceAll(text, "SCAN c;", ""), "SCAN ") // c is the page of listClients
		if scans || !strings.Contains(text, test.want) {
			t.Errorf("%s: %s, want %s", test.name, text, test.want)
		}
		if sorts := strings.Contains(text, "TEMP B-TREE"); sorts && strings.Contains(test.name, "users") {
			t.Errorf("%s sorts: %s", test.name, text)
		}
	}
}

// argumentsOf is a value for each placeholder.
func argumentsOf(query string) []any {
	n := 0
	for strings.Contains(query, "$"+strconv.Itoa(n+1)) {
		n++
	}
	return make([]any, n)
}

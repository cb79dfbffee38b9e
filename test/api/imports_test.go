package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

const logsRole = "arn:aws:iam::123456789012:role/CognitoLogs"

// importer is a pool that users are imported into, on a server of its own: one
// import of an installation runs at a time.
type importer struct {
	*servertest.Server
	pool   string
	header []string
}

func newImporter(t *testing.T, change func(*cip.CreateUserPoolInput), options ...servertest.Option) *importer {
	t.Helper()
	i := &importer{Server: servertest.Start(t, options...)}
	i.pool = i.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		if change != nil {
			change(in)
		}
	})
	out, err := i.SDK.GetCSVHeader(t.Context(), &cip.GetCSVHeaderInput{UserPoolId: &i.pool})
	wantOK(t, err)
	i.header = out.CSVHeader
	return i
}

// csv makes a file; each row gives its cells by column.
func (i *importer) csv(rows ...map[string]string) string {
	lines := []string{strings.Join(i.header, ",")}
	for _, row := range rows {
		cells := make([]string, len(i.header))
		for n, column := range i.header {
			cells[n] = strings.ReplaceAll(row[column], ",", `\,`)
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	return strings.Join(lines, "\n") + "\n"
}

// row is somebody whose address is verified; more are pairs of column and cell.
func row(name string, more ...string) map[string]string {
	r := map[string]string{"cognito:username": name, "cognito:mfa_enabled": "FALSE", "email": name + "@example.com", "email_verified": "TRUE"}
	for n := 0; n+1 < len(more); n += 2 {
		r[more[n]] = more[n+1]
	}
	return r
}

// create makes a job by a plain request: the SDK of the tests is older than its
// member for the algorithm.
func (i *importer) create(t *testing.T, algorithm string) *types.UserImportJobType {
	t.Helper()
	in := map[string]string{"UserPoolId": i.pool, "JobName": "move in", "CloudWatchLogsRoleArn": logsRole}
	if algorithm != "" {
		in["PasswordHashingAlgorithm"] = algorithm
	}
	body, err := json.Marshal(in)
	wantOK(t, err)
	answer := i.Call(t, "CreateUserImportJob", string(body))
	var out struct {
		UserImportJob struct{ JobId, PreSignedUrl, PasswordHashingAlgorithm string }
	}
	if err := json.Unmarshal([]byte(answer.Body), &out); err != nil || answer.Status != http.StatusOK || out.UserImportJob.PasswordHashingAlgorithm != algorithm {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	return &types.UserImportJobType{JobId: &out.UserImportJob.JobId, PreSignedUrl: &out.UserImportJob.PreSignedUrl}
}

// put is curl -T.
func (i *importer) put(t *testing.T, url, content string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(content))
	wantOK(t, err)
	r.Header.Set("x-amz-server-side-encryption", "aws:kms")
	answer, err := i.HTTP.Do(r)
	wantOK(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	wantOK(t, err)
	return answer.StatusCode, string(text)
}

func (i *importer) start(t *testing.T, job string) error {
	t.Helper()
	_, err := i.SDK.StartUserImportJob(t.Context(), &cip.StartUserImportJobInput{UserPoolId: &i.pool, JobId: &job})
	return err
}

func (i *importer) describe(t *testing.T, job string) *types.UserImportJobType {
	t.Helper()
	out, err := i.SDK.DescribeUserImportJob(t.Context(), &cip.DescribeUserImportJobInput{UserPoolId: &i.pool, JobId: &job})
	wantOK(t, err)
	return out.UserImportJob
}

// ended waits for the end of a job.
func (i *importer) ended(t *testing.T, job string) *types.UserImportJobType {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		switch j := i.describe(t, job); j.Status {
		case types.UserImportJobStatusTypePending, types.UserImportJobStatusTypeInProgress, types.UserImportJobStatusTypeStopping:
			if time.Now().After(deadline) {
				t.Fatalf("job %s is still %s", job, j.Status)
			}
		default:
			return j
		}
	}
}

// bring runs a job over a file to its end.
func (i *importer) bring(t *testing.T, algorithm, content string) *types.UserImportJobType {
	t.Helper()
	job := i.create(t, algorithm)
	if status, body := i.put(t, *job.PreSignedUrl, content); status != http.StatusOK {
		t.Fatalf("upload: %d %s", status, body)
	}
	wantOK(t, i.start(t, *job.JobId))
	return i.ended(t, *job.JobId)
}

func wantCounts(t *testing.T, j *types.UserImportJobType, status types.UserImportJobStatusType, imported, skipped, failed int64, message string) {
	t.Helper()
	if j.Status != status || j.ImportedUsers != imported || j.SkippedUsers != skipped || j.FailedUsers != failed || aws.ToString(j.CompletionMessage) != message {
		t.Errorf("job is %s with %d imported, %d skipped, %d failed: %q; want %s, %d, %d, %d: %q", j.Status, j.ImportedUsers, j.SkippedUsers,
			j.FailedUsers, aws.ToString(j.CompletionMessage), status, imported, skipped, failed, message)
	}
}

const importDone = "Import Job Completed Successfully."

func TestUsersAreImportedFromAFile(t *testing.T) {
	t.Parallel()
	i := newImporter(t, func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{{Name: aws.String("plan"), AttributeDataType: types.AttributeDataTypeString}}
	})
	wantHeader := strings.Split("name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,"+
		"gender,birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at,custom:plan,cognito:mfa_enabled,cognito:username,password_hash", ",")
	if diff := cmp.Diff(wantHeader, i.header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	slices.Reverse(i.header) // any order will do
	i.CreateUser(t, i.pool, "there", goodPassword)

	made, err := i.SDK.CreateUserImportJob(t.Context(), &cip.CreateUserImportJobInput{
		UserPoolId: &i.pool, JobName: aws.String("move in"), CloudWatchLogsRoleArn: aws.String(logsRole),
	})
	wantOK(t, err)
	job := made.UserImportJob
	if job.Status != types.UserImportJobStatusTypeCreated || !strings.HasPrefix(*job.JobId, "import-") || len(*job.JobId) != 17 ||
		*job.JobName != "move in" || *job.CloudWatchLogsRoleArn != logsRole || *job.UserPoolId != i.pool || job.CreationDate == nil ||
		job.StartDate != nil || job.CompletionDate != nil || job.CompletionMessage != nil {
		t.Errorf("made %+v", job)
	}
	if status, body := i.put(t, *job.PreSignedUrl, i.csv(
		row("ana", "address", "1 High Street, Springfield", "birthdate", "02/29/2000", "updated_at", "1700000000", "custom:plan", "gold"),
		row("there"),
		row("bad", "email_verified", "FALSE"),
		row("ana"), // a second time
		row("bea", "phone_number", "+15555550100", "email_verified", "true"),
	)); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	wantOK(t, i.start(t, *job.JobId))
	end := i.ended(t, *job.JobId)
	wantCounts(t, end, types.UserImportJobStatusTypeSucceeded, 2, 2, 1, importDone)
	if end.StartDate == nil || end.CompletionDate == nil {
		t.Errorf("dates of %+v", end)
	}

	user, err := i.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &i.pool, Username: aws.String("ana")})
	wantOK(t, err)
	got := map[string]string{}
	for _, a := range user.UserAttributes {
		got[*a.Name] = *a.Value
	}
	delete(got, "sub")
	want := map[string]string{
		"email": "ana@example.com", "email_verified": "true", "address": "1 High Street, Springfield", "birthdate": "02/29/2000",
		"updated_at": "1700000000", "custom:plan": "gold",
	}
	if diff := cmp.Diff(want, got); diff != "" || user.UserStatus != types.UserStatusTypeResetRequired || !user.Enabled {
		t.Errorf("user is %s, enabled %v; attributes (-want +got):\n%s", user.UserStatus, user.Enabled, diff)
	}
	if i.Mailbox.Count(i.pool, "ana") != 0 {
		t.Error("an import sends messages")
	}

	// The first sign-in asks for a password, which a code brings.
	for _, hide := range []types.PreventUserExistenceErrorTypes{types.PreventUserExistenceErrorTypesLegacy, types.PreventUserExistenceErrorTypesEnabled} {
		_, err := i.app(t, func(in *cip.CreateUserPoolClientInput) { in.PreventUserExistenceErrors = hide }).tryPassword(t, "ana", goodPassword)
		if hide == types.PreventUserExistenceErrorTypesEnabled {
			wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		} else {
			wantError(t, err, "PasswordResetRequiredException", "Password reset required for the user")
		}
	}
}

// app is an application of the pool's users.
func (i *importer) app(t *testing.T, change func(*cip.CreateUserPoolClientInput)) *app {
	t.Helper()
	return (&app{s: i.Server, pool: i.pool}).withClient(t, change)
}

// The hash of each is of Correct-Horse1!, made by libxcrypt, Python, PHP and
// Python (see the tests of package passwordhash).
var hashes = map[string]string{
	"BCRYPT":        "$2b$12$abcdefghijklmnopqrstuugDyVtHSTx8ZlMQIJEQIuyDnicpCWnwm",
	"SCRYPT":        "16384$8$1$30313233343536373839616263646566$821e8208a25a32c27713c1ecaf5dcbc8e3ebf4fe51aa3a61bf0a5909bbc57fa8",
	"ARGON2ID":      "$argon2id$v=19$m=19456,t=2,p=1$TEdvZEtoUHFmTlFOTXM0OA$TLwJi6kcsinikzoUsZ0dUS46ShWak+8kA1x9Ozm9OZE",
	"PBKDF2_SHA256": "$pbkdf2-sha256$600000$MDEyMzQ1Njc4OWFiY2RlZg$31eTckIN7rkYce31dfCCJrVph6/It4yTr4OjaBY8w5o",
}

func TestImportedHashesSignIn(t *testing.T) {
	t.Parallel()
	i := newImporter(t, nil)
	a := i.app(t, nil)
	for algorithm, hash := range hashes {
		name := strings.ToLower(algorithm[:5])
		end := i.bring(t, algorithm, i.csv(row(name, "password_hash", hash), row(name+"-none"), row(name+"-bad", "password_hash", hash[1:]),
			row(name+"-other", "password_hash", "$1$abc$def")))
		wantCounts(t, end, types.UserImportJobStatusTypeSucceeded, 2, 0, 2, importDone)
		for suffix, want := range map[string]types.UserStatusType{"": types.UserStatusTypeConfirmed, "-none": types.UserStatusTypeResetRequired} {
			user, err := i.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &i.pool, Username: aws.String(name + suffix)})
			wantOK(t, err)
			if user.UserStatus != want {
				t.Errorf("%s%s is %s", name, suffix, user.UserStatus)
			}
		}
		for _, lost := range []string{name + "-bad", name + "-other"} {
			_, err := i.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &i.pool, Username: &lost})
			wantError(t, err, "UserNotFoundException", "User does not exist.")
		}
		// Without a verifier a proof by SRP cannot be right; nor can a wrong password.
		_, err := a.trySRP(t, name, goodPassword)
		wantError(t, err, "NotAuthorizedException", incorrect)
		_, err = a.tryPassword(t, name, "correct-Horse1!")
		wantError(t, err, "NotAuthorizedException", incorrect)
		a.signIn(t, name, goodPassword)
		_, err = a.trySRP(t, name, goodPassword)
		wantOK(t, err)
		a.signIn(t, name, goodPassword)
	}
}

func TestAJobRefusesWhatItsStateDoesNotAllow(t *testing.T) {
	t.Parallel()
	i := newImporter(t, nil)
	job := i.create(t, "")
	stop := func(id string) error {
		_, err := i.SDK.StopUserImportJob(t.Context(), &cip.StopUserImportJobInput{UserPoolId: &i.pool, JobId: &id})
		return err
	}
	unmet := func(err error) {
		t.Helper()
		wantCode(t, err, "PreconditionNotMetException")
	}
	unmet(i.start(t, *job.JobId)) // no file
	unmet(stop(*job.JobId))
	if status, body := i.put(t, *job.PreSignedUrl, "name\n"); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	wantOK(t, i.start(t, *job.JobId))
	end := i.ended(t, *job.JobId)
	wantCounts(t, end, types.UserImportJobStatusTypeFailed, 0, 0, 0, "The header does not have the column given_name.")
	unmet(i.start(t, *job.JobId))
	unmet(stop(*job.JobId))
	if status, body := i.put(t, *job.PreSignedUrl, "name\n"); status != http.StatusForbidden || !strings.Contains(body, "<Code>AccessDenied</Code>") {
		t.Errorf("a job that ended took a file: %d %s", status, body)
	}
	wantCode(t, i.start(t, "import-unknown"), "ResourceNotFoundException")

	old := i.create(t, "")
	i.Advance(15 * time.Minute)
	if status, body := i.put(t, *old.PreSignedUrl, "name\n"); status != http.StatusForbidden || !strings.Contains(body, "<Message>Request has expired</Message>") {
		t.Errorf("an old address took a file: %d %s", status, body)
	}
	i.Advance(24 * time.Hour)
	if got := i.describe(t, *old.JobId); got.Status != types.UserImportJobStatusTypeExpired {
		t.Errorf("an old job is %s", got.Status)
	}
	unmet(i.start(t, *old.JobId))

	bare := i.CreatePool(t, nil)
	i.pool = bare // without attributes that are verified
	job = i.create(t, "")
	if status, body := i.put(t, *job.PreSignedUrl, i.csv(row("ana"))); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	unmet(i.start(t, *job.JobId))
	_, err := i.SDK.CreateUserImportJob(t.Context(), &cip.CreateUserImportJobInput{
		UserPoolId: &i.pool, JobName: aws.String("x"), CloudWatchLogsRoleArn: aws.String("arn:aws:s3:::some-bucket"),
	})
	wantCode(t, err, "InvalidParameterException")
}

func TestAddressesOfFilesCannotBeForged(t *testing.T) {
	t.Parallel()
	i := newImporter(t, nil)
	one, other := i.create(t, ""), i.create(t, "")
	path, query, _ := strings.Cut(*one.PreSignedUrl, "?")
	for _, url := range []string{
		path, path + "?" + strings.Replace(query, "signature=", "signature=00", 1), path + "?" + strings.Replace(query, "expires=", "expires=9", 1),
		strings.Replace(*one.PreSignedUrl, *one.JobId, *other.JobId, 1), path + "?signature=zz&expires=x",
	} {
		if status, body := i.put(t, url, i.csv(row("ana"))); status != http.StatusForbidden || !strings.Contains(body, "<Code>SignatureDoesNotMatch</Code>") {
			t.Errorf("%s: %d %s", url, status, body)
		}
	}
	wantCode(t, i.start(t, *one.JobId), "PreconditionNotMetException")
	if status, _ := i.put(t, *one.PreSignedUrl, i.csv(row("eve"))); status != http.StatusOK {
		t.Fatal("the address itself does not work")
	}
	if status, _ := i.put(t, *one.PreSignedUrl, i.csv(row("ana"))); status != http.StatusOK {
		t.Fatal("a file cannot be replaced")
	}
	if strings.Contains(fmt.Sprint(i.put(t, *one.PreSignedUrl, strings.Repeat("x", 100<<20+1))), "200") {
		t.Error("a file that is too large was taken")
	}
	wantOK(t, i.start(t, *one.JobId))
	wantCounts(t, i.ended(t, *one.JobId), types.UserImportJobStatusTypeSucceeded, 1, 0, 0, importDone)
	if _, err := i.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &i.pool, Username: aws.String("ana")}); err != nil {
		t.Errorf("the second file was not the one that counts: %v", err)
	}
}

func TestJobsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	i := newImporter(t, nil)
	var want []string
	for range 5 {
		want = append([]string{*i.create(t, "").JobId}, want...)
		i.Advance(time.Minute)
	}
	var got []string
	in := &cip.ListUserImportJobsInput{UserPoolId: &i.pool, MaxResults: aws.Int32(2)}
	for {
		out, err := i.SDK.ListUserImportJobs(t.Context(), in)
		wantOK(t, err)
		for _, j := range out.UserImportJobs {
			got = append(got, *j.JobId)
		}
		if in.PaginationToken = out.PaginationToken; in.PaginationToken == nil {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	in.PaginationToken = aws.String("nonsense")
	_, err := i.SDK.ListUserImportJobs(t.Context(), in)
	wantCode(t, err, "InvalidParameterException")
}

// Users who come without a password use codes at once where the pool lets them.
func TestImportedUsersOfAPasswordlessPoolUseCodes(t *testing.T) {
	t.Parallel()
	i := newImporter(t, func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
			AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp},
		}}
	})
	for n, hide := range []types.PreventUserExistenceErrorTypes{types.PreventUserExistenceErrorTypesLegacy, types.PreventUserExistenceErrorTypesEnabled} {
		a := i.app(t, func(in *cip.CreateUserPoolClientInput) {
			in.PreventUserExistenceErrors = hide
			in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowUserAuth)
		})
		name := fmt.Sprintf("user%d", n)
		wantCounts(t, i.bring(t, "", i.csv(row(name))), types.UserImportJobStatusTypeSucceeded, 1, 0, 0, importDone)
		asked, err := a.initiate(t, types.AuthFlowTypeUserAuth, "USERNAME", name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		wantOK(t, err)
		if asked.ChallengeName != types.ChallengeNameTypeEmailOtp {
			t.Fatalf("%s: asked for %s", hide, asked.ChallengeName)
		}
		done, err := a.respond(t, asked.ChallengeName, asked.Session, "USERNAME", name, "EMAIL_OTP_CODE", i.Code(t, i.pool, name))
		wantOK(t, err)
		user, err := i.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &i.pool, Username: &name})
		wantOK(t, err)
		if done.AuthenticationResult == nil || user.UserStatus != types.UserStatusTypeConfirmed {
			t.Errorf("%s: signed in %v, is %s", hide, done.AuthenticationResult != nil, user.UserStatus)
		}
	}
}

// While users come in, the pool stays as it is; a job that is stopped keeps what it
// brought.
func TestAPoolDoesNotChangeDuringAnImport(t *testing.T) {
	t.Parallel()
	i := newImporter(t, nil)
	var rows []map[string]string
	for n := range 20_000 {
		rows = append(rows, row(fmt.Sprintf("user%d", n)))
	}
	job := i.create(t, "")
	if status, body := i.put(t, *job.PreSignedUrl, i.csv(rows...)); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	wantOK(t, i.start(t, *job.JobId))
	update := func() error {
		_, err := i.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{
			UserPoolId: &i.pool, AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
		})
		return err
	}
	extend := func() error {
		_, err := i.SDK.AddCustomAttributes(t.Context(), &cip.AddCustomAttributesInput{
			UserPoolId:       &i.pool,
			CustomAttributes: []types.SchemaAttributeType{{Name: aws.String("plan"), AttributeDataType: types.AttributeDataTypeString}},
		})
		return err
	}
	remove := func() error {
		_, err := i.SDK.DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: &i.pool})
		return err
	}
	for _, change := range []func() error{update, extend, remove} {
		wantCode(t, change(), "UserImportInProgressException")
	}
	other := i.create(t, "")
	if status, body := i.put(t, *other.PreSignedUrl, i.csv(row("ana"))); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	wantCode(t, i.start(t, *other.JobId), "PreconditionNotMetException")
	stopping, err := i.SDK.StopUserImportJob(t.Context(), &cip.StopUserImportJobInput{UserPoolId: &i.pool, JobId: job.JobId})
	wantOK(t, err)
	if stopping.UserImportJob.Status != types.UserImportJobStatusTypeStopping {
		t.Errorf("job is %s", stopping.UserImportJob.Status)
	}
	end := i.ended(t, *job.JobId)
	wantCounts(t, end, types.UserImportJobStatusTypeStopped, end.ImportedUsers, 0, 0, "The job was stopped by the developer.")
	wantCode(t, i.start(t, *job.JobId), "PreconditionNotMetException")
	if n := len(rows); end.ImportedUsers >= int64(n) {
		t.Errorf("%d of %d users came in before the stop", end.ImportedUsers, n)
	}
	pool, err := i.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &i.pool})
	wantOK(t, err)
	if int64(pool.UserPool.EstimatedNumberOfUsers) != end.ImportedUsers {
		t.Errorf("%d users are there, the job says %d", pool.UserPool.EstimatedNumberOfUsers, end.ImportedUsers)
	}
	for _, change := range []func() error{update, extend, remove} {
		wantOK(t, change())
	}
}

// quickHash is of goodPassword too, made by htpasswd with cost 5.
const quickHash = "$2y$05$VwyefFMxcSOhqT7Id2PfPeA.EMHHeGdhpgfmEKHov0nFutyEgiKUa"

func TestImportedHashesAreAdoptedByEveryFlowInClear(t *testing.T) {
	t.Parallel()
	i := newImporter(t, nil)
	a := i.app(t, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowUserAuth)
	})
	var rows []map[string]string
	for _, name := range []string{"admin", "choice", "chosen", "both", "reset", "removed"} {
		rows = append(rows, row(name, "password_hash", quickHash))
	}
	wantCounts(t, i.bring(t, "BCRYPT", i.csv(rows...)), types.UserImportJobStatusTypeSucceeded, int64(len(rows)), 0, 0, importDone)
	adopted := func(name string, result *types.AuthenticationResultType, err error) {
		t.Helper()
		wantOK(t, err)
		if result == nil {
			t.Errorf("%s: no tokens", name)
		}
		_, err = a.trySRP(t, name, goodPassword)
		wantOK(t, err)
	}

	admin, err := a.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", "admin", "PASSWORD", goodPassword)
	wantOK(t, err)
	adopted("admin", admin.AuthenticationResult, err)

	choice, err := a.initiate(t, types.AuthFlowTypeUserAuth, "USERNAME", "choice", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", goodPassword)
	wantOK(t, err)
	adopted("choice", choice.AuthenticationResult, err)

	// SRP is no choice before.
	asked, err := a.initiate(t, types.AuthFlowTypeUserAuth, "USERNAME", "chosen", "PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", "ab")
	wantOK(t, err)
	if asked.ChallengeName != types.ChallengeNameTypeSelectChallenge ||
		!slices.Equal(asked.AvailableChallenges, []types.ChallengeNameType{types.ChallengeNameTypePassword}) {
		t.Errorf("asked for %s of %v", asked.ChallengeName, asked.AvailableChallenges)
	}
	chosen, err := a.respond(t, asked.ChallengeName, asked.Session, "USERNAME", "chosen", "ANSWER", "PASSWORD", "PASSWORD", goodPassword)
	wantOK(t, err)
	adopted("chosen", chosen.AuthenticationResult, err)

	// Two first sign-ins at the same time are both right.
	results := make(chan error)
	for range 2 {
		go func() {
			_, err := a.tryPassword(t, "both", goodPassword)
			results <- err
		}()
	}
	wantOK(t, <-results)
	wantOK(t, <-results)

	// Another password ends the one that was brought.
	_, err = i.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
		UserPoolId: &i.pool, Username: aws.String("reset"), Password: aws.String("Another-Horse1!"), Permanent: true,
	})
	wantOK(t, err)
	_, err = a.tryPassword(t, "reset", goodPassword)
	wantError(t, err, "NotAuthorizedException", incorrect)
	a.signIn(t, "reset", "Another-Horse1!")

	_, err = i.SDK.AdminResetUserPassword(t.Context(), &cip.AdminResetUserPasswordInput{UserPoolId: &i.pool, Username: aws.String("removed")})
	wantOK(t, err)
	_, err = a.tryPassword(t, "removed", goodPassword)
	wantError(t, err, "PasswordResetRequiredException", "Password reset required for the user")
	_, err = i.Anonymous.ConfirmForgotPassword(t.Context(), &cip.ConfirmForgotPasswordInput{
		ClientId: &a.client, Username: aws.String("removed"), ConfirmationCode: aws.String(i.Code(t, i.pool, "removed")), Password: aws.String("Another-Horse1!"),
	})
	wantOK(t, err)
	a.signIn(t, "removed", "Another-Horse1!")
}

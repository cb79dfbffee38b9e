package logs

import (
	"cmp"
	"encoding/json"
	"strconv"

	"cognate/internal/api"
	"cognate/internal/outbound/logsinks"
	"cognate/internal/store"
)

// document is the form of every entry, whatever it is about.
type document struct {
	Timestamp string      `json:"eventTimestamp"` // milliseconds
	Source    string      `json:"eventSource"`
	Level     string      `json:"logLevel"`
	Message   any         `json:"message"`
	Of        logSourceID `json:"logSourceId"`
}

type logSourceID struct {
	UserPoolID string `json:"userPoolId"`
}

// notification is the message about an error of delivery.
type notification struct {
	Details string `json:"details"`
}

// activity is the message about what a user did. Every member is a string or a
// list of strings, as the service writes it.
type activity struct {
	Version          string   `json:"version"`
	EventID          string   `json:"eventId"`
	EventType        string   `json:"eventType"`
	UserSub          string   `json:"userSub"`
	UserName         string   `json:"userName"`
	UserPoolID       string   `json:"userPoolId"`
	ClientID         string   `json:"clientId"`
	CreationDate     string   `json:"creationDate"`
	EventResponse    string   `json:"eventResponse"`
	RiskLevel        string   `json:"riskLevel"`
	RiskDecision     string   `json:"riskDecision"`
	Challenges       []string `json:"challenges"`
	DeviceName       string   `json:"deviceName"`
	IPAddress        string   `json:"ipAddress"`
	RequestID        string   `json:"requestId"`
	IDPName          string   `json:"idpName"`
	Compromised      string   `json:"compromisedCredentialDetected"`
	City             string   `json:"city"`
	Country          string   `json:"country"`
	FeedbackValue    string   `json:"eventFeedbackValue"`
	FeedbackDate     string   `json:"eventFeedbackDate"`
	FeedbackProvider string   `json:"eventFeedbackProvider"`
	HasContextData   string   `json:"hasContextData"`
}

// riskDecisions are the decisions that exports spell in another way than the API.
// That of the others is not known.
var riskDecisions = map[api.RiskDecisionType]string{api.RiskDecisionTypeNoRisk: "PASS"}

// dateForm is how dates are written within messages.
const dateForm = "Mon Jan 02 15:04:05 UTC 2006"

func activityOf(e *store.AuthEvent, username, requestID string) activity {
	event := &e.Doc.Event
	a := activity{
		Version: "1", EventID: e.ID, EventType: string(event.EventType), UserSub: e.Sub, UserName: username,
		UserPoolID: e.PoolID, ClientID: e.Doc.ClientID, CreationDate: e.CreatedAt.UTC().Format(dateForm),
		EventResponse: string(event.EventResponse), Challenges: []string{}, RequestID: requestID,
		Compromised: "false", HasContextData: strconv.FormatBool(e.Doc.Device != ""),
	}
	for _, c := range event.ChallengeResponses {
		a.Challenges = append(a.Challenges, string(c.ChallengeName)+":"+string(c.ChallengeResponse))
	}
	if r := event.EventRisk; r != nil {
		a.RiskLevel, a.RiskDecision = string(r.RiskLevel), cmp.Or(riskDecisions[r.RiskDecision], string(r.RiskDecision))
		a.Compromised = strconv.FormatBool(r.CompromisedCredentialsDetected != nil && *r.CompromisedCredentialsDetected)
	}
	if c := event.EventContextData; c != nil {
		a.DeviceName, a.IPAddress, a.City, a.Country = text(c.DeviceName), text(c.IpAddress), text(c.City), text(c.Country)
	}
	if f := event.EventFeedback; f != nil {
		a.FeedbackValue, a.FeedbackProvider = string(f.FeedbackValue), f.Provider
		a.FeedbackDate = f.FeedbackDate.UTC().Format(dateForm)
	}
	return a
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// encode makes the entry of a message.
func encode(r record) (logsinks.Entry, error) {
	d := document{
		Timestamp: strconv.FormatInt(r.at.UnixMilli(), 10), Source: "USER_NOTIFICATION", Level: string(api.LogLevelError),
		Message: r.message, Of: logSourceID{r.poolID},
	}
	if r.source == api.EventSourceNameUserAuthEvents {
		d.Source, d.Level = "USER_ACTIVITY", string(api.LogLevelInfo)
	}
	body, err := json.Marshal(d)
	return logsinks.Entry{At: r.at, Text: body}, err
}

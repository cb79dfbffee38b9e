package threats

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"strings"

	"github.com/mileusna/useragent"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tracking"
	"cognate/internal/protocol/risk"
)

// Context is what a request says about where it comes from. The zero value says
// nothing.
type Context struct {
	address   string
	userAgent string
	encoded   string
	admin     bool // an application's server says it
}

// PublicContext reads the member of operations that users call.
func PublicContext(in *api.UserContextDataType) Context {
	if in == nil {
		return Context{}
	}
	return Context{address: text(in.IpAddress), encoded: text(in.EncodedData)}
}

// AdminContext reads the member of operations that an application's server
// calls.
func AdminContext(in *api.ContextDataType) Context {
	if in == nil {
		return Context{}
	}
	c := Context{address: in.IpAddress, encoded: text(in.EncodedData), admin: true}
	for _, h := range in.HttpHeaders {
		if strings.EqualFold(text(h.HeaderName), "User-Agent") {
			c.userAgent = text(h.HeaderValue)
		}
	}
	return c
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// origin is where a request comes from, as far as it is known.
type origin struct {
	addr     netip.Addr
	device   string // fingerprint, or empty
	name     string // of the device, for people
	timezone string
	place    risk.Place
}

// maxText bounds what is kept of texts that callers make up, in bytes.
const maxText = 128

// origin puts together what the request says and what the connection shows. The
// address that a public request gives counts only from clients that have a
// secret and are trusted to pass it on.
func (t *Threats) origin(ctx context.Context, client *directory.Client, c Context) origin {
	info := api.RequestFrom(ctx)
	address, agent := info.SourceIP, info.UserAgent
	switch {
	case c.admin:
		address, agent = c.address, c.userAgent
	case c.address != "" && propagates(client):
		address = c.address
	}
	var o origin
	if addr, err := netip.ParseAddr(address); err == nil {
		o.addr = addr.Unmap().WithZone("")
	}
	said := decode(c.encoded)
	if said.UserAgent != "" {
		agent = said.UserAgent
	}
	o.name, o.timezone = tracking.Describe(agent), short(said.ClientTimezone)
	o.device = fingerprint(said.DeviceID, agent)
	if t.Locate != nil && o.addr.IsValid() {
		o.place, _ = t.Locate(o.addr)
	}
	return o
}

func propagates(client *directory.Client) bool {
	set := client.Config().EnablePropagateAdditionalUserContextData
	return set != nil && *set && client.Confidential()
}

// encodedData is what the scripts for browsers and phones collect.
type encodedData struct {
	UserAgent      string `json:"UserAgent"`
	DeviceID       string `json:"DeviceId"`
	ClientTimezone string `json:"ClientTimezone"`
}

// decode reads EncodedData: base64 of an object whose payload is again JSON. Its
// signature is made with the public id of the client and proves nothing, so it
// is not looked at, and what cannot be read is passed over: whoever sends it can
// leave it out as well.
func decode(encoded string) encodedData {
	const longest = 16 << 10
	var outer struct {
		Payload string `json:"payload"`
	}
	var inner struct {
		Context encodedData `json:"contextData"`
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) > longest || json.Unmarshal(raw, &outer) != nil || json.Unmarshal([]byte(outer.Payload), &inner) != nil {
		return encodedData{}
	}
	return inner.Context
}

// fingerprint stands for a device: the id that it has given itself, or else the
// kind of program and system, whatever their versions.
func fingerprint(id, userAgent string) string {
	switch {
	case id != "":
		return digest("id " + id)
	case userAgent == "":
		return ""
	}
	agent := useragent.Parse(userAgent)
	kind := agent.Name + "\x00" + agent.OS + "\x00" + agent.Device
	if agent.OS == "" { // not a browser: the program's first name
		kind, _, _ = strings.Cut(userAgent, "/")
	}
	return digest("agent " + kind)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}

// short cleans a text that a caller made up.
func short(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

// describe gives an origin in the form of the API.
func (o *origin) describe() *api.EventContextDataType {
	var d api.EventContextDataType
	set := func(field **string, value string) {
		if value != "" {
			*field = &value
		}
	}
	if o.addr.IsValid() {
		set(&d.IpAddress, o.addr.String())
	}
	set(&d.DeviceName, o.name)
	set(&d.Timezone, o.timezone)
	set(&d.City, short(o.place.City))
	set(&d.Country, short(o.place.Country))
	return &d
}

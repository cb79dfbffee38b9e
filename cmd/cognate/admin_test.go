package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What is sent to a server, such as the verifiers of users, goes to no other that it
// names.
func TestRequestsToTheServerFollowNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s went elsewhere", r.Method, r.URL)
	}))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	users := poolServer{&administration{PublicURL: server.URL, Region: "us-east-1"}}
	_, err := users.putUsers(t.Context(), "us-east-1_AbCdEf123", []byte("{}\n"), false)
	if err == nil || !strings.Contains(err.Error(), "307 Temporary Redirect") {
		t.Errorf("error is %v", err)
	}
}

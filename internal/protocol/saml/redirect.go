package saml

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// maxInflated bounds a message of the redirect binding once it is inflated, in
// bytes (S100).
const maxInflated = 1 << 20

// deflateEncoding is the one encoding of the redirect binding.
const deflateEncoding = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"

const reasonRedirect = "SAML message is not well formed."

// redirect makes the address that carries a message by the redirect binding (SAML
// bindings §3.4.4.1). parameter is SAMLRequest or SAMLResponse. With a key it is
// signed: over the query as it stands in the address.
func redirect(location, parameter string, message *etree.Element, relayState string, key *rsa.PrivateKey) (string, error) {
	var packed bytes.Buffer
	deflater, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return "", fmt.Errorf("deflate SAML message: %w", err)
	}
	doc := etree.NewDocumentWithRoot(message)
	if _, err := doc.WriteTo(deflater); err != nil {
		return "", fmt.Errorf("write SAML message: %w", err)
	}
	if err := deflater.Close(); err != nil {
		return "", fmt.Errorf("deflate SAML message: %w", err)
	}
	query := parameter + "=" + url.QueryEscape(base64.StdEncoding.EncodeToString(packed.Bytes()))
	if relayState != "" {
		query += "&RelayState=" + url.QueryEscape(relayState)
	}
	if key != nil {
		query += "&SigAlg=" + url.QueryEscape(dsig.RSASHA256SignatureMethod)
		digest := sha256.Sum256([]byte(query))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
		if err != nil {
			return "", fmt.Errorf("sign SAML message: %w", err)
		}
		query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(signature))
	}
	if strings.Contains(location, "?") {
		return location + "&" + query, nil
	}
	return location + "?" + query, nil
}

// Redirect is a message that came by the redirect binding.
type Redirect struct {
	Message    []byte // XML, not parsed
	IsResponse bool
	RelayState string
}

// ReadRedirect reads a query, as received, of the redirect binding. With signers
// it has to be signed by the key of one of them; without, a signature is not
// looked at. Service providers of Cognito take no such message, but send them: this
// is the other end. A refusal is an *Error.
func ReadRedirect(rawQuery string, signers []*x509.Certificate) (*Redirect, error) {
	fields, err := redirectFields(rawQuery)
	if err != nil {
		return nil, &Error{Reason: reasonRedirect, Err: err}
	}
	parameter := "SAMLRequest"
	if _, ok := fields["SAMLResponse"]; ok {
		parameter = "SAMLResponse"
	}
	values := map[string]string{}
	for name, raw := range fields {
		if values[name], err = url.QueryUnescape(raw); err != nil {
			return nil, &Error{Reason: reasonRedirect, Err: err}
		}
	}
	if encoding, given := values["SAMLEncoding"]; given && encoding != deflateEncoding {
		return nil, refuse(reasonRedirect, "encoding is %q", encoding)
	}
	if len(signers) > 0 {
		if err := checkRedirectSignature(parameter, fields, values, signers); err != nil {
			return nil, &Error{Reason: "SAML message signature is invalid.", Err: err}
		}
	}
	message, err := inflate(values[parameter])
	if err != nil {
		return nil, &Error{Reason: reasonRedirect, Err: err}
	}
	return &Redirect{Message: message, IsResponse: parameter == "SAMLResponse", RelayState: values["RelayState"]}, nil
}

// redirectFields takes the parameters of the binding out of a query, still
// encoded. Their names have to be written literally, and once (S098).
func redirectFields(rawQuery string) (map[string]string, error) {
	fields := map[string]string{}
	for part := range strings.SplitSeq(rawQuery, "&") {
		raw, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(raw)
		if err != nil {
			return nil, err
		}
		switch name {
		case "SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding":
		default:
			continue
		}
		if _, twice := fields[name]; twice || raw != name {
			return nil, fmt.Errorf("parameter %s is there twice or written otherwise", name)
		}
		fields[name] = value
	}
	_, request := fields["SAMLRequest"]
	_, response := fields["SAMLResponse"]
	if request == response {
		return nil, errors.New("there is not one message")
	}
	return fields, nil
}

func checkRedirectSignature(parameter string, fields, values map[string]string, signers []*x509.Certificate) error {
	algorithm, taken := signatureMethods[values["SigAlg"]]
	if !taken {
		return fmt.Errorf("signature method %q is not taken", values["SigAlg"])
	}
	signature, err := base64.StdEncoding.DecodeString(values["Signature"])
	if err != nil {
		return fmt.Errorf("signature is not base64: %w", err)
	}
	if strings.Contains(values["SigAlg"], "#ecdsa-") {
		signature = toASN1(signature)
	}
	signed := parameter + "=" + fields[parameter]
	if relayState, given := fields["RelayState"]; given {
		signed += "&RelayState=" + relayState
	}
	signed += "&SigAlg=" + fields["SigAlg"]
	for _, signer := range signers {
		if usable(signer) && signer.CheckSignature(algorithm, []byte(signed), signature) == nil {
			return nil
		}
	}
	return errors.New("no certificate fits the signature")
}

func inflate(encoded string) ([]byte, error) {
	if len(encoded) > MaxMessage {
		return nil, fmt.Errorf("message has %d characters", len(encoded))
	}
	packed, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("message is not base64: %w", err)
	}
	message, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxInflated+1))
	if err != nil {
		return nil, fmt.Errorf("inflate message: %w", err)
	}
	if len(message) > maxInflated {
		return nil, fmt.Errorf("message is larger than %d bytes", maxInflated)
	}
	return message, nil
}

package saml

import (
	"fmt"
	"testing"

	"github.com/beevik/etree"

	"cognate/internal/protocol/saml/samltest"
)

// corrupt makes another person of an assertion.
func corrupt(assertion *etree.Element) {
	assertion.FindElement(".//NameID").SetText(evilName)
	for _, v := range assertion.FindElements(".//AttributeValue") {
		v.SetText(evilName)
	}
}

// rename gives an element an id that is not signed.
func rename(e *etree.Element, id string) *etree.Element {
	e.CreateAttr("ID", id)
	return e
}

func without(e *etree.Element, path string) *etree.Element {
	if found := e.FindElement(path); found != nil {
		found.Parent().RemoveChild(found)
	}
	return e
}

// place puts e into the signature of root, or where there is none into an element
// of its own.
func place(root, e *etree.Element) {
	if signature := root.FindElement("./Signature"); signature != nil {
		signature.AddChild(e)
		return
	}
	extensions := etree.NewElement("samlp:Extensions")
	extensions.AddChild(e)
	root.InsertChildAt(1, extensions)
}

// wrappings are the eight forms of "On Breaking SAML: Be Whoever You Want to Be"
// (Somorovsky et al., 2012), as SAML Raider numbers them, and later ones. Each takes a
// signed response and gives the forged one.
var wrappings = []struct {
	name  string
	forge func(root *etree.Element) *etree.Element
}{
	{"XSW1", func(root *etree.Element) *etree.Element {
		original := without(root.Copy(), "./Signature")
		corrupt(rename(root, "_evil").FindElement("./Assertion"))
		place(root, original)
		return root
	}},
	{"XSW2", func(root *etree.Element) *etree.Element {
		original := without(root.Copy(), "./Signature")
		corrupt(rename(root, "_evil").FindElement("./Assertion"))
		root.InsertChildAt(1, original)
		return root
	}},
	{"XSW3", func(root *etree.Element) *etree.Element {
		original := root.FindElement("./Assertion")
		evil := rename(without(original.Copy(), "./Signature"), "_evil")
		corrupt(evil)
		root.InsertChildAt(original.Index(), evil)
		return root
	}},
	{"XSW4", func(root *etree.Element) *etree.Element {
		original := root.FindElement("./Assertion")
		evil := rename(without(original.Copy(), "./Signature"), "_evil")
		corrupt(evil)
		root.RemoveChild(original)
		evil.AddChild(original)
		root.AddChild(evil)
		return root
	}},
	{"XSW5", func(root *etree.Element) *etree.Element {
		evil := root.FindElement("./Assertion")
		root.AddChild(without(evil.Copy(), "./Signature"))
		corrupt(rename(evil, "_evil"))
		return root
	}},
	{"XSW6", func(root *etree.Element) *etree.Element {
		evil := root.FindElement("./Assertion")
		original := without(evil.Copy(), "./Signature")
		corrupt(rename(evil, "_evil"))
		place(evil, original)
		return root
	}},
	{"XSW7", func(root *etree.Element) *etree.Element {
		evil := root.FindElement("./Assertion").Copy()
		corrupt(evil)
		extensions := etree.NewElement("samlp:Extensions")
		extensions.AddChild(evil)
		root.InsertChildAt(0, extensions)
		return root
	}},
	{"XSW8", func(root *etree.Element) *etree.Element {
		evil := root.FindElement("./Assertion")
		original := without(evil.Copy(), "./Signature")
		corrupt(rename(evil, "_evil"))
		object := etree.NewElement("ds:Object")
		object.CreateAttr("xmlns:ds", nsSignature)
		object.AddChild(original)
		place(evil, object)
		return root
	}},
	{"evil assertion with the same id first", func(root *etree.Element) *etree.Element {
		evil := without(root.FindElement("./Assertion").Copy(), "./Signature")
		corrupt(evil)
		root.InsertChildAt(0, evil)
		return root
	}},
	{"evil assertion with the same id last", func(root *etree.Element) *etree.Element {
		evil := without(root.FindElement("./Assertion").Copy(), "./Signature")
		corrupt(evil)
		root.AddChild(evil)
		return root
	}},
	{"evil assertion with the signature of the good one", func(root *etree.Element) *etree.Element {
		evil := root.FindElement("./Assertion").Copy()
		corrupt(evil)
		root.AddChild(evil)
		return root
	}},
	{"evil assertion in the advice of the good one", func(root *etree.Element) *etree.Element {
		good := root.FindElement("./Assertion")
		evil := rename(good.Copy(), "_evil")
		corrupt(evil)
		advice := etree.NewElement("saml:Advice")
		advice.AddChild(evil)
		good.AddChild(advice)
		return root
	}},
	{"evil assertion in KeyInfo", func(root *etree.Element) *etree.Element {
		evil := rename(root.FindElement("./Assertion").Copy(), "_evil")
		corrupt(evil)
		root.FindElement(".//KeyInfo").AddChild(evil)
		return root
	}},
	{"evil assertion in the status", func(root *etree.Element) *etree.Element {
		evil := rename(root.FindElement("./Assertion").Copy(), "_evil")
		corrupt(evil)
		root.FindElement("./Status").CreateElement("samlp:StatusDetail").AddChild(evil)
		return root
	}},
	{"evil assertion of another namespace besides", func(root *etree.Element) *etree.Element {
		evil := rename(without(root.FindElement("./Assertion").Copy(), "./Signature"), "_evil")
		corrupt(evil)
		evil.CreateAttr("xmlns:saml", "urn:oasis:names:tc:SAML:1.0:assertion")
		root.InsertChildAt(0, evil)
		return root
	}},
	{"evil root around the response", func(root *etree.Element) *etree.Element {
		evil := rename(without(root.Copy(), "./Signature"), "_evil")
		corrupt(without(rename(evil.FindElement("./Assertion"), "_evil2"), "./Signature"))
		evil.InsertChildAt(0, root)
		return evil
	}},
	{"signature of the original in the middle", func(root *etree.Element) *etree.Element {
		original := root.FindElement("./Assertion")
		evil := rename(without(original.Copy(), "./Signature"), "_evil")
		corrupt(evil)
		if signature := original.FindElement("./Signature"); signature != nil {
			evil.FindElement("./Subject").AddChild(signature.Copy())
		}
		evil.AddChild(original)
		root.AddChild(evil)
		return root
	}},
	{"id in another case", func(root *etree.Element) *etree.Element {
		evil := root.FindElement("./Assertion")
		original := without(evil.Copy(), "./Signature")
		evil.CreateAttr("Id", attributeOf(evil, "ID"))
		evil.CreateAttr("ID", "_evil")
		corrupt(evil)
		place(evil, original)
		return root
	}},
	{"second SignedInfo", func(root *etree.Element) *etree.Element {
		signature := root.FindElement(".//Signature")
		info := signature.FindElement("./SignedInfo").Copy()
		info.FindElement(".//DigestValue").SetText("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
		signature.InsertChildAt(0, info)
		corrupt(root.FindElement("./Assertion"))
		return root
	}},
	{"digest in an object of the signature", func(root *etree.Element) *etree.Element {
		signature := root.FindElement(".//Signature")
		object := signature.CreateElement("ds:Object")
		object.AddChild(signature.FindElement(".//Reference").Copy())
		corrupt(root.FindElement("./Assertion"))
		return root
	}},
	{"second DigestValue", func(root *etree.Element) *etree.Element {
		value := root.FindElement(".//DigestValue")
		copied := value.Copy()
		copied.SetText("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
		value.Parent().InsertChildAt(value.Index(), copied)
		corrupt(root.FindElement("./Assertion"))
		return root
	}},
	{"content changed", func(root *etree.Element) *etree.Element {
		corrupt(root.FindElement("./Assertion"))
		return root
	}},
	{"value added", func(root *etree.Element) *etree.Element {
		root.FindElement("./Assertion/AttributeStatement/Attribute").CreateElement("saml:AttributeValue").SetText(evilName)
		return root
	}},
}

func TestS090SignatureWrapping(t *testing.T) {
	t.Parallel()
	for _, w := range wrappings {
		for _, signed := range []string{"assertion", "response", "both"} {
			t.Run(fmt.Sprintf("%s, %s signed", w.name, signed), func(t *testing.T) {
				t.Parallel()
				a := answer()
				a.SignAssertion, a.SignResponse = signed != "response", signed != "assertion"
				document := samltest.Bytes(w.forge(response(t, keys().idp, a)))
				refused(t, document, expected(), false)
				// The oracle may still believe the good assertion, where both are there.
				if theirs, err := oracle(t, document, expected()); err == nil && theirs.Subject.NameID.Value != goodName {
					t.Errorf("crewjam/saml believes %q", theirs.Subject.NameID.Value)
				}
			})
		}
	}
}

func TestS090WrappingInsideEncryption(t *testing.T) {
	t.Parallel()
	for _, w := range wrappings {
		root := w.forge(response(t, keys().idp, answer()))
		for i, assertion := range root.FindElements("./Assertion") {
			encrypted, err := samltest.Encrypt(samltest.Bytes(detach(assertion)), &keys().encrypts.PublicKey, samltest.Encryption{})
			if err != nil {
				t.Fatal(err)
			}
			around := response(t, keys().idp, samltest.Answer{
				ACS: testSP().ACS, Audience: testSP().EntityID, InResponseTo: testRequest, Now: testNow, NameID: evilName,
			})
			around.RemoveChild(around.FindElement("./Assertion"))
			around.AddChild(encrypted)
			e := expected()
			e.SP.RequireEncrypted = true
			got, err := ParseResponse(samltest.Post(around), e)
			if err == nil && got.NameID != goodName {
				t.Errorf("%s, assertion %d: accepted as %q", w.name, i, got.NameID)
			}
		}
	}
}

func TestS090SignatureOfAnotherMessage(t *testing.T) {
	t.Parallel()
	idp := keys().idp
	logout, err := idp.LogoutRequest(testSP().SLO, goodName, nil, testNow)
	if err != nil {
		t.Fatal(err)
	}
	id := attributeOf(logout, "ID")
	a := answer()
	a.SignAssertion, a.NameID = false, evilName
	for name, forge := range map[string]func(root *etree.Element){
		"moved": func(root *etree.Element) { root.InsertChildAt(1, logout.FindElement("./Signature").Copy()) },
		"moved, with its id": func(root *etree.Element) {
			rename(root, id).InsertChildAt(1, logout.FindElement("./Signature").Copy())
		},
		"moved to the assertion, with its id": func(root *etree.Element) {
			rename(root.FindElement("./Assertion"), id).InsertChildAt(1, logout.FindElement("./Signature").Copy())
		},
		"as a part":                    func(root *etree.Element) { root.InsertChildAt(1, logout.Copy()) },
		"as a part, with the same id":  func(root *etree.Element) { rename(root, id).InsertChildAt(1, logout.Copy()) },
		"as a part, signature outside": func(root *etree.Element) { wrapForeign(root, logout, id) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := response(t, idp, a)
			forge(root)
			refused(t, samltest.Bytes(root), expected(), true)
		})
	}
}

func wrapForeign(root, signed *etree.Element, id string) {
	part := signed.Copy()
	signature := part.FindElement("./Signature")
	part.RemoveChild(signature)
	root.InsertChildAt(1, signature)
	root.InsertChildAt(2, part)
	root.CreateAttr("ID", "_evil-"+id)
}

// Package pages renders what a person sees at the domain of a user pool: the
// pages of managed login (branding version 2) and of the classic hosted UI
// (version 1), their stylesheets and their one script, in twelve languages.
//
// It owns markup, looks, texts and the headers of HTML answers. It decides
// nothing: which page comes next, what it offers and what a form's fields mean
// is internal/web/login's; what a style or a classic stylesheet may hold is
// internal/cognito/style's. A [View] says what is shown; [Renderer.Write]
// shows it. All values of a View are plain text and are encoded for their place.
//
// Fields of the forms (version 2): _csrf, username, password, code,
// new_password, confirm_password, requiredAttributes[NAME], address,
// device_name, remember, credential (JSON of a passkey), domain_email, and of
// buttons do: one of the Do constants or the name of a challenge. Version 1
// has the same, and for sign-in the names of spec/endpoints.md §6.3.
package pages

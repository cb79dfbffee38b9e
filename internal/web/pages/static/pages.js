// What makes the pages of managed login handier. Only passkeys need it: they are
// an interface of the browser. Everything that works by this script alone is
// hidden until it runs.
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

// Show and hide passwords.
for (const button of all(".reveal")) {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const hide = () => {
    input.type = "password";
    button.setAttribute("aria-pressed", "false");
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    if (shown) return hide();
    input.type = "text";
    button.setAttribute("aria-pressed", "true");
  });
  // A password manager remembers what was typed in a field for passwords.
  input.form.addEventListener("submit", hide);
  const caps = one("[data-caps]", input.closest(".field"));
  input.addEventListener("keyup", (event) => {
    caps.hidden = !event.getModifierState?.("CapsLock");
  });
  input.addEventListener("blur", () => { caps.hidden = true; });
}

// Tick off what the policy asks for. Symbols are those that the service counts.
const rules = {
  length: (text, count) => [...text].length >= count,
  upper: (text) => /[A-Z]/.test(text),
  lower: (text) => /[a-z]/.test(text),
  digit: (text) => /[0-9]/.test(text),
  symbol: (text) => /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]/.test(text.trim()),
};
const policy = document.getElementById("policy");
const chosen = one("input[autocomplete=new-password]");
if (policy && chosen) {
  chosen.addEventListener("input", () => {
    for (const line of all("[data-rule]", policy)) {
      const met = rules[line.dataset.rule](chosen.value, Number(line.dataset.count));
      line.classList.toggle("met", met);
      if (line.className.includes("passwordCheck")) { // classic pages
        line.classList.toggle("passwordCheck-valid-customizable", met);
        line.classList.toggle("passwordCheck-notValid-customizable", !met);
      }
      one(".quiet", line).hidden = !met;
    }
  });
}

// Say that two passwords differ before they are sent.
const repeated = one("input[name=confirm_password]");
if (repeated && chosen) {
  const compare = () => repeated.setCustomValidity(repeated.value === chosen.value ? "" : repeated.dataset.differs);
  repeated.addEventListener("input", compare);
  chosen.addEventListener("input", compare);
}

for (const button of navigator.clipboard ? all("[data-copy]") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });
}

// Passkeys. The server's options go to the browser, its answer goes back in a
// field of the form.
const ceremonies = {
  create: (publicKey) => navigator.credentials.create({ publicKey }),
  get: (publicKey) => navigator.credentials.get({ publicKey }),
  autofill: (publicKey) => navigator.credentials.get({ publicKey, mediation: "conditional" }),
};

async function ceremony(form, kind) {
  const options = JSON.parse(form.dataset.options);
  const publicKey = kind === "create"
    ? PublicKeyCredential.parseCreationOptionsFromJSON(options)
    : PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await ceremonies[kind](publicKey);
  form.elements.namedItem("credential").value = JSON.stringify(credential.toJSON());
  form.submit();
}

function passkeys(form) {
  const kind = form.dataset.passkey;
  const start = one("[data-start]", form);
  const show = (name) => {
    for (const message of ["failed", "known", "unsupported", "working"]) one(`[data-${message}]`, form).hidden = message !== name;
  };
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return show("unsupported");
  const run = async () => {
    start.disabled = true;
    show("working");
    try {
      await ceremony(form, kind);
    } catch (error) {
      start.disabled = false;
      start.focus();
      show(error.name === "InvalidStateError" ? "known" : "failed");
    }
  };
  start.hidden = false;
  start.addEventListener("click", run);
  if (kind === "get" && !one(".alert.error:not([hidden])")) run();
}

for (const form of all("form[data-passkey=get], form[data-passkey=create]")) passkeys(form);
for (const form of all("form[data-passkey=autofill]")) {
  window.PublicKeyCredential?.isConditionalMediationAvailable?.().then((available) => {
    if (available) ceremony(form, "autofill").catch(() => {}); // refused: one signs in otherwise
  });
}

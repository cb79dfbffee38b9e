// An application as Amplify's guide has it: it sends its user's browser to the
// pages of the pool's domain and finds the tokens when that comes back.

import { Amplify } from "aws-amplify";
import { fetchAuthSession, getCurrentUser, signInWithRedirect, signOut } from "aws-amplify/auth";
import "aws-amplify/auth/enable-oauth-listener";
import { Hub } from "aws-amplify/utils";

const home = `${location.origin}/`;
Amplify.configure({
  Auth: {
    Cognito: {
      ...window.settings.pool,
      loginWith: {
        oauth: {
          domain: window.settings.domain,
          scopes: ["openid", "email", "profile", "aws.cognito.signin.user.admin"],
          redirectSignIn: [home],
          redirectSignOut: [home],
          responseType: "code",
        },
      },
    },
  },
});

const events = [];
Hub.listen("auth", ({ payload }) => events.push(payload.event));

window.app = {
  signIn: () => signInWithRedirect({ customState: "basket 7/ü" }),
  signOut: () => signOut(),
  async session(options) {
    const { tokens, identityId, credentials } = await fetchAuthSession(options);
    if (!tokens) return { events, identityId, credentials };
    const { username } = await getCurrentUser();
    return {
      ...{ events, username, identityId, credentials },
      ...{ claims: tokens.idToken.payload, access: tokens.accessToken.payload },
    };
  },
};

// The hosts of Atlassian, played by the sandbox: whatever a client sends to them by `fetch` arrives there. So clients
// are used as they are used on the real thing, with the addresses that they have built in.

const { SANDBOX, SITE } = process.env;
const over = [
  [/^https:\/\/(auth|api)\.atlassian\.com(?=\/)/, SANDBOX],
  [new RegExp(`^https://${SITE}\\.atlassian\\.net(?=/)`), `${SANDBOX}/sites/${SITE}`],
];
const real = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const asked = String(input instanceof Request ? input.url : input);
  for (const [host, here] of over) {
    if (host.test(asked)) {
      const moved = asked.replace(host, here);
      return input instanceof Request ? real(new Request(moved, input), init) : real(moved, init);
    }
  }
  throw new Error(`a client asked ${asked}, which is none of Atlassian's`);
};

/** Runs one step and tells what came of it, in a line of its own. */
export async function step(way, name, run) {
  let line;
  try {
    line = { way, step: name, value: await run() };
  } catch (error) {
    const cause = error.cause ? ` (${error.cause.message ?? error.cause})` : '';
    line = { way, step: name, error: `${error.name}: ${error.message}${cause}`.slice(0, 2000) };
  }
  console.log(JSON.stringify(line));
}

/** Logs in with the code that came back from the consent: exchange, refresh, and the sites that can be reached. */
export async function logIn({ exchangeAuthorizationCode, refreshOAuth2Token, getAccessibleResources }) {
  const { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, CODE: code, CALLBACK: redirectUri, CLOUD_ID } = process.env;
  const first = await exchangeAuthorizationCode({ clientId, clientSecret, code, redirectUri });
  const second = await refreshOAuth2Token({ clientId, clientSecret, refreshToken: first.refreshToken });
  const sites = await getAccessibleResources(second.accessToken);
  if (!sites.some(site => site.id === CLOUD_ID)) throw new Error(`${CLOUD_ID} is not among ${JSON.stringify(sites)}`);
  return { type: 'oauth2', clientId, clientSecret, cloudId: CLOUD_ID, onTokenRefresh: () => {}, ...second };
}

// confluence.js, at a site with an API token and through the gateway with OAuth 2.0.

import { logIn, step } from './hosts.mjs';
import * as library from 'confluence.js';
import { createClient } from 'confluence.js/core';
import { getCurrentUser, searchByCQL } from 'confluence.js/v1';

const { SITE, EMAIL, API_TOKEN, PAGE } = process.env;

/** The cursor of the page that follows. */
const cursorOf = page => page._links?.next && new URL(page._links.next, 'https://x').searchParams.get('cursor');

async function all(list, parameters) {
  const found = [];
  let cursor;
  do {
    const page = await list({ ...parameters, cursor });
    found.push(...page.results);
    cursor = cursorOf(page);
  } while (cursor);
  return found;
}

async function drive(way, config) {
  // The library knows the shape of every answer; a surprise is to be an error.
  const client = createClient({ onSchemaMismatch: 'throw', ...config });
  const confluence = library.createV2Client(client);

  await step(way, 'spaces', async () =>
    (await all(confluence.space.getSpaces, { limit: 2 })).map(space => space.key));

  await step(way, 'pages', async () =>
    (await all(confluence.page.getPages, { limit: 20, bodyFormat: 'storage' })).map(page => page.title));

  await step(way, 'body', async () => {
    const page = await confluence.page.getPageById({ id: PAGE, bodyFormat: 'storage' });
    await confluence.comment.getPageFooterComments({ id: PAGE, bodyFormat: 'storage' });
    await confluence.attachment.getPageAttachments({ id: PAGE });
    await confluence.label.getPageLabels({ id: PAGE });
    await confluence.version.getPageVersions({ id: PAGE });
    return page.body.storage.value;
  });

  await step(way, 'search', async () => {
    const titles = [];
    for (;;) {
      const page = await searchByCQL(client, { cql: 'type = page order by title', limit: 25, start: titles.length });
      titles.push(...page.results.map(result => result.content.title));
      if (!page._links?.next) return titles;
    }
  });

  await step(way, 'who', async () => (await getCurrentUser(client)).accountId);
}

const host = `https://${SITE}.atlassian.net`;
await drive('site', { host, auth: { type: 'basic', email: EMAIL, apiToken: API_TOKEN } });
let auth;
await step('gateway', 'log in', async () => {
  auth = await logIn(library);
  return true;
});
await drive('gateway', { auth });

// jira.js, at a site with an API token and through the gateway with OAuth 2.0.

import { logIn, step } from './hosts.mjs';
import * as library from 'jira.js';

const { SITE, EMAIL, API_TOKEN, ISSUE } = process.env;

async function drive(way, config) {
  // The library knows the shape of every answer; a surprise is to be an error.
  const jira = library.createCloudClient({ onSchemaMismatch: 'throw', ...config });

  await step(way, 'projects', async () => {
    const keys = [];
    for (;;) {
      const page = await jira.projects.searchProjects({ startAt: keys.length, maxResults: 3, expand: 'description,lead' });
      keys.push(...page.values.map(project => project.key));
      if (page.isLast) return keys;
    }
  });

  await step(way, 'search', async () => {
    const keys = [];
    let nextPageToken;
    do {
      const page = await jira.issueSearch.searchAndReconsileIssuesUsingJql({
        jql: 'project is not EMPTY ORDER BY key', fields: ['*all'], maxResults: 20, nextPageToken,
      });
      keys.push(...page.issues.map(issue => issue.key));
      nextPageToken = page.nextPageToken;
    } while (nextPageToken);
    return keys;
  });

  await step(way, 'search by POST', async () => {
    const keys = [];
    let nextPageToken;
    do {
      const page = await jira.issueSearch.searchAndReconsileIssuesUsingJqlPost({
        jql: 'project is not EMPTY ORDER BY created DESC', fields: ['summary'], maxResults: 30, nextPageToken,
      });
      keys.push(...page.issues.map(issue => issue.key));
      nextPageToken = page.nextPageToken;
    } while (nextPageToken);
    return keys;
  });

  await step(way, 'issue', async () => {
    const issue = await jira.issues.getIssue({ issueIdOrKey: ISSUE, expand: 'changelog' });
    await jira.issueComments.getComments({ issueIdOrKey: ISSUE });
    await jira.issueWorklogs.getIssueWorklog({ issueIdOrKey: ISSUE });
    await jira.issues.getChangeLogs({ issueIdOrKey: ISSUE });
    return { key: issue.key, title: issue.fields.summary };
  });

  await step(way, 'who', async () => (await jira.myself.getCurrentUser()).accountId);
}

const host = `https://${SITE}.atlassian.net`;
await drive('site', { host, auth: { type: 'basic', email: EMAIL, apiToken: API_TOKEN } });
let auth;
await step('gateway', 'log in', async () => {
  auth = await logIn(library);
  return true;
});
await drive('gateway', { auth });

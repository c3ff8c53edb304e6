import { styleText } from 'node:util';

const VERIFICATION = { to: '+44 7400 123456', purpose: 'sign-in' };
const MESSAGE = { to: '+91 8563 21412', content: 'Hello from nestjs-laaffic' };

/** What the report of the first message needs. */
export interface FirstMessage {
  /** The address of the service. */
  readonly url: string;
  readonly sandboxUrl: string;
  readonly apiKey: string | undefined;
  /** The data directory of the embedded database, if there is one. */
  readonly dataDir: string | undefined;
  /** Whether the service verifies phone numbers. */
  readonly verifies: boolean;
  readonly print: (text: string) => void;
}

/**
 * Sends one message through the HTTP API and prints the request and the response, as a first example for newcomers. It
 * needs a sandbox, where messages cost nothing.
 */
export async function showFirstMessage({
  url,
  sandboxUrl,
  apiKey,
  dataDir,
  verifies,
  print,
}: FirstMessage): Promise<void> {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
    },
    body: JSON.stringify(MESSAGE),
  });
  const body = JSON.stringify(await response.json(), null, 2);
  if (!response.ok) throw new Error(`The first message was not accepted: HTTP ${response.status} ${body}`);
  const isSent = response.status === 201;
  print(`
${styleText('bold', isSent ? SENT : WAITING)}

${styleText('cyan', `POST ${url}/v1/messages`)}
${JSON.stringify(MESSAGE)}

${styleText(isSent ? 'green' : 'yellow', isSent ? '201 Created' : '202 Accepted')}
${body}

No Laaffic account is set, so a sandbox takes the messages and none is sent for real.
  Where the message is   ${url}${response.headers.get('location') ?? ''}
  Campaigns              ${url}/v1/campaigns
  Try it yourself        ${url}/docs
  What the sandbox got   ${new URL('/_sandbox/messages', sandboxUrl).href}
  What is kept           ${dataDir ?? 'in the database of DATABASE_URL'}
  Stop                   Ctrl+C
${verifies ? verificationHint(url, apiKey !== undefined) : ''}`);
}

/** The key stays out of the terminal. */
function verificationHint(url: string, needsKey: boolean): string {
  const key = needsKey ? ` -H 'authorization: Bearer <API key>'` : '';
  const headers = `-H 'content-type: application/json'${key}`;
  const check = JSON.stringify({ code: 'CODE', purpose: VERIFICATION.purpose });
  return `
Verify a phone number:
  curl -s ${url}/v1/verifications ${headers} -d '${JSON.stringify(VERIFICATION)}'
Then check its code, with the id of the response, and the code in the last message that the sandbox got:
  curl -s ${url}/v1/verifications/ID/check ${headers} -d '${check}'
`;
}

const SENT = 'One message went through the service, to a gateway that checked its signature:';
// An earlier run may have left the account paused, or another process sends.
const WAITING = 'One message is in the outbox of the service, and is sent as soon as the account may:';

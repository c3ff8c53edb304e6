const MESSAGE = { to: '+91 8563 21412', content: 'Hello from nestjs-laaffic' };

/** What the newcomer is shown. */
export interface FirstMessage {
  /** Of the service. */
  readonly url: string;
  readonly sandboxUrl: string;
  readonly apiKey: string | undefined;
  /** Where the data of a database of this machine's own really are. */
  readonly dataDir: string | undefined;
  readonly print: (text: string) => void;
}

/**
 * Sends one message through the service's own HTTP API, and shows what was asked and answered: a
 * newcomer's first sight of it. For the sandbox only, for it costs nothing there.
 */
export async function showFirstMessage({ url, sandboxUrl, apiKey, dataDir, print }: FirstMessage): Promise<void> {
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
    },
    body: JSON.stringify(MESSAGE),
  });
  const body = JSON.stringify(await answer.json(), null, 2);
  if (!answer.ok) throw new Error(`The first message was not accepted: HTTP ${answer.status} ${body}`);
  const isSent = answer.status === 201;
  print(`
${isSent ? SENT : WAITING}

POST ${url}/v1/messages
${JSON.stringify(MESSAGE)}

${isSent ? '201 Created' : '202 Accepted'}
${body}

No Laaffic account is set, so a sandbox of this process takes the messages and none is sent for real.
  Where the message is   ${url}${answer.headers.get('location') ?? ''}
  Campaigns              ${url}/v1/campaigns
  Try it yourself        ${url}/docs
  What the sandbox got   ${new URL('/_sandbox/messages', sandboxUrl).href}
  What is kept           ${dataDir ?? 'in the database of DATABASE_URL'}
  Stop                   Ctrl+C
`);
}

const SENT = 'One message went through the service, to a gateway that checked its signature:';
// An earlier run may have left the account paused, or another process is to send.
const WAITING = 'One message is in the outbox of the service, and is sent as soon as the account may:';

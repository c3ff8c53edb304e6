import { freePort } from '../free-port.js';
import { until } from '../until.js';
import { Program } from './program.js';
import { CREDENTIALS, InstalledSandbox } from './sandbox.js';

export interface Served {
  readonly status: number;
  readonly body: unknown;
  /** What the sandbox has in its ledger. */
  readonly messages: readonly { readonly number: string; readonly orderId: string; readonly msgId: string }[];
}

/** Runs the built app of a folder against a sandbox, and asks it to send one message. */
export async function serve(dir: string, program: string): Promise<Served> {
  const sandbox = await InstalledSandbox.start(dir);
  const port = await freePort();
  const app = new Program(dir, [program], { PORT: String(port), LAAFFIC_BASE_URL: sandbox.url, ...CREDENTIALS });
  try {
    const answer = await post(app, `http://localhost:${port}/notifications`);
    const { messages } = (await sandbox.control('/_sandbox/messages')) as unknown as Pick<Served, 'messages'>;
    return {
      status: answer.status,
      body: await answer.json(),
      messages: messages.map(({ number, orderId, msgId }) => ({ number, orderId, msgId })),
    };
  } finally {
    await app.end();
    await sandbox.close();
  }
}

function post(app: Program, url: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ to: '+91 8563 21412', content: 'hello world' });
  const ended = app.ended.then((code) => {
    throw new Error(`The app ended with ${code}:\n${app.printed}\n${app.errors}`);
  });
  // Until it listens.
  const answered = until(() => fetch(url, { method: 'POST', headers, body }).catch(() => undefined));
  return Promise.race([answered, ended]);
}

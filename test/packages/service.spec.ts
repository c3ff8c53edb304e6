import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { workDir } from './packed.js';
import { run } from './run.js';

const ROOT = join(__dirname, '../..');

/** Runs the built service until it has printed `end`, then ends it as an operator would. */
async function serve(env: NodeJS.ProcessEnv, end: RegExp): Promise<{ printed: string; errors: string; code: number }> {
  const service = spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
  });
  let printed = '';
  let errors = '';
  service.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (end.test(printed)) service.kill('SIGTERM');
  });
  service.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code, signal] = (await once(service, 'close')) as [number | null, NodeJS.Signals | null];
  return { printed, errors, code: code ?? (signal === 'SIGTERM' ? 143 : -1) };
}

describe('the built service', () => {
  beforeAll(async () => {
    await run(ROOT, 'npm', 'run', 'build');
  });

  it('sends its first message through a gateway that checks the signature, and stops when told to', async () => {
    const { printed, errors, code } = await serve(
      { PORT: '0', DATA_DIR: join(workDir, 'service-data') },
      /Stop +Ctrl\+C/,
    );
    expect(errors).toBe('');
    expect(code).toBe(143);
    const [, receipt = ''] = /201 Created\n(\{.*?^\})/ms.exec(printed) ?? [];
    expect(JSON.parse(receipt)).toEqual({
      accepted: [{ number: '91856321412', orderId: expect.any(String), msgId: expect.stringMatching(/^\d{19}$/) }],
      rejected: [],
      unknown: [],
    });
  });

  it('says in one line which settings are wrong, and does not start', async () => {
    const { errors, code } = await serve({ PORT: 'http', LAAFFIC_APP_ID: 'x' }, /never/);
    expect(errors).toBe(
      'The service cannot start: PORT must be a number from 0 to 65535; ' +
        'LAAFFIC_API_KEY and LAAFFIC_API_SECRET must be set too, or none of the three for the sandbox\n',
    );
    expect(code).toBe(1);
  });
});

import { Test } from '@nestjs/testing';
import { LaafficSandbox, SAMPLE_ACCOUNT } from 'laaffic-sandbox';
import { GatewayClock, LaafficModule, SmsService, type LaafficOptions } from 'nestjs-laaffic';

/** The account of the sandbox. */
export const ACCOUNT = SAMPLE_ACCOUNT;

/** An app of the module alone, as a user makes one. */
export async function client(options: Partial<LaafficOptions>, clock = new GatewayClock()) {
  const app = await Test.createTestingModule({ imports: [LaafficModule.forRoot({ ...ACCOUNT, ...options })] })
    .overrideProvider(GatewayClock)
    .useValue(clock)
    .compile();
  app.useLogger(false);
  await app.init();
  return { sms: app.get(SmsService), clock, close: () => app.close() };
}

/** The error that a call ends with; a call that does not fail is a failure of the test. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const nothing = Symbol('resolved');
  const error = await call.then(
    () => nothing,
    (reason: unknown) => reason,
  );
  if (error === nothing) throw new Error('the call was expected to fail, but resolved');
  return error;
}

/** One sandbox and one client for all tests of a file; each test starts with an empty history and uses up its script. */
export function sandboxAndClient() {
  const both = {} as { sandbox: LaafficSandbox; client: Awaited<ReturnType<typeof client>> };
  beforeAll(async () => {
    both.sandbox = await LaafficSandbox.start();
    both.client = await client({ baseUrl: both.sandbox.url });
  });
  afterEach(() => {
    both.sandbox.assertScriptDone();
    both.sandbox.reset();
  });
  afterAll(async () => {
    await both.client.close();
    await both.sandbox.close();
  });
  return both;
}

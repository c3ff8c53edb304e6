import type { CallersDatabase } from '../database/callers-database.js';
import type { NotificationListener, NotificationName } from '../database/listener.js';
import type { SqlTransaction } from '../sql-transaction.js';
import { TemplateCache } from './template-cache.js';

/** A database with one template in many names, whose reads a test ends by hand. */
function stage() {
  let now = 0;
  let version = 1;
  let notify: NotificationListener = () => undefined;
  const reads: { name: string; transaction: SqlTransaction | undefined; end: (error?: Error) => void }[] = [];
  const callers = {
    runIn: (transaction: SqlTransaction | undefined, _: unknown, { name }: { readonly name: string }) => {
      const row = {
        ...{ name, version, texts: JSON.stringify({ en: `version ${version}` }), default_locale: 'en' },
        ...{ max_parts: null, keeps_line_ends: false, created_by: 'anna', archived_at: null },
      };
      return new Promise((resolve, reject) => {
        const end = (error?: Error): void => {
          if (error === undefined) resolve(name === 'none' ? [] : [row]);
          else reject(error);
        };
        reads.push({ name, transaction, end });
      });
    },
  } as unknown as CallersDatabase;
  const listener = {
    on: (_: NotificationName, added: NotificationListener) => {
      notify = added;
    },
  };
  const clock = {
    start: () => {
      const started = now;
      return { isWithin: (ms: number) => now - started < ms };
    },
  };
  return {
    cache: new TemplateCache('app', callers, listener, clock),
    reads,
    pass: (ms: number) => (now += ms),
    change: () => (version += 1),
    notify: (payload: string) => {
      notify(payload, false);
    },
  };
}

/** Reads once, so the cache knows the template. */
async function warm(of: ReturnType<typeof stage>, name = 'hello'): Promise<void> {
  const reading = of.cache.find(name);
  of.reads.at(-1)?.end();
  await reading;
}

describe('the cache of templates', () => {
  it('reads a template once for all callers at a time, and keeps it for 5 seconds', async () => {
    const of = stage();
    const both = [1, 2].map(async () => of.cache.find('hello'));
    of.reads[0]?.end();
    const found = await Promise.all(both);
    expect(found.map((current) => current?.version)).toEqual([1, 1]);
    expect(of.reads).toHaveLength(1);
    of.pass(4_999);
    expect(of.cache.find('hello')).toBe(found[0]);
    of.pass(1);
    expect(of.cache.find('hello')).toBeInstanceOf(Promise);
    expect(of.reads).toHaveLength(2);
  });

  it.each([['app'], ['']])('reads again after the notification %j', async (payload) => {
    const of = stage();
    await warm(of);
    of.change();
    of.notify(payload);
    const reading = of.cache.find('hello');
    of.reads[1]?.end();
    expect((await reading)?.version).toBe(2);
  });

  it('ignores notifications of other accounts', async () => {
    const of = stage();
    await warm(of);
    of.notify('other');
    expect(of.cache.find('hello')).toMatchObject({ version: 1 });
  });

  it('does not keep, and does not share, what was read before a change', async () => {
    const of = stage();
    const before = of.cache.find('hello');
    of.change();
    of.notify('app');
    const after = of.cache.find('hello');
    of.reads[1]?.end();
    of.reads[0]?.end();
    expect([(await before)?.version, (await after)?.version]).toEqual([1, 2]);
    expect(of.cache.find('hello')).toMatchObject({ version: 2 });
  });

  it('does not keep an old version that a transaction with an old snapshot reads', async () => {
    const of = stage();
    const transaction = { query: () => Promise.resolve([]) };
    const old = of.cache.find('hello', transaction);
    of.change();
    await warm(of);
    of.reads[0]?.end();
    expect((await old)?.version).toBe(1);
    expect(of.cache.find('hello')).toMatchObject({ version: 2 });
  });

  it('reads in the transaction of the caller, and never waits for that of another caller', async () => {
    const of = stage();
    const [one, two] = [1, 2].map(() => ({ query: () => Promise.resolve([]) }));
    const failing = of.cache.find('hello', one);
    const found = of.cache.find('hello', two);
    expect(of.reads.map(({ transaction }) => transaction)).toEqual([one, two]);
    of.reads[0]?.end(new Error('aborted'));
    of.reads[1]?.end();
    await expect(failing).rejects.toThrow('aborted');
    expect((await found)?.version).toBe(1);
    expect(of.cache.find('hello', one)).toMatchObject({ version: 1 });
  });

  it('remembers neither failures nor unknown names', async () => {
    const of = stage();
    const failing = of.cache.find('hello');
    of.reads[0]?.end(new Error('down'));
    await expect(failing).rejects.toThrow('down');
    await warm(of);
    await warm(of, 'none');
    expect(of.cache.find('none')).toBeInstanceOf(Promise);
    expect(of.reads.map(({ name }) => name)).toEqual(['hello', 'hello', 'none', 'none']);
  });

  it('keeps 200 templates', async () => {
    const of = stage();
    for (let index = 0; index <= 200; index++) await warm(of, `t${index}`);
    expect(of.cache.find('t0')).toBeInstanceOf(Promise);
    expect(of.cache.find('t1')).toMatchObject({ version: 1 });
  });
});

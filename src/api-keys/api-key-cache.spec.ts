import { GrantedScopes } from '../common/auth/scopes.js';
import { digestOfKey, type StoredKey } from '../common/auth/stored-key.js';
import { ApiKeyCache } from './api-key-cache.js';

const keyOf = (name: string): StoredKey => ({
  ...{ id: name, name, digest: digestOfKey(name), rate: undefined },
  scopes: new GrantedScopes(['messages:send']),
});

describe('ApiKeyCache', () => {
  let now = 0;
  let valid: StoredKey[] = [];
  /** The batches that were looked up. */
  let looks: number[] = [];
  let failure: Error | undefined;
  let held: Promise<void> | undefined;
  let cache: ApiKeyCache;
  beforeEach(() => {
    [now, valid, looks, failure, held] = [0, [keyOf('crm'), keyOf('shop')], [], undefined, undefined];
    const load = async (digests: readonly Buffer[]) => {
      looks.push(digests.length);
      await held;
      if (failure !== undefined) throw failure;
      return valid.filter(({ digest }) => digests.some((given) => given.equals(digest)));
    };
    cache = new ApiKeyCache(load, () => now);
  });
  const find = async (name: string) => (await cache.find(digestOfKey(name)))?.name;

  it('looks a key up at most once a second', async () => {
    expect(await find('crm')).toBe('crm');
    now = 999;
    expect(await find('crm')).toBe('crm');
    expect(looks).toEqual([1]);
    now = 1_000;
    expect(await find('crm')).toBe('crm');
    expect(looks).toEqual([1, 1]);
  });

  it('forgets a revoked key within a second of the beginning of the last look', async () => {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => (release = resolve));
    const found = find('crm');
    now = 900;
    release();
    expect(await found).toBe('crm');
    valid = [];
    expect(await find('crm')).toBe('crm');
    now = 1_000;
    expect(await find('crm')).toBeUndefined();
  });

  it('forgets a key at once if this process revoked it', async () => {
    await find('crm');
    valid = [];
    cache.clear();
    expect(await find('crm')).toBeUndefined();
  });

  it('remembers wrong keys too', async () => {
    expect([await find('wrong'), await find('wrong')]).toEqual([undefined, undefined]);
    expect(looks).toEqual([1]);
  });

  it('looks up together what arrives during a look, a thousand at a time, and anew what is being looked up', async () => {
    const names = Array.from({ length: 2_500 }, (_, index) => `wrong-${index}`);
    const found = await Promise.all(['crm', ...names, 'shop', 'shop', 'crm'].map(find));
    expect(found.filter((name) => name !== undefined)).toEqual(['crm', 'shop', 'shop', 'crm']);
    expect(looks).toEqual([1, 1_000, 1_000, 502]);
  });

  it('rejects what waits if the look fails, and looks again for the next request', async () => {
    failure = new Error('no database');
    const results = await Promise.allSettled([find('crm'), find('shop'), find('wrong')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    failure = undefined;
    expect(await Promise.all([find('crm'), find('wrong')])).toEqual(['crm', undefined]);
  });

  it('remembers a bounded number of results', async () => {
    await Promise.all(Array.from({ length: 12_000 }, (_, index) => find(`wrong-${index}`)));
    expect(cache.size).toBe(10_000);
  });
});

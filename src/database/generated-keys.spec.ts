import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, readConfiguration } from '../configuration.js';
import { withGeneratedKeys } from './generated-keys.js';

const KEY = /^[\w-]{43}$/;
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'keys-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

async function keysOf(env: NodeJS.ProcessEnv = {}, isEmbedded = true) {
  const configuration = readConfiguration({ DATA_DIR: dataDir, ...env });
  const { sealKeys, verification } = await withGeneratedKeys(configuration, isEmbedded);
  return { sealKeys, verifyKeys: verification?.keys };
}

it('are the same for all instances of an embedded database, also for those that start at the same time', async () => {
  const [first, ...others] = await Promise.all(Array.from({ length: 8 }, () => keysOf()));
  expect(first).toEqual({ sealKeys: [expect.stringMatching(KEY)], verifyKeys: [expect.stringMatching(KEY)] });
  expect(first?.sealKeys).not.toEqual(first?.verifyKeys);
  for (const other of [...others, await keysOf()]) expect(other).toEqual(first);
});

it('are readable by the user of the service alone, and leave no other file', async () => {
  await keysOf();
  expect(await readdir(dataDir)).toEqual(['sandbox-keys']);
  expect((await stat(join(dataDir, 'sandbox-keys'))).mode & 0o777).toBe(0o600);
});

it('are made in a folder that is not there yet', async () => {
  const { sealKeys } = await keysOf({ DATA_DIR: join(dataDir, 'a', 'b') });
  expect(sealKeys).toEqual([expect.stringMatching(KEY)]);
});

it('are new at each start with another database, and are not stored', async () => {
  expect(await keysOf({}, false)).not.toEqual(await keysOf({}, false));
  expect(await readdir(dataDir)).toEqual([]);
});

it('leave the keys of settings as they are', async () => {
  const [verifyKey, sealKey] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string];
  expect(await keysOf({ VERIFY_KEYS: verifyKey })).toEqual({
    sealKeys: [expect.stringMatching(KEY)],
    verifyKeys: [verifyKey],
  });
  expect(await keysOf({ SEAL_KEYS: sealKey })).toEqual({
    sealKeys: [sealKey],
    verifyKeys: [expect.stringMatching(KEY)],
  });
  expect(await keysOf({ VERIFY_KEYS: verifyKey, SEAL_KEYS: sealKey })).toEqual({
    sealKeys: [sealKey],
    verifyKeys: [verifyKey],
  });
});

it('are not made for a real account', async () => {
  const account = { LAAFFIC_APP_ID: 'x', LAAFFIC_API_KEY: 'y', LAAFFIC_API_SECRET: 'z' };
  expect(await keysOf(account)).toEqual({ sealKeys: [], verifyKeys: undefined });
  expect(await readdir(dataDir)).toEqual([]);
});

it.each(['', 'x', `${'a'.repeat(43)}\n`, `${'a'.repeat(43)}\n${'b'.repeat(43)}\nmore`])(
  'are not replaced if their file is damaged: %j',
  async (content) => {
    const file = join(dataDir, 'sandbox-keys');
    await writeFile(file, content);
    await expect(keysOf()).rejects.toThrow(new ConfigurationError([`${file} is damaged: remove it`]));
  },
);

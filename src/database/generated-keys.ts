import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, type Configuration } from '../configuration.js';
import { errorCodeOf } from '../common/errors/error-code.js';

const FILE = 'sandbox-keys';
const KEYS = /^([\w-]{43})\n([\w-]{43})\n$/;

/**
 * Adds the keys of phone verification that no setting has, for a service with the sandbox. Instances that share an embedded
 * database share the keys too: one of them checks the code, or sends the message, that another one has stored.
 * @param isEmbedded whether the database is the embedded one. Otherwise the keys are new at each start.
 */
export async function withGeneratedKeys(configuration: Configuration, isEmbedded: boolean): Promise<Configuration> {
  const { verification, sealKeys, dataDir } = configuration;
  if (verification === undefined || (verification.keys.length > 0 && sealKeys.length > 0)) return configuration;
  const [verifyKey, sealKey] = isEmbedded ? await keysOf(dataDir) : [newKey(), newKey()];
  return {
    ...configuration,
    sealKeys: sealKeys.length > 0 ? sealKeys : [sealKey],
    verification: { ...verification, keys: verification.keys.length > 0 ? verification.keys : [verifyKey] },
  };
}

function newKey(): string {
  return randomBytes(32).toString('base64url');
}

/** @throws {ConfigurationError} if the file has other content. New keys would make the stored messages unreadable. */
async function keysOf(dataDir: string): Promise<readonly [string, string]> {
  const file = join(dataDir, FILE);
  const text = (await readIfPresent(file)) ?? (await create(dataDir, file));
  const [, verifyKey, sealKey] = KEYS.exec(text) ?? [];
  if (verifyKey === undefined || sealKey === undefined) throw new ConfigurationError([`${file} is damaged: remove it`]);
  return [verifyKey, sealKey];
}

function readIfPresent(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
    return undefined;
  });
}

/** Instances that start at the same time get the same keys: a link to a complete file, which only one of them can make. */
async function create(dataDir: string, file: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const fresh = `${file}.${process.pid}.${newKey()}`;
  try {
    await writeFile(fresh, `${newKey()}\n${newKey()}\n`, { mode: 0o600 });
    await link(fresh, file).catch((error: unknown) => {
      if (errorCodeOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await rm(fresh, { force: true });
  }
  return readFile(file, 'utf8');
}

import { ClientSources } from '../requests/client-sources.js';

/** What the testing module provides besides a fake. They are no part of its public API. */
export interface FakeParts {
  readonly clientSources: ClientSources;
}

const parts = new WeakMap<object, FakeParts>();

export function keepParts(fake: object, of: FakeParts): void {
  parts.set(fake, of);
}

/** @throws {Error} if it is no fake. */
export function partsOf(fake: object): FakeParts {
  const found = parts.get(fake);
  if (found === undefined) throw new Error('Expected a FakeSmsVerification');
  return found;
}

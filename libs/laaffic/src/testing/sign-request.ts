import { Credentials, type SignedHeaders } from '../signing/credentials.js';

export type { SignedHeaders };

/** The account and the time of a signed request. */
export interface SignRequestInput {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** @default now */
  readonly at?: Date;
}

/**
 * Creates the three headers of a signed request, to call a gateway in a test or to check a signature.
 * @example
 * await fetch(`${sandbox.url}/getBalance?appId=${appId}`, { headers: { ...signRequest({ apiKey, apiSecret }) } });
 */
export function signRequest({ apiKey, apiSecret, at = new Date() }: SignRequestInput): SignedHeaders {
  return new Credentials(apiKey, apiSecret).headersAt(Math.floor(at.getTime() / 1000));
}

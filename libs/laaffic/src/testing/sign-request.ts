import { Credentials, type SignedHeaders } from '../signing/credentials.js';

export type { SignedHeaders };

export interface SignRequestInput {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** @default now */
  readonly at?: Date;
}

/** The three headers of a signed request, to call a gateway of your own or to compare with. */
export function signRequest({ apiKey, apiSecret, at = new Date() }: SignRequestInput): SignedHeaders {
  return new Credentials(apiKey, apiSecret).headersAt(Math.floor(at.getTime() / 1000));
}

import { createHash } from 'node:crypto';

/**
 * Signs a request: the MD5 of key, secret and time without separators, as 32 hexadecimal digits (vendor page "Sending
 * Messages"). Body, query and path are not signed. A signature is valid for any request until its time expires, so treat
 * it as a secret.
 * @param timestamp seconds since the epoch, as sent in the `Timestamp` header.
 * @example
 * sign('bDqJFiq9', '7bz1lzh9', 1630468800); // '05d7a50893e22a5c4bb3216ae3396c7c'
 */
export function sign(apiKey: string, apiSecret: string, timestamp: number | string): string {
  return createHash('md5').update(`${apiKey}${apiSecret}${timestamp}`).digest('hex');
}

/** The three headers that authenticate a request. */
export interface SignedHeaders {
  readonly Sign: string;
  readonly Timestamp: string;
  readonly 'Api-Key': string;
}

/** Key and secret of one account, hidden from printing and from `JSON.stringify`. */
export class Credentials {
  readonly #apiKey: string;
  readonly #apiSecret: string;
  #latest: { readonly seconds: number; readonly headers: SignedHeaders } | undefined;

  constructor(apiKey: string, apiSecret: string) {
    this.#apiKey = apiKey;
    this.#apiSecret = apiSecret;
  }

  /** The headers of a request at this time. A signature is valid for a whole second and is made once in it. */
  headersAt(seconds: number): SignedHeaders {
    if (this.#latest?.seconds !== seconds) {
      const Timestamp = String(seconds);
      const headers = { Sign: sign(this.#apiKey, this.#apiSecret, Timestamp), Timestamp, 'Api-Key': this.#apiKey };
      this.#latest = { seconds, headers };
    }
    return this.#latest.headers;
  }

  /** Replaces key, secret and signature in a text of the gateway. */
  redact(text: string): string {
    const secrets = [this.#apiSecret, this.#apiKey, this.#latest?.headers.Sign];
    return secrets.reduce<string>((rest, secret) => (secret ? rest.replaceAll(secret, '[redacted]') : rest), text);
  }
}

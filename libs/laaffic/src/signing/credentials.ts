import { sign } from './sign.js';

/** The three headers that authenticate a request. */
export interface SignedHeaders {
  readonly Sign: string;
  readonly Timestamp: string;
  readonly 'Api-Key': string;
}

/** Key and secret of one account, where neither printing nor `JSON.stringify` finds them. */
export class Credentials {
  readonly #apiKey: string;
  readonly #apiSecret: string;
  #latest: { readonly seconds: number; readonly headers: SignedHeaders } | undefined;

  constructor(apiKey: string, apiSecret: string) {
    this.#apiKey = apiKey;
    this.#apiSecret = apiSecret;
  }

  /** The headers for a request made at this time; a signature holds for a whole second and is made once in it. */
  headersAt(seconds: number): SignedHeaders {
    if (this.#latest?.seconds !== seconds) {
      const Timestamp = String(seconds);
      const headers = { Sign: sign(this.#apiKey, this.#apiSecret, Timestamp), Timestamp, 'Api-Key': this.#apiKey };
      this.#latest = { seconds, headers };
    }
    return this.#latest.headers;
  }

  /** Takes key, secret and signature out of a text that others wrote. */
  redact(text: string): string {
    const secrets = [this.#apiSecret, this.#apiKey, this.#latest?.headers.Sign];
    return secrets.reduce<string>((rest, secret) => (secret ? rest.replaceAll(secret, '[redacted]') : rest), text);
  }
}

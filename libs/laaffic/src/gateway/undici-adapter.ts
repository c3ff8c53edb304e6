import type { AxiosAdapter, AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Dispatcher } from 'undici';
import type { SignedAs } from '../signing/signing.interceptor.js';
import { ExchangeFailure } from './exchange.js';
import { withheldBy, type MayStart } from './may-start.js';

/**
 * A request of the gateway. The caller's signal has a name of its own: axios acts on `signal` after
 * the adapter has settled too, and would then trade a whole answer for a cancellation.
 */
export interface ExchangeConfig extends AxiosRequestConfig<string>, SignedAs {
  /** Path and query of the call, after the base URL: `sendSms`. */
  url: string;
  method: 'GET' | 'POST';
  /** Milliseconds for the whole exchange, waiting for a connection included. */
  timeout: number;
  cancel?: AbortSignal | undefined;
  /** Asked right before the first byte is written. */
  mayStart?: MayStart | undefined;
}

/** What the adapter answers with, in the place of axios' response headers. */
const EXPOSED_HEADERS = ['content-type', 'date', 'retry-after'] as const;

/** The most that an answer may weigh; 1,000 recipients make about 100 kB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * An axios adapter over an undici dispatcher. It rejects with {@link ExchangeFailure} alone, never
 * with an axios error, which would carry the signed headers.
 * @param basePath what every path begins with, from slash to slash: `/v3/`.
 */
export function undiciAdapter(dispatcher: Dispatcher, origin: string, basePath: string): AxiosAdapter {
  return (config) =>
    new Promise((resolve, reject) => {
      const { url, cancel } = config as ExchangeConfig;
      const handler = new ExchangeHandler(config, resolve, reject);
      if (cancel?.aborted === true) {
        handler.stop('aborted', cancel.reason);
        return;
      }
      handler.watch(config.timeout ?? 0, cancel);
      try {
        dispatcher.dispatch(
          {
            origin,
            path: basePath + url,
            method: config.method === 'get' ? 'GET' : 'POST',
            headers: headerList(config.headers),
            body: (config.data as string | undefined) ?? null,
            // A GET of this gateway sends messages: never let the pool repeat it.
            idempotent: false,
          },
          handler,
        );
      } catch (error) {
        handler.stop('failed', error);
      }
    });
}

function headerList(headers: InternalAxiosRequestConfig['headers']): string[] {
  const list: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') list.push(name, value);
  }
  return list;
}

/** One exchange: settles its promise once, whichever comes first of answer, failure, time-out and abort. */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #timer: NodeJS.Timeout | undefined;
  #cancel: AbortSignal | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    private readonly config: InternalAxiosRequestConfig,
    private readonly resolve: (response: AxiosResponse<string>) => void,
    private readonly reject: (failure: ExchangeFailure) => void,
  ) {}

  watch(timeout: number, cancel: AbortSignal | undefined): void {
    this.#timer = setTimeout(() => {
      this.stop('timeout', undefined);
    }, timeout);
    this.#cancel = cancel;
    cancel?.addEventListener('abort', this.#onAbort);
  }

  /** Ends the exchange from our side; a connection in use is destroyed, a request still waiting never starts. */
  stop(why: 'aborted' | 'timeout' | 'failed', cause: unknown): void {
    if (this.#settled) return;
    this.#fail(new ExchangeFailure(why, this.#controller !== undefined, cause));
    this.#controller?.abort(new Error('The exchange is over'));
  }

  readonly #onAbort = (): void => {
    this.stop('aborted', this.#cancel?.reason);
  };

  /** The pool calls this right before the first byte is written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { mayStart } = this.config as ExchangeConfig;
    if (!this.#settled && mayStart !== undefined) this.#ask(mayStart);
    // Thrown, where `controller.abort` would destroy the connection: the pool goes on to the next request.
    if (this.#settled) throw new Error('The exchange is over');
    this.#controller = controller;
  }

  #ask(mayStart: MayStart): void {
    const failure = withheldBy(mayStart);
    // The caller's code may also have aborted.
    if (failure !== undefined && !this.#settled) this.#fail(failure);
  }

  onResponseStart(_: unknown, statusCode: number, headers: Record<string, string | string[] | undefined>): void {
    this.#status = statusCode;
    for (const name of EXPOSED_HEADERS) {
      const value = headers[name];
      if (value !== undefined) this.#headers[name] = String(value);
    }
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_ANSWER_BYTES)
      this.stop('failed', new Error(`The answer is larger than ${MAX_ANSWER_BYTES} bytes`));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    this.#settle();
    this.resolve({
      status: this.#status,
      statusText: '',
      headers: this.#headers,
      data: (this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks))?.toString() ?? '',
      config: this.config,
    });
  }

  onResponseError(_: unknown, error: Error): void {
    // Errors of the parser carry bytes of the answer, which may repeat the request.
    if ('data' in error) delete error.data;
    this.stop('failed', error);
  }

  #fail(failure: ExchangeFailure): void {
    this.#settle();
    this.reject(failure);
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#cancel?.removeEventListener('abort', this.#onAbort);
  }
}

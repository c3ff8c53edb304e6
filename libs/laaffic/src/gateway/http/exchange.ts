import type { AxiosAdapter, AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Dispatcher, RetryHandler } from 'undici';
import { ConnectionError } from '../../connection/connection.error.js';
import type { ConnectionPool, PooledRequest } from '../../connection/connection-pool.js';
import { decodeBody } from '../../connection/decode-body.js';
import { onAbort } from '../../on-abort.js';
import type { RequestDispatcher } from '../../options/laaffic.options.js';
import type { SignedAs } from '../../signing/signing.interceptor.js';
import { NoResponseError } from './response.js';

/** Decides whether a request may still be sent; called right before its first byte is written. */
export type ShouldSend = () => boolean;

/** A request to the gateway, as axios carries it to the adapter. */
export interface GatewayRequestConfig extends AxiosRequestConfig<string>, SignedAs {
  /** Path and query below the base URL: `sendSms`. */
  url: string;
  method: 'GET' | 'POST';
  /** Milliseconds for the whole exchange, the wait for a connection included. */
  timeout: number;
  /**
   * Not axios' own `signal`: axios acts on that one even after the adapter has resolved, and would replace a complete
   * response by a cancellation.
   */
  abortSignal?: AbortSignal | undefined;
  shouldSend?: ShouldSend | undefined;
}

/** The headers that the adapter returns in place of axios' response headers. */
const EXPOSED_HEADERS = ['content-type', 'content-encoding', 'date', 'retry-after'] as const;

/** The largest body that is read. The response for 1,000 recipients has about 100 kB. */
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/**
 * Creates an axios adapter over a pool of undici connections. It rejects only with {@link NoResponseError}: an axios error
 * would carry the signed headers.
 * @param basePath the beginning of every path, with a slash at both ends: `/v3/`.
 */
export function undiciAdapter(pool: ConnectionPool, basePath: string): AxiosAdapter {
  return (config) =>
    new Promise((resolve, reject) => {
      new Exchange(config, { pool, basePath, resolve, reject }).start();
    });
}

/** Turns off the retry and redirect interceptors of an app's dispatcher: a request may be written once only. */
const WRITE_ONCE: { maxRedirections: number; retryOptions: RetryHandler.RetryOptions } = {
  maxRedirections: 0,
  retryOptions: {
    throwOnError: false,
    retry: (error, _, done) => {
      done(error);
      return null;
    },
  },
};

/**
 * A property of header lists. undici's `RetryAgent`, which ignores `retryOptions` of a request, copies the headers into an
 * object to request the rest of a response that was cut. With a line end in a name, undici rejects that copy.
 */
const NO_COPY = { 'not written again\n': '' };

/** Calls `shouldSend`. @returns the error if it returned `false` or threw. */
export function preventedBy(shouldSend: ShouldSend): NoResponseError | undefined {
  try {
    return shouldSend() ? undefined : new NoResponseError('prevented', false, undefined);
  } catch (cause) {
    return new NoResponseError('prevented', false, cause);
  }
}

interface ExchangeParts {
  readonly pool: ConnectionPool;
  readonly basePath: string;
  readonly resolve: (response: AxiosResponse<string>) => void;
  readonly reject: (error: NoResponseError) => void;
}

/** One request and its response. Resolves or rejects its promise once, by whichever comes first: response, failure, time-out, abort. */
class Exchange implements PooledRequest, Dispatcher.DispatchHandler {
  node: PooledRequest['node'];
  #dispatcher: RequestDispatcher | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #isInPool = false;
  #isSettled = false;
  #timer: NodeJS.Timeout | undefined;
  #stopWatching: (() => void) | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    private readonly config: InternalAxiosRequestConfig,
    private readonly parts: ExchangeParts,
  ) {}

  start(): void {
    const { abortSignal, timeout } = this.config as GatewayRequestConfig;
    if (abortSignal?.aborted === true) {
      this.#stop('aborted', abortSignal.reason);
      return;
    }
    this.#timer = setTimeout(() => {
      this.#stop('timeout', undefined);
    }, timeout);
    if (abortSignal !== undefined) {
      this.#stopWatching = onAbort(abortSignal, () => {
        this.#stop('aborted', abortSignal.reason);
      });
    }
    try {
      this.#isInPool = true;
      this.parts.pool.add(this);
    } catch (error) {
      this.#isInPool = false;
      this.#stop('failed', error);
    }
  }

  run(dispatcher: RequestDispatcher): void {
    const { url, data, headers, method } = this.config as GatewayRequestConfig & InternalAxiosRequestConfig<string>;
    const { pool, basePath } = this.parts;
    const list = headerList(headers);
    this.#dispatcher = dispatcher;
    try {
      const options: Dispatcher.DispatchOptions = {
        origin: pool.origin,
        path: `${basePath}${url}`,
        method: method.toUpperCase() === 'GET' ? 'GET' : 'POST',
        headers: list,
        body: data ?? null,
        // A GET of this gateway sends messages, so undici must never repeat it.
        idempotent: false,
      };
      // Only a dispatcher of the app has interceptors, and these additions slow undici down.
      if (pool.hasAppDispatcher) Object.assign(options, WRITE_ONCE, { headers: Object.assign(list, NO_COPY) });
      dispatcher.dispatch(options, this);
    } catch (error) {
      this.onResponseError(undefined, error as Error);
    }
  }

  fail(error: unknown): void {
    this.#stop('failed', error);
  }

  /** Ends the exchange from our side. Destroys a connection in use; a request that still waits never starts. */
  #stop(type: 'aborted' | 'timeout' | 'failed', cause: unknown): void {
    if (this.#isSettled) return;
    this.#fail(new NoResponseError(type, this.#controller !== undefined, cause));
    this.#controller?.abort(new Error('The exchange is over'));
  }

  /** undici calls this right before it writes the first byte. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { shouldSend } = this.config as GatewayRequestConfig;
    if (!this.#isSettled && shouldSend !== undefined) this.#checkShouldSend(shouldSend);
    // Thrown because `controller.abort` would destroy the connection. undici keeps it for the next request.
    if (this.#isSettled) throw new Error('The exchange is over');
    if (this.#controller !== undefined) {
      // A dispatcher of the app retries by itself. The first request may have been sent, so no second one starts.
      const error = new ConnectionError('RETRY_PREVENTED', 'The dispatcher tried to write the request a second time');
      this.#fail(new NoResponseError('failed', true, error));
      throw error;
    }
    this.#controller = controller;
  }

  #checkShouldSend(shouldSend: ShouldSend): void {
    const error = preventedBy(shouldSend);
    // The caller's function may also have aborted.
    if (error !== undefined && !this.#isSettled) this.#fail(error);
  }

  onResponseStart(_: unknown, statusCode: number, headers: Record<string, string | string[] | undefined>): void {
    this.#status = statusCode;
    this.#headers = {};
    for (const name of EXPOSED_HEADERS) {
      const value = headers[name];
      if (value !== undefined) this.#headers[name] = String(value);
    }
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_RESPONSE_BYTES) {
      this.#stop('failed', new Error(`The response is larger than ${MAX_RESPONSE_BYTES} bytes`));
    } else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    const encoding = this.#headers['content-encoding'];
    if (encoding === undefined) this.#succeed(body);
    else {
      decodeBody(body, encoding, MAX_RESPONSE_BYTES).then(
        (decoded) => {
          this.#succeed(decoded);
        },
        (error: unknown) => {
          this.#fail(new NoResponseError('failed', true, error));
        },
      );
    }
    this.#release();
  }

  onResponseError(_: unknown, error: Error): void {
    // Errors of the parser carry bytes of the response, which may repeat the request.
    if ('data' in error) delete error.data;
    this.#stop('failed', error);
    this.#release();
  }

  #succeed(body: Buffer): void {
    if (this.#isSettled) return;
    this.#settle();
    const { config } = this;
    const [status, headers, data] = [this.#status, this.#headers, body.toString()];
    this.parts.resolve({ status, statusText: '', headers, data, config });
  }

  #fail(error: NoResponseError): void {
    if (this.#isSettled) return;
    this.#settle();
    this.parts.reject(error);
  }

  #settle(): void {
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#stopWatching?.();
    if (this.#isInPool) this.parts.pool.remove(this);
  }

  #release(): void {
    const dispatcher = this.#dispatcher;
    this.#dispatcher = undefined;
    if (dispatcher === undefined) return;
    // Not within undici's own call: it expects that nothing is added before it has cleaned up.
    queueMicrotask(() => {
      this.parts.pool.release(dispatcher);
    });
  }
}

function headerList(headers: InternalAxiosRequestConfig['headers']): string[] {
  const list: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') list.push(name, value);
  }
  list.push('Accept-Encoding', 'identity');
  return list;
}

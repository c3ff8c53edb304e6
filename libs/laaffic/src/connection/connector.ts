import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { orAborted } from '../on-abort.js';
import type { LaafficSettings } from '../options/laaffic.settings.js';
import { ConnectionError } from './connection.error.js';
import { connectToHost } from './happy-eyeballs.js';
import { openTunnel } from './proxy-tunnel.js';
import { skipContinue } from './skip-continue.js';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

type Target = buildConnector.Options;

/**
 * Connects to the gateway, directly or through a proxy. Each connection has `connectTimeoutMs` in all.
 *
 * Replaces undici's proxy agent, which waits for a silent proxy without a limit, and retries endlessly if a proxy drops
 * the connection.
 */
export class Connector {
  readonly #settings: LaafficSettings;
  readonly #toGateway: buildConnector.connector;
  readonly #toProxy: buildConnector.connector;
  readonly #attempts = new Set<AbortController>();

  constructor(settings: LaafficSettings, undici: { readonly buildConnector: typeof buildConnector }) {
    this.#settings = settings;
    // Without time limits of their own, because the limit of `connect` covers all steps.
    this.#toGateway = undici.buildConnector({ ...settings.tls, timeout: 0, allowH2: false });
    this.#toProxy = undici.buildConnector({ timeout: 0, allowH2: false });
  }

  readonly connect: buildConnector.connector = (target, callback) => {
    const { connectTimeoutMs } = this.#settings.connection;
    const end = new AbortController();
    const timer = setTimeout(() => {
      end.abort(new ConnectionError('CONNECT_TIMEOUT', `No connection within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    this.#attempts.add(end);
    this.#open(target, end.signal)
      .finally(() => {
        clearTimeout(timer);
        this.#attempts.delete(end);
      })
      .then(
        (socket) => {
          callback(null, skipContinue(socket));
        },
        (error: unknown) => {
          callback(error as Error, null);
        },
      );
  };

  /** Ends all connection attempts. */
  close(): void {
    for (const end of this.#attempts) end.abort(new ConnectionError('CLOSED', 'The app was closed'));
  }

  async #open(target: Target, signal: AbortSignal): Promise<Socket> {
    const { proxy } = this.#settings;
    if (proxy === undefined) {
      return secured(this.#toGateway, target, await connectToHost(target.hostname, portOf(target), signal), signal);
    }
    const { protocol, hostname, port, username, password } = new URL(proxy);
    const proxyTarget: Target = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), host: hostname, port };
    const socket = await secured(
      this.#toProxy,
      proxyTarget,
      await connectToHost(proxyTarget.hostname, portOf(proxyTarget), signal),
      signal,
    );
    const isAnonymous = username === '' && password === '';
    const tunnel = {
      hostname: target.hostname,
      port: portOf(target),
      credentials: isAnonymous ? undefined : [username, password].map(decodeURIComponent).join(':'),
    };
    await orDestroyed(openTunnel(socket, tunnel), socket, signal);
    return secured(this.#toGateway, target, socket, signal);
  }
}

/** Adds TLS to a socket if the scheme requires it. */
async function secured(
  connector: buildConnector.connector,
  target: Target,
  socket: Socket,
  signal: AbortSignal,
): Promise<Socket> {
  if (target.protocol !== 'https:') return socket;
  const handshake = new Promise<Socket>((resolve, reject) => {
    connector({ ...target, httpSocket: socket }, (error, secure) => {
      if (error === null) resolve(secure);
      else reject(error);
    });
  });
  return orDestroyed(handshake, socket, signal);
}

/** Waits for a step on a socket. Destroys the socket if the step fails or the signal aborts. */
async function orDestroyed<T>(step: Promise<T>, socket: Socket, signal: AbortSignal): Promise<T> {
  try {
    return await orAborted(step, signal);
  } catch (error) {
    // The step may fail later, when no caller waits for it.
    step.catch(() => undefined);
    socket.on('error', () => undefined).destroy();
    throw error;
  }
}

function portOf({ protocol, port }: Target): number {
  return port === '' ? (DEFAULT_PORTS[protocol] ?? 443) : Number(port);
}

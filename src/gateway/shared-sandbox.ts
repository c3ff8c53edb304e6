import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { LaafficSandbox } from 'laaffic-sandbox';
import { Client } from 'pg';
import type { SandboxPlace } from './sandbox-place.js';

/** The text "sandbox" as the key of an advisory lock. */
const LOCK_KEY = '0x73616e64626f78';
/** How often a port is probed that does not respond and is not free: it changes owners at this moment. */
const MAX_PROBES = 20;
const PROBE_INTERVAL_MS = 50;
/** The pause before a port of another program is probed again. */
const RETRY_INTERVAL_MS = 1_000;

/** The addresses that a sandbox pushes to. */
export interface PushUrls {
  readonly pushReportsTo: string;
  readonly pushInboundTo: string;
}

/**
 * The sandbox that all instances with the same data directory share. The first instance runs it. When that instance ends,
 * another one runs a new sandbox at the same address, without the messages and the balance of the old one.
 */
export class SharedSandbox {
  readonly #logger = new Logger('Sandbox');
  #own: LaafficSandbox | undefined;
  #pushUrls: PushUrls | undefined;
  #watched: Socket | undefined;
  #rejoining: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(
    private readonly place: SandboxPlace,
    private readonly port: number,
  ) {}

  /**
   * Finds the sandbox of a place, or runs it. Instances that start at the same time take turns.
   * @param database the database that all instances of the place share.
   */
  static open(place: SandboxPlace, database: string): Promise<SharedSandbox> {
    return inTurn(database, async () => {
      const port = await place.readPort();
      const noted = port === undefined ? undefined : new SharedSandbox(place, port);
      if (noted !== undefined && (await noted.#join())) return noted;
      // There was no sandbox before, or another program has its port now.
      const own = await startSandbox(place, 0);
      const fresh = new SharedSandbox(place, Number(new URL(own.url).port));
      fresh.#own = own;
      await place.writePort(fresh.port);
      return fresh;
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}${this.place.basePath}`;
  }

  /** The sandbox, if this instance runs it. */
  get own(): LaafficSandbox | undefined {
    return this.#own;
  }

  /** Sets the addresses that the sandbox pushes to while this instance runs it. */
  pushTo(urls: PushUrls): void {
    this.#pushUrls = urls;
    this.#own?.configure(urls);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watched?.destroy();
    await this.#rejoining;
    await this.#own?.close();
  }

  /** Uses the sandbox at the port, or runs one there. Returns `false` if another program has the port. */
  async #join(): Promise<boolean> {
    for (let probes = 0; probes < MAX_PROBES; probes++) {
      const listener = await this.place.probe(this.port);
      if (listener === 'other') return false;
      if (listener === 'sandbox') {
        this.#watch();
        return true;
      }
      this.#own = await startSandbox(this.place, this.port).catch(undefinedIfTaken);
      if (this.#own !== undefined) return true;
      await setTimeout(PROBE_INTERVAL_MS);
    }
    return false;
  }

  /** Notices when the sandbox ends. The port is the lock: the instance that can listen on it runs the next sandbox. */
  #watch(): void {
    const socket = connect(this.port, '127.0.0.1');
    this.#watched = socket;
    // The sandbox closes the silent connection after a minute, and then the port is probed again.
    socket.resume();
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#rejoining = this.#rejoin();
    });
  }

  async #rejoin(): Promise<void> {
    for (let isLogged = false; !this.#isClosed; isLogged = true) {
      if (await this.#join()) break;
      if (!isLogged)
        this.#logger.error(`Another program listens on port ${this.port}, where the sandbox was. Start again`);
      await setTimeout(RETRY_INTERVAL_MS);
    }
    if (this.#own === undefined) return;
    if (this.#pushUrls !== undefined) this.#own.configure(this.#pushUrls);
    this.#logger.warn('The instance with the sandbox has ended. This one runs a new sandbox at the same address');
  }
}

async function startSandbox({ basePath }: SandboxPlace, port: number): Promise<LaafficSandbox> {
  const { LaafficSandbox } = await import('laaffic-sandbox');
  return LaafficSandbox.start({ port, basePath });
}

function undefinedIfTaken(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'PORT_TAKEN')) throw error;
}

/** The lock ends with its connection, so that a process that dies blocks no others. */
async function inTurn<T>(database: string, run: () => Promise<T>): Promise<T> {
  const client = new Client(database);
  await client.connect();
  try {
    await client.query(`select pg_advisory_lock(${LOCK_KEY})`);
    return await run();
  } finally {
    await client.end();
  }
}

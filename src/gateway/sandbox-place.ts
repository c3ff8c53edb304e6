import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'sandbox.port';
const TIMEOUT_MS = 2_000;

/** What listens on a port: the sandbox of this place, another program, or nothing. */
export type Listener = 'sandbox' | 'other' | 'none';

/** Where instances with the same data directory find their sandbox: a file with its port, and a unique base path. */
export class SandboxPlace {
  private constructor(
    private readonly folder: string,
    /** Made from the data directory, so that another program on an old port is not taken for the sandbox. */
    readonly basePath: string,
  ) {}

  static async of(dataDir: string): Promise<SandboxPlace> {
    await mkdir(dataDir, { recursive: true });
    const folder = await realpath(dataDir);
    const digest = createHash('sha256').update(folder).digest('hex').slice(0, 8);
    return new SandboxPlace(folder, `/v3/${digest}`);
  }

  /** The port of the last sandbox, which may have ended. */
  async readPort(): Promise<number | undefined> {
    const text = await readFile(join(this.folder, FILE), 'utf8').catch(() => '');
    const port = /^\d{1,5}\n$/.test(text) ? Number(text) : 0;
    return port > 0 && port <= 65_535 ? port : undefined;
  }

  async writePort(port: number): Promise<void> {
    const fresh = join(this.folder, `${FILE}.${process.pid}`);
    await writeFile(fresh, `${port}\n`);
    await rename(fresh, join(this.folder, FILE));
  }

  async probe(port: number): Promise<Listener> {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/_sandbox`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return basePathIn(await response.json()) === this.basePath ? 'sandbox' : 'other';
    } catch (error) {
      // An unreadable or missing response is that of another program. A lost connection may be that of a closing sandbox.
      return /^(SyntaxError|TimeoutError)$/.test((error as Error).name) ? 'other' : 'none';
    }
  }
}

function basePathIn(response: unknown): unknown {
  return (response as { readonly options?: { readonly basePath?: unknown } } | null)?.options?.basePath;
}

import { join } from 'node:path';
import { Program } from './program.js';

export const CREDENTIALS = { LAAFFIC_APP_ID: '4luaKsL2', LAAFFIC_API_KEY: 'bDqJFiq9', LAAFFIC_API_SECRET: '7bz1lzh9' };

/** A sandbox in a process of its own, by the command that a project has installed. */
export class InstalledSandbox {
  private constructor(
    readonly url: string,
    readonly close: () => Promise<void>,
  ) {}

  static async start(dir: string): Promise<InstalledSandbox> {
    const command = [join(dir, 'node_modules/.bin/laaffic-sandbox'), '--port', '0', '--quiet'];
    const program = new Program(dir, command);
    const [url] = await program.says(/http:\S+/);
    return new InstalledSandbox(url, async () => {
      await program.end();
    });
  }

  /** Asks its control routes, or with a body tells them. */
  async control(path: string, body?: object): Promise<Record<string, unknown>> {
    const headers = { 'Content-Type': 'application/json' };
    const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
    return (await (await fetch(new URL(path, this.url), init)).json()) as Record<string, unknown>;
  }
}

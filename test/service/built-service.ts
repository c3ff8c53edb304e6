import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Program } from '../packages/program.js';

const ROOT = resolve(__dirname, '../..');

/** The service as `npm start` builds it, to run it in processes of its own, which a test may kill. */
export class BuiltService {
  private constructor(private readonly folder: string) {}

  /** Builds it in a temporary folder. */
  static build(): BuiltService {
    const folder = mkdtempSync(join(tmpdir(), 'laaffic-service-'));
    for (const name of ['src', 'libs', 'node_modules', 'package-lock.json']) {
      symlinkSync(join(ROOT, name), join(folder, name));
    }
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/build-service.mjs')], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return new BuiltService(folder);
  }

  /** Runs `node dist/main.js` with arguments. */
  run(args: readonly string[], env: NodeJS.ProcessEnv): Program {
    return new Program(this.folder, ['dist/main.js', ...args], env);
  }

  /** Serves on a port of its own. Resolves with the address once it listens. */
  async serve(env: NodeJS.ProcessEnv): Promise<{ readonly program: Program; readonly url: string }> {
    const program = this.run([], { PORT: '0', LOG_FORMAT: 'json', ...env });
    const [, url = ''] = await program.says(/"message":"Service: (http:[^"]+)"/);
    return { program, url };
  }

  /** Ends what a test has left running, and removes the build. */
  async remove(): Promise<void> {
    await Program.endAll();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

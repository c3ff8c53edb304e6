import { execFile } from 'node:child_process';

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; rejects with everything that it printed if it fails. */
export function run(cwd: string, file: string, ...args: string[]): Promise<Output> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { cwd, env: plainEnvironment(), timeout: 150_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(new Error(`${error.message}\n${stdout}`));
    });
  });
}

export function npmInstall(cwd: string, ...args: string[]): Promise<Output> {
  return run(cwd, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...args);
}

/** What Jest and `npm run -s` add to the environment is not there for those who use the packages. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const added = ['NODE_ENV', 'NODE_OPTIONS', 'JEST_WORKER_ID', 'FORCE_COLOR', 'npm_config_loglevel'];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !added.includes(name)));
}

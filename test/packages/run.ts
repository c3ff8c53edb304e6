import { execFile } from 'node:child_process';

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; rejects with everything that it printed if it fails. */
export function run(cwd: string, file: string, ...args: string[]): Promise<Output> {
  return runWith({}, cwd, file, ...args);
}

/** The same with variables in its environment. */
export function runWith(variables: NodeJS.ProcessEnv, cwd: string, file: string, ...args: string[]): Promise<Output> {
  const env = { ...plainEnvironment(), ...variables };
  return new Promise((resolve, reject) => {
    execFile(file, args, { cwd, env, timeout: 150_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(new Error(`${error.message}\n${stdout}`));
    });
  });
}

export function npmInstall(cwd: string, ...args: string[]): Promise<Output> {
  return run(cwd, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...args);
}

/**
 * What Jest and `npm run -s` add to the environment is not there for those who use the packages. Nothing is coloured, because
 * the tests read what programs print.
 */
function plainEnvironment(): NodeJS.ProcessEnv {
  const added = ['NODE_ENV', 'NODE_OPTIONS', 'JEST_WORKER_ID', 'FORCE_COLOR', 'npm_config_loglevel'];
  const others = Object.entries(process.env).filter(([name]) => !added.includes(name));
  return { ...Object.fromEntries(others), NO_COLOR: '1' };
}

import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import dockerignore from '@balena/dockerignore';
import { readDockerfile, type Instruction, type Stage } from '../containers/parsed.js';
import { run } from './run.js';

/** What an image of the `Dockerfile` has, made without an engine. */
export interface Image {
  /** The folder that stands for its root. */
  readonly root: string;
  readonly workDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly command: readonly string[];
  readonly healthCommand: readonly string[];
}

/** The files that an engine is given of a folder: those that its `.dockerignore` lets through. */
export function contextOf(folder: string): string[] {
  const rules = readFileSync(join(folder, '.dockerignore'), 'utf8').split('\n');
  const isSent = dockerignore
    .default()
    .add(rules.filter((rule) => !rule.startsWith('#')))
    .createFilter();
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter(isSent);
}

/** The version of Node that the base image has. */
export function nodeVersion(): string {
  const [base] = readDockerfile();
  return /^node:(\d+\.\d+\.\d+)-/.exec(base?.from ?? '')?.[1] ?? '';
}

/** From what images are made, and where. */
export interface Workshop {
  readonly context: string;
  readonly home: string;
  /** The program of `nodeVersion`. */
  readonly node: string;
}

/**
 * Runs the steps of the `Dockerfile` one by one in empty folders, with the Node of the base image and else with the
 * programs of this machine. Only what the steps are used for here is understood; anything else fails.
 */
export async function buildImages(workshop: Workshop): Promise<ReadonlyMap<string, Image>> {
  const images = new Map<string, Image>();
  for (const stage of readDockerfile()) images.set(stage.name, await buildStage(stage, images, workshop));
  return images;
}

async function buildStage(
  { name, from, instructions }: Stage,
  images: ReadonlyMap<string, Image>,
  { context, home, node }: Workshop,
): Promise<Image> {
  const path = `PATH=${dirname(node)}:${process.env['PATH']}`;
  const root = join(home, name);
  mkdirSync(root);
  const base = images.get(from);
  if (base !== undefined) cpSync(base.root, root, { recursive: true, verbatimSymlinks: true });
  let image: Image = { workDir: '/', env: {}, user: undefined, command: [], healthCommand: [], ...base, root };
  for (const step of instructions) {
    if (step.keyword === 'RUN') await run(join(root, image.workDir), 'env', path, 'sh', '-ec', step.text);
    else if (step.keyword === 'COPY') copy(step, image, images.get(step.flags['from'] ?? '')?.root ?? context);
    else image = { ...image, ...settingOf(step) };
    mkdirSync(join(root, image.workDir), { recursive: true });
  }
  return image;
}

/** As an engine copies: the content of a folder, and a file by its name where the target ends in a slash. */
function copy({ text }: Instruction, { root, workDir }: Image, source: string): void {
  const paths = text.split(/\s+/);
  const target = join(root, workDir, paths.at(-1) ?? '');
  for (const path of paths.slice(0, -1)) {
    const origin = join(source, path);
    const isFile = statSync(origin).isFile();
    const isInto = isFile && /\/$/.test(paths.at(-1) ?? '');
    const place = isInto ? join(target, basename(path)) : target;
    mkdirSync(dirname(place), { recursive: true });
    cpSync(origin, place, { recursive: true, verbatimSymlinks: true });
  }
}

function settingOf({ keyword, text }: Instruction): Partial<Image> {
  switch (keyword) {
    case 'WORKDIR':
      return { workDir: text };
    case 'ENV':
      return { env: Object.fromEntries(text.split(' ').map((pair) => pair.split('=', 2) as [string, string])) };
    case 'USER':
      return { user: text };
    case 'CMD':
      return { command: JSON.parse(text) as string[] };
    case 'HEALTHCHECK':
      return { healthCommand: JSON.parse(text.replace(/^CMD /, '')) as string[] };
    case 'EXPOSE':
    case 'STOPSIGNAL':
      return {};
    default:
      throw new Error(`${keyword} is not understood here`);
  }
}
